"""The hand on the viewport: orbit, pan, dolly, click, double-click, and its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from studio.scene.camera import View

if TYPE_CHECKING:
    from studio.ui.viewport import Viewport

VIEW_KEYS: dict[int, View] = {
    Qt.Key.Key_1: "front",
    Qt.Key.Key_3: "left",
    Qt.Key.Key_7: "top",
    Qt.Key.Key_0: "three-quarter",
}
CLICK_PX = 4


class ViewportHand(QObject):
    """Takes the render widget's mouse events and moves the viewport's observer.

    Left drag orbits, middle (or shift and left) pans, right drag and the wheel dolly; a click
    picks; a double-click looks through a camera or frames what was hit.
    """

    def __init__(self, viewport: Viewport) -> None:
        super().__init__(viewport)
        self._viewport = viewport
        self._pointer: QPointF | None = None
        self._moved = 0.0

    @property
    def busy(self) -> bool:
        """Whether a button is held."""
        return self._pointer is not None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if isinstance(event, QWheelEvent):
            self._wheel(event)
        elif isinstance(event, QMouseEvent):
            handlers = {
                QEvent.Type.MouseButtonPress: self._press,
                QEvent.Type.MouseButtonRelease: self._release,
                QEvent.Type.MouseMove: self._drag,
                QEvent.Type.MouseButtonDblClick: self._double_click,
            }
            if kind in handlers:
                handlers[kind](event)
        else:
            return kind in (QEvent.Type.Enter, QEvent.Type.Leave, QEvent.Type.ContextMenu)
        event.accept()
        return True

    def _at(self, event: QMouseEvent) -> tuple[float, float]:
        ratio = self._viewport.devicePixelRatioF()
        return event.position().x() * ratio, event.position().y() * ratio

    def _press(self, event: QMouseEvent) -> None:
        self._viewport.setFocus(Qt.FocusReason.MouseFocusReason)
        self._pointer = event.position()
        self._moved = 0.0

    def _release(self, event: QMouseEvent) -> None:
        clicked = self._moved < CLICK_PX and event.button() == Qt.MouseButton.LeftButton
        self._pointer = None
        scene = self._viewport.scene
        if clicked and scene is not None:
            self._viewport.select(scene.pick(*self._at(event)))

    def _double_click(self, event: QMouseEvent) -> None:
        scene = self._viewport.scene
        pick = None if scene is None else scene.pick(*self._at(event))
        if pick is None:
            return
        if pick.kind == "camera":
            self._viewport.look_through(pick.name)
        else:
            self._viewport.select(pick)
            self._viewport.frame(selected=True)

    def _drag(self, event: QMouseEvent) -> None:
        scene = self._viewport.scene
        if scene is None or self._pointer is None:
            return
        step = event.position() - self._pointer
        self._pointer = event.position()
        self._moved += abs(step.x()) + abs(step.y())
        if self._moved < CLICK_PX:
            return
        if scene.through is not None:
            self._viewport.look_through(None)
        buttons, shift = event.buttons(), event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if buttons & Qt.MouseButton.LeftButton and not shift:
            scene.orbit = scene.orbit.turned(-step.x() * 0.4, step.y() * 0.4)
        elif buttons & Qt.MouseButton.RightButton:
            scene.orbit = scene.orbit.nearer(1.006 ** -step.y())
        elif buttons:
            scene.orbit = scene.orbit.panned(step.x(), -step.y(), self._viewport.height())
        self._viewport.redraw()

    def _wheel(self, event: QWheelEvent) -> None:
        scene = self._viewport.scene
        if scene is not None and scene.through is None:
            scene.orbit = scene.orbit.nearer(1.0015 ** event.angleDelta().y())
            self._viewport.redraw()

    def key(self, event: QKeyEvent) -> bool:
        """Views, frame, leave a camera; False if the key means nothing here."""
        viewport, key = self._viewport, event.key()
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        if key in VIEW_KEYS:
            viewport.view(VIEW_KEYS[key])
        elif key == Qt.Key.Key_F:
            viewport.frame(selected=True)
        elif key == Qt.Key.Key_Escape and viewport.scene is not None and viewport.scene.through:
            viewport.look_through(None)
        else:
            return False
        return True
