"""A studio with one small feature of its own, in private folders."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QWidget

from studio.core.settings import SettingsFile
from studio.registry import discover
from studio.ui import theme
from studio.ui.studio import Studio

MANIFEST = """
api = 1
id = "count"
title = "Count"
summary = "Counts slowly, for tests"
menu = "Motion"
order = 1
icon = "ph.timer"
lane = "cpu"
licence = "Apache-2.0"
accepts = [".count"]
engine = "engine:count"
params = "engine:Params"
step = "engine:Step"
"""

ENGINE = """
import time
from pathlib import Path
from pydantic import BaseModel, ConfigDict, Field
from studio.core.errors import StudioError
from studio.core.types import Fact
from studio.document.project import FileItem
from studio.document.step import Missing, Packed

class Params(BaseModel):
    model_config = ConfigDict(frozen=True)
    steps: int = Field(5, ge=1, le=100000, description="How far to count")
    pause_s: float = Field(0.001, ge=0, le=1, description="Seconds between steps")
    fail: str = Field("", description="How to fail")
    endless: bool = Field(False, description="Count until it is ended")
    keeps: bool = Field(False, description="Keep what was counted if asked to finish")
    need: bool = Field(False, description="Whether something is missing")
    path: Path | None = Field(None, description="A file to keep")

def count(params, inputs, context):
    context.keeps = params.keeps
    for number in range(params.steps):
        context.check()
        if params.fail == "studio" and number == 2:
            raise StudioError("Camera 3 was bumped.", "Calibrate again.")
        if params.fail == "bug" and number == 2:
            raise ValueError("index 7 is out of bounds")
        time.sleep(params.pause_s)
        share = None if params.endless else (number + 1) / params.steps
        context.report(share, f"Step {number + 1}")
        if context.stoppable and context.finishing:
            break
        yield number
    return params.steps

class Step:
    def missing(self, project, chosen):
        if project.params.get("count", {}).get("need"):
            return (Missing("There is no rig.", "file.import", "Import a calibration"),)
        return ()
    def inputs(self, project, chosen, assets):
        return None
    def pack(self, inputs, params, result, assets, seconds):
        facts = (Fact("Counted", f"{result} steps", "good"),
                 Fact("Pause", "1.0 ms", "look", "the clock"),
                 Fact("Blame", "nobody"), Fact("Fourth", "4 mm"))
        item = FileItem(name=f"Count to {result}", role="count",
                        data=assets.put(str(result).encode(), ".txt"))
        return Packed("Count", (item,), facts)
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A plug-in folder with the feature “count”."""
    folder = tmp_path / "plugins" / "count"
    folder.mkdir(parents=True)
    (folder / "feature.toml").write_text(MANIFEST)
    (folder / "engine.py").write_text(ENGINE)
    return folder.parent


@pytest.fixture
def make_studio(
    qapp: QApplication, plugin: Path, private_cache: Path
) -> Iterator[Callable[[], Studio]]:
    """Makes studios; all are closed at the end."""
    import sys

    for name in [m for m in sys.modules if m.startswith("doppel_plugins.count")]:
        del sys.modules[name]
    mounted = sys.modules.get("doppel_plugins")
    if mounted is not None:  # other tests' plug-ins stay mounted, former tests' folders do not
        kept = [path for path in mounted.__path__ if not (Path(path) / "count").is_dir()]
        mounted.__path__[:] = kept
    theme.apply("dark")
    made: list[Studio] = []

    def make() -> Studio:
        studio = Studio(discover([plugin]), SettingsFile())
        studio.settings.change(tour_done=True)
        made.append(studio)
        return studio

    yield make
    for studio in made:
        studio.close()
    settle(qapp)


@pytest.fixture
def studio(make_studio: Callable[[], Studio]) -> Studio:
    return make_studio()


@pytest.fixture
def window(qtbot, studio: Studio):
    """A shown window without the heavy views."""
    from studio.ui.window import Window

    window = Window(studio)
    window.resize(1366, 768)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=3000)
    yield window
    window.close()
    window.deleteLater()


@pytest.fixture
def opened(qtbot, studio: Studio, window) -> Callable[..., QWidget]:
    """``opened("pose")`` opens a feature's panel and waits until it is there."""

    def panel_of(id: str, params: object = None) -> QWidget:
        studio.open_panel(id, params)
        qtbot.waitUntil(lambda: id in window.steps.panels, timeout=60_000)
        return window.steps.panels[id]

    return panel_of


def settle(app: QApplication) -> None:
    """Deliver deferred deletions, so that the next test starts clean."""
    for _ in range(3):
        app.processEvents()
        app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
