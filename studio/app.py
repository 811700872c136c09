"""The composition root of the window: the only file that knows everybody."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QSurfaceFormat
from PySide6.QtWidgets import QApplication

from studio.core.errors import StudioError
from studio.core.log import start_log
from studio.core.resources import resource
from studio.core.settings import SettingsFile
from studio.registry import Registry, discover, plugin_folders
from studio.ui import theme
from studio.ui.commands import KeepKeys
from studio.ui.doctor_page import Check
from studio.ui.focus import KeepFocus
from studio.ui.gc_guard import GcGuard
from studio.ui.studio import Studio
from studio.ui.window import Window

SAMPLE = resource("sample")
WARM_UP_MS = 1500
SWITCH_S = 0.0005
"""How long a worker may keep the interpreter when the window wants it: ten times less than usual,
since each event may have to ask."""


def main(argv: Sequence[str] = ()) -> int:
    """Open the studio; its exit code. ``argv`` may hold a project folder, files, or --sample."""
    start_log()
    sys.setswitchinterval(SWITCH_S)
    app = make_app()
    keys, focus = KeepKeys(app), KeepFocus(app)
    keys.follow(app)
    focus.follow(app)
    window = make_window()
    guard = GcGuard(lambda: window.studio.watch.busy)
    window.show()
    QTimer.singleShot(0, window, lambda: _started(window, list(argv), guard))
    try:
        return app.exec()
    finally:
        guard.close()


def make_app() -> QApplication:
    """The QApplication, with what must be set before it."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_PLUGIN_PATH"):
        if "cv2" in os.environ.get(name, ""):
            os.environ.pop(name)
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
        Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
    )
    surface = QSurfaceFormat.defaultFormat()
    surface.setSamples(4)
    QSurfaceFormat.setDefaultFormat(surface)
    app = QApplication(sys.argv[:1] or ["doppel"])
    app.setApplicationName("Doppel")
    app.setDesktopFileName("doppel")
    return app


def make_window(registry: Registry | None = None, settings: SettingsFile | None = None) -> Window:
    """The window and its services, on an empty project, dressed in the user's theme."""
    settings = settings or SettingsFile()
    theme.apply(settings.value.theme, settings.value.font_scale)
    studio = Studio(
        registry or discover(plugin_folders()),
        settings,
        doctor=examine,
        sample=SAMPLE if SAMPLE.is_dir() else None,
    )
    window = Window(studio)
    if window.docks.place(window):
        return window
    window.resize(1440, 900)
    screen = window.screen().availableGeometry()
    if screen.width() <= 1440 or screen.height() <= 900:
        window.setGeometry(screen)
    return window


def _started(window: Window, argv: list[str], guard: GcGuard) -> None:
    """What may wait until the window is seen."""
    paths = [Path(argument).absolute() for argument in argv if not argument.startswith("-")]
    try:
        open_all(window, paths, sample="--sample" in argv)
    except StudioError as error:
        window.studio.notices.error(error, "Open")
    window.started(paths[0] if paths else None)
    guard.settle()
    QTimer.singleShot(WARM_UP_MS, window, window.studio.warm_up)


def open_all(window: Window, paths: Sequence[Path], sample: bool = False) -> None:
    """Open the sample, a project, or files. Raises StudioError if that cannot be."""
    from studio.ui.drop import take_in

    if sample:
        if window.studio.sample is None:
            raise StudioError("The sample is not installed.", "Reinstall Doppel with its data.")
        window.open_sample()
    elif paths:
        take_in(window.studio, paths)


def examine() -> list[Check]:
    """The doctor's findings, as the window shows them."""
    from studio import doctor

    return [
        Check(c.name, "good" if c.state == "ok" else c.state, c.text, c.mend)
        for c in doctor.run_checks()
    ]
