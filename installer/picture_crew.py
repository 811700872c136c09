"""Somebody who clicks through the window and takes pictures of it, for ``make_pictures.py``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio.core.types import Character

SIZE = (1440, 900)
MOST_BYTES = 400_000


class Crew:
    """The window, and somebody who clicks and takes pictures."""

    def __init__(self, folder: Path, patience_s: float) -> None:
        from studio import app as program

        self.folder, self.patience_s = folder, patience_s
        self.app = program.make_app()
        self.window = program.make_window()
        self.window.setGeometry(0, 0, *SIZE)
        self.window.show()
        self.studio = self.window.studio
        self.window.started()

    def panel(self, id: str) -> Any:
        return self.window.steps.panels[id]

    def open(self, id: str) -> Any:
        """A step's panel, once it is there."""
        self.studio.open_panel(id)
        self.wait(lambda: id in self.window.steps.panels and self.panel(id).loaded, 60)
        return self.panel(id)

    def wait(self, until: Callable[[], object], longest_s: float) -> None:
        """Let the window live until something holds. Exits if a step fails or takes too long."""
        end = time.monotonic() + longest_s
        while not until():
            self.app.processEvents()
            time.sleep(0.005)
            stops = [n for n in self.studio.notices.shown if n.level == "stop"]
            if stops:
                sys.exit(f"{stops[-1].message} {stops[-1].hint}\n{stops[-1].details}")
            if time.monotonic() > end:
                sys.exit("This took too long.")

    def rest(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > end, seconds + 60)

    def walk(self, name: str) -> None:
        """One click, and a picture of every step while it computes."""
        from studio.document.project import AvatarItem, FileItem

        self.wait(lambda: "capture" in self.window.steps.panels, 60)
        self.wait(lambda: self.panel("capture").next_button.isVisible(), self.patience_s)
        self.shoot(f"{name}_imported", 1.5)
        seen: set[str] = set()
        self.studio.live.connect(lambda feature, _: seen.add(feature))
        self.panel("capture").next_button.click()
        for feature in ("pose", "triangulate", "avatar"):
            made = self._made(feature)
            self.wait(lambda f=feature, m=made: f in seen or m(), self.patience_s)
            if feature in seen and not made():
                self.rest(2.0)
                self.shoot(f"{name}_{feature}", 0.0)
            self.wait(made, self.patience_s)
        truths = [i for i in self.studio.project.all(FileItem) if i.role == "truth"]
        if truths:
            self.wait(lambda: "truth" in str(self.studio.project.newest(AvatarItem)), 120)
        timeline = self.window.stage.views["timeline"]
        self.wait(lambda: timeline.playing, 120)

    def _made(self, feature: str) -> Callable[[], bool]:
        return lambda: any(
            item.recipe is not None and item.recipe.feature == feature
            for item in self.studio.project.items
        )

    def shoot(self, name: str, after_s: float) -> None:
        """Keep what is on the screen, as small as a README wants it."""
        self.rest(after_s)
        self.folder.mkdir(parents=True, exist_ok=True)
        picture = self.window.screen().grabWindow(0)
        file = self.folder / f"{name}.jpg"
        for quality in (92, 85, 75, 60):
            picture.save(str(file), "JPG", quality)
            if file.stat().st_size < MOST_BYTES:
                break
        print(file)


def film_a_face(path: Path, person: Character, wall: tuple[int, int, int]) -> None:
    """A film of somebody's face that smiles, speaks and looks about, lit from the left."""
    import numpy as np

    from studio.document.stage import AvatarLayer, ColourLayer, Stage
    from studio.human.rig import ACTIONS
    from studio.live.performance import Performance
    from studio.live.stage import Stager
    from studio.media.formats.avatar import avatar_of
    from studio.media.writer import VideoWriter

    made = avatar_of(person)
    stage = Stage(layers=(ColourLayer(name="Wall", rgb=wall),
                          AvatarLayer(name="Somebody", framing="head")))  # fmt: skip
    with Stager(lambda _: made, live=False) as stager, VideoWriter(path, (640, 480), 25) as film:
        for k in range(100):
            weights, wave = np.zeros(len(ACTIONS)), 0.7 - 0.3 * float(np.cos(k / 8))
            for name in ("mouthSmileLeft", "mouthSmileRight", "jawOpen", "browInnerUp"):
                weights[ACTIONS.index(name)] = wave * (0.45 if name == "jawOpen" else 0.9)
            one = Performance(k / 25, weights, (5 * float(np.sin(k / 16)), 3.0, 4.0))
            film.write(stager.show(stage, one, None).rgba[..., :3])
