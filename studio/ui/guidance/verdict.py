"""What came of a calibration, and what to do with it."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.document.project import RigItem
from studio.ui import theme
from studio.ui.guidance.gates import GateList


class Decision(QWidget):
    """One primary button: accept, or, where a test failed, a reason first; then the other ways.

    ``accepted(reason)`` asks for acceptance, ``without(camera)`` to solve again without one,
    ``anew`` to start over, ``report`` to show the report, ``floor`` to set origin, floor and scale.
    """

    accepted = Signal(str)
    without = Signal(str)
    anew = Signal()
    report = Signal()
    floor = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._rig: RigItem | None = None
        self.accept = QPushButton("Accept")
        self.accept.setProperty("role", "primary")
        self.accept.clicked.connect(lambda: self.accepted.emit(""))
        self.reason = QLineEdit()
        self.reason.setPlaceholderText("Why use it all the same?")
        self.reason.setAccessibleName("Reason for using it all the same")
        self.override = QPushButton("Accept on record")
        self.override.setToolTip("The reason stays with the rig, in its file and in its report")
        self.reason.textChanged.connect(self._judge)
        self.reason.returnPressed.connect(self._override)
        self.override.clicked.connect(self._override)
        self.again = _link("Calibrate again", "ph.arrow-counter-clockwise")
        self.again.clicked.connect(lambda: self.anew.emit())
        self.leave_out = _link("Leave out", "ph.video-camera-slash")
        self.leave_out.setToolTip("Solve again without one of the cameras")
        self._menu = QMenu(self.leave_out)
        self.leave_out.setMenu(self._menu)
        self.set_floor = _link("Set the floor", "ph.grid-four")
        self.set_floor.setToolTip("Put origin, floor and scale where they belong")
        self.set_floor.clicked.connect(lambda: self.floor.emit())
        self.show_report = _link("Report", "ph.file-text")
        self.show_report.clicked.connect(lambda: self.report.emit())
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.reason, 1)
        row.addWidget(self.override)
        links = QHBoxLayout()
        links.setSpacing(0)
        for link in (self.again, self.leave_out, self.show_report):
            links.addWidget(link)
        links.addStretch(1)
        below = QHBoxLayout()
        below.addWidget(self.set_floor)
        below.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.accept)
        column.addLayout(row)
        column.addLayout(links)
        column.addLayout(below)
        self.show_rig(None)

    def show_rig(self, rig: RigItem | None) -> None:
        """Offer what can be done with this calibration."""
        self.setVisible(rig is not None)
        if rig is None or rig == self._rig:
            return
        if self._rig is None or rig.id != self._rig.id:
            self.reason.clear()
        self._rig = rig
        gates = rig.trust.gates if rig.trust else ()
        blamed = {gate.camera for gate in gates if gate.verdict == "stop"}
        stopped = any(gate.verdict == "stop" for gate in gates)
        self.accept.setVisible(not rig.accepted and not stopped)
        self.reason.setVisible(not rig.accepted and stopped)
        self.override.setVisible(not rig.accepted and stopped)
        self.leave_out.setVisible(len(rig.cameras) > 2 and rig.views is not None)
        self.show_report.setVisible(rig.report is not None)
        self.set_floor.setVisible(len(rig.cameras) > 1)
        self._menu.clear()
        for name in sorted((c.name for c in rig.cameras), key=lambda name: name not in blamed):
            self._menu.addAction(f"Camera {name}", partial(self.without.emit, name))
        self._judge()

    def _judge(self) -> None:
        self.override.setEnabled(bool(self.reason.text().strip()))

    def _override(self) -> None:
        if self.override.isEnabled():
            self.accepted.emit(self.reason.text().strip())


class Verdict(QWidget):
    """Whether a calibration is in use, what it passed or not, and who set what aside."""

    def __init__(self) -> None:
        super().__init__()
        self._rig: RigItem | None = None
        self.title = QLabel()
        self.title.setProperty("role", "section")
        self.gates = GateList()
        self.record = QLabel()
        self.record.setWordWrap(True)
        self.record.setProperty("role", "small")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.title, self.record, self.gates):
            column.addWidget(widget)
        column.addStretch(1)
        self.show_rig(None)

    def show_rig(self, rig: RigItem | None) -> None:
        """Show what this calibration is worth, or nothing."""
        trust = rig.trust if rig is not None else None
        self.setVisible(trust is not None)
        if rig is None or trust is None or rig == self._rig:
            return
        self._rig = rig
        self.title.setText("In use" if rig.accepted else "Not in use yet")
        self.gates.show_gates(
            trust.gates, frozenset(trust.overruled.gates if trust.overruled else ())
        )
        told = ""
        if trust.overruled is not None:
            told = f"Accepted on record, {_when(trust.overruled.when)}: {trust.overruled.reason}"
        elif trust.stopped and not rig.accepted:
            told = "It is kept, but nothing is computed with it."
        self.record.setText(told)
        self.record.setVisible(bool(told))


def _when(iso: str) -> str:
    """A moment as people write it, in their own time; as it is where it cannot be read."""
    try:
        moment = datetime.fromisoformat(iso).astimezone()
    except ValueError:
        return iso
    return moment.strftime("%d %b %Y %H:%M")


def _link(text: str, icon: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("role", "link")
    theme.set_icon(button, icon, "accent")
    return button
