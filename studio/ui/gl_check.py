"""Whether 3D can be drawn here, asked of Qt before VTK or vispy could crash on it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import qInstallMessageHandler
from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext, QSurfaceFormat


def gl_trouble() -> str:
    """Why 3D cannot be drawn here, in words; empty if it can."""
    if QGuiApplication.platformName() in ("offscreen", "minimal"):
        return "This session has no screen that can draw 3D."
    wanted = QSurfaceFormat()
    wanted.setVersion(3, 2)
    wanted.setProfile(QSurfaceFormat.OpenGLContextProfile.CoreProfile)
    context = QOpenGLContext()
    context.setFormat(wanted)
    if not context.create():
        return "OpenGL could not be started. The graphics driver may be missing."
    surface = QOffscreenSurface()
    surface.setFormat(context.format())
    surface.create()
    if not context.makeCurrent(surface):
        return "OpenGL could not be used. The graphics driver may be missing."
    version = context.format().version()
    context.doneCurrent()
    if tuple(version) < (3, 2):
        return f"OpenGL {version[0]}.{version[1]} is too old: 3.2 is needed."
    return ""


def vispy_app() -> Any:
    """vispy's ``app`` on PySide6, with Qt's messages left as they were.

    vispy hands them to a function in Python. A message that Qt has while it loads a plug-in would
    wait there for the interpreter, whose holder may wait for the loader, to import a module of its
    own: the window would stand still for ever.
    """
    before = qInstallMessageHandler(None)
    try:
        from vispy import app

        app.use_app("pyside6")
    finally:
        qInstallMessageHandler(before)
    return app
