"""Other programs that are told what is found: a row for each, with its switch and its address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.live.outlets.address import Address, Kind, address_of
from studio.live.outlets.outlet import JsonOutlet, Outlet, UdpOutlet, open_outlets

ANY: tuple[Kind, ...] = get_args(Kind)


class Board:
    """Who is told at the moment, by the name of their row; outlives the widgets."""

    def __init__(self) -> None:
        self.outlets: dict[str, Outlet] = {}

    def told(self) -> tuple[Outlet, ...]:
        return tuple(self.outlets.values())

    def drop(self, name: str) -> None:
        outlet = self.outlets.pop(name, None)
        if outlet is not None:
            outlet.close()

    def close(self) -> None:
        for name in tuple(self.outlets):
            self.drop(name)


class StreamRow(QWidget):
    """A switch, an address, and who listens. An address without a kind is of the row's own."""

    def __init__(
        self, title: str, tip: str, kind: Kind, board: Board, switched: Callable[[], object],
        kinds: Sequence[Kind] = ANY,
    ) -> None:  # fmt: skip
        super().__init__()
        self.title, self._kind, self._kinds, self._board = title, kind, kinds, board
        self.switch = QCheckBox(title)
        self.switch.setToolTip(tip)
        self.address = QLineEdit()
        self.address.setAccessibleName(f"{title}: address")
        self.told = QLabel()
        self.told.setProperty("role", "small")
        self.told.setWordWrap(True)
        self.wrong = QLabel()
        self.wrong.setProperty("verdict", "stop")
        self.wrong.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.switch)
        column.addWidget(self.address)
        for words in (self.told, self.wrong):
            column.addWidget(words)
            words.hide()
        self.switch.toggled.connect(lambda _: switched())
        self.address.editingFinished.connect(switched)

    @property
    def outlet(self) -> Outlet | None:
        return self._board.outlets.get(self.title)

    def open(self, other_hosts: bool, begun: bool = True) -> None:
        """Open or close what the switch says; what is wrong is said below. Nothing opens before
        there is something to tell (``begun``), but what is wrong is said at once."""
        text, on = self.address.text().strip(), self.switch.isChecked()
        if text and "://" not in text:
            text = f"{self._kind}://{text}"
        wrong, address = "", None
        if on:
            try:
                address = address_of(text, other_hosts, self._kinds)
                self._open(address, begun)
            except StudioError as error:
                wrong, address = f"{error.message} {error.hint}", None
        if address is None or not begun:
            self._board.drop(self.title)
        self.wrong.setText(wrong)
        self.wrong.setVisible(bool(wrong))
        self.told.setVisible(on and not wrong)
        self.tell()

    def _open(self, address: Address, begun: bool) -> None:
        if self.outlet is not None and self.outlet.address != address:
            self._board.drop(self.title)
        if self.outlet is None and begun:
            (outlet,) = open_outlets([address])
            self._board.outlets[self.title] = outlet
            address = outlet.address
        self.address.setText(str(address))

    def tell(self) -> None:
        """Who listens now."""
        outlet = self.outlet
        if isinstance(outlet, JsonOutlet):
            count = outlet.listeners
            self.told.setText(f"{count} connected" if count else "Nobody has connected yet")
        elif isinstance(outlet, UdpOutlet) and outlet.sent:
            self.told.setText("Sent to whoever listens there")
        else:
            self.told.setText("Nothing is sent yet")


class Programs(QWidget):
    """Rows of programs, and whether other computers may be told. ``switched`` comes with every
    change. What is open is on ``board``; close it when nothing is told any more."""

    switched = Signal()

    def __init__(
        self, board: Board, rows: Sequence[tuple[str, str, Kind]], tip: str,
        kinds: Sequence[Kind] = ANY, *, begun: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self._board, self._begun = board, begun
        self.rows = tuple(
            StreamRow(title, words, kind, board, self.refresh, kinds) for title, words, kind in rows
        )
        self.other_hosts = QCheckBox("Allow other computers")
        self.other_hosts.setToolTip(tip)
        self.other_hosts.toggled.connect(lambda _: self.refresh())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        for row in self.rows:
            column.addWidget(row)
        column.addWidget(self.other_hosts)

    def begin(self, on: bool) -> None:
        """There is something to tell from now on, or nothing any more."""
        if on != self._begun:
            self._begun = on
            self.refresh()

    def refresh(self) -> None:
        """Open and close what the switches say."""
        for row in self.rows:
            row.open(self.other_hosts.isChecked(), self._begun)
        self.switched.emit()

    def tell(self) -> None:
        """Who listens now."""
        for row in self.rows:
            row.tell()
