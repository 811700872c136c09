"""The program as it is started: quick, light, and clean when it goes."""

import json
import os
import subprocess
import sys
import time

import pytest

HANGS_MS = 300
"""The paintings of the first and the last turn alone take 40 ms where GL is drawn by software, and
a machine that is slow today takes thrice as long; a window that hangs does for seconds."""

START = """
import json, sys, time
begin = time.process_time()
from PySide6.QtCore import QTimer
from studio import app as program
qt = program.make_app()
window = program.make_window()
window.show()
qt.processEvents()
shown = time.process_time() - begin
late = ("torch", "mediapipe", "open3d", "pyvista", "vtkmodules", "anny")
heavy = [name for name in late if name in sys.modules]
print(json.dumps({"shown_s": shown, "heavy": heavy}))
window.close()
"""


def python(script, *arguments, timeout=120, **env):
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, env={**os.environ, **env}
    )


def test_the_window_shows_soon_and_without_the_heavy_libraries():
    """Under 3 s when warm: the second start, in CPU seconds, whatever else this machine does."""
    python(START)
    done = python(START)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["heavy"] == []
    assert told["shown_s"] < 3.0


MAIN = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from studio import app as program

def leave():
    window = next(w for w in QApplication.topLevelWidgets() if w.objectName() == "window")
    if window.stage.presenter is None:
        QTimer.singleShot(200, leave)
        return
    print("items", len(window.studio.project.items), "notices",
          [n.message for n in window.studio.notices.shown])
    window.close()

qt = program.make_app()
QTimer.singleShot(300, leave)
sys.exit(program.main(sys.argv[1:]))
"""


def test_main_opens_and_closes_with_zero(tmp_path):
    done = python(MAIN)
    assert done.returncode == 0, done.stderr
    assert "items 0" in done.stdout


def test_main_opens_a_project(tmp_path):
    from studio.document.folder import ProjectFolder
    from studio.document.project import FileItem, Project

    folder = ProjectFolder(tmp_path / "Mine.doppel")
    folder.save(Project(name="Mine", items=(FileItem(name="Photo", role="photo"),)))
    done = python(MAIN, str(folder.path))
    assert done.returncode == 0, done.stderr
    assert "items 1 notices []" in done.stdout


def test_main_explains_a_path_that_does_not_exist(tmp_path):
    done = python(MAIN, str(tmp_path / "nothing.doppel"))
    assert done.returncode == 0, done.stderr
    assert "Nothing" in done.stdout


def test_cv2_cannot_take_the_platform_plugins_away(monkeypatch):
    script = """
import cv2, os
from studio.app import make_app
app = make_app()
assert "cv2" not in os.environ.get("QT_QPA_PLATFORM_PLUGIN_PATH", "")
"""
    done = python(script, QT_QPA_PLATFORM_PLUGIN_PATH="/somewhere/cv2/qt/plugins")
    assert done.returncode == 0, done.stderr


@pytest.mark.screen
def test_rig_and_detections_become_a_motion_on_the_screen(qtbot, footage, private_cache, request):
    """Real footage through the real window: drop, one button, a motion; the window never waits."""
    from studio.app import SWITCH_S
    from studio.core.settings import SettingsFile
    from studio.document.project import DetectionsItem, MotionItem, RigItem
    from studio.registry import discover, plugin_folders
    from studio.ui import theme
    from studio.ui.drop import take_in
    from studio.ui.studio import Studio
    from studio.ui.watchdog import Watchdog
    from studio.ui.window import Window

    switch = sys.getswitchinterval()
    request.addfinalizer(lambda: sys.setswitchinterval(switch))
    sys.setswitchinterval(SWITCH_S)  # as the studio does when it starts
    source = footage("mv_pose2sim")
    theme.apply("dark")
    settings = SettingsFile()
    settings.change(tour_done=True)
    studio = Studio(discover(plugin_folders()), settings)
    window = Window(studio)
    window.resize(1366, 768)
    window.show()
    qtbot.waitExposed(window)
    window.stage.build()
    rig = next(iter(sorted(source.rglob("Calib*.toml"))))
    take_in(studio, [rig, source / "single" / "pose"])
    qtbot.waitUntil(lambda: studio.project.newest(DetectionsItem) is not None, timeout=60000)
    assert studio.project.newest(RigItem) is not None
    studio.load(studio.registry["triangulate"], lambda _: None)
    qtbot.waitUntil(lambda: not studio.watch.busy, timeout=60000)
    window.show_panel("triangulate")
    panels = window.steps.panels
    qtbot.waitUntil(lambda: "triangulate" in panels, timeout=60000)
    panel = panels["triangulate"]
    qtbot.waitUntil(lambda: panel.loaded, timeout=10000)
    assert panel.run_button.isEnabled()
    waits = []
    for run in range(1, 4):  # other programs can only add to it: the best of three at most tells
        with Watchdog() as dog:
            panel.run_button.click()
            qtbot.waitUntil(
                lambda n=2 * run: len(studio.project.all(MotionItem)) == n, timeout=90000
            )
        qtbot.waitUntil(lambda: not studio.watch.busy, timeout=20000)
        waits.append(dog.latency_ms(99))
        if waits[-1] < HANGS_MS:
            break
    assert window.stage.views["viewport"].scene is not None
    assert len(panel.facts._facts) >= 3
    begin = time.perf_counter()
    window.close()
    assert time.perf_counter() - begin < 5
    assert min(waits) < HANGS_MS, waits
