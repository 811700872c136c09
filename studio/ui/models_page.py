"""The networks: what each is for, its licence, whether it is here; installing is a job."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from studio.jobs import Context
from studio.jobs.job import Engine
from studio.ui.state_row import state_row
from studio.ui.studio import Studio
from studio.ui.words import size
from studio.weights import store
from studio.weights.store import Installed

_STATE = {
    "ready": ("ph.check-circle", "good", "installed"),
    "missing": ("ph.download-simple", "muted", "not installed"),
    "damaged": ("ph.warning-octagon", "stop", "damaged"),
}


def installing(names: Iterable[str]):
    """An engine that installs networks; it can be cancelled between two of them."""

    def engine(context: Context) -> Engine[None, None]:
        from studio.weights import fetch

        wanted = list(names)
        for number, name in enumerate(wanted):
            context.report(number / len(wanted), f"Getting {name}")
            yield None
            fetch.install([name])

    return engine


class ModelsPage(QWidget):
    """One row a network."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self.told = QLabel()
        self.told.setProperty("role", "muted")
        self.told.setWordWrap(True)
        self.all_button = QPushButton("Install what is missing")
        self.all_button.clicked.connect(self._install_missing)
        self._list = QVBoxLayout()
        self._list.setSpacing(12)
        self._found: tuple[Installed, ...] = ()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(16)
        layout.addWidget(self.told)
        layout.addLayout(self._list)
        layout.addStretch(1)
        layout.addWidget(self.all_button, 0, Qt.AlignmentFlag.AlignLeft)

    def refresh(self) -> None:
        """Look again what is here."""
        self._studio.watch.call(
            self._studio.lanes["io"].submit(store.state),
            self.show_networks,
            lambda error, details: self._studio.notices.error(error, "Models", details),
        )

    def show_networks(self, found: tuple[Installed, ...]) -> None:
        """List the networks."""
        self._found = found
        while (item := self._list.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for one in found:
            self._list.addWidget(self._row(one))
        ready = sum(one.state == "ready" for one in found)
        self.told.setText(f"{ready} of {len(found)} networks are installed. They run on this "
                          "computer; no picture leaves it.")  # fmt: skip
        self.all_button.setEnabled(any(o.state != "ready" and o.network.default for o in found))

    def _row(self, one: Installed) -> QWidget:
        symbol, role, word = _STATE[one.state]
        network = one.network
        text = QLabel(
            f"{network.name} · {size(network.size)} · {network.licence} · {network.maker}"
        )
        text.setProperty("role", "small")
        state = QLabel(word)
        state.setProperty("role", "muted")
        said = f"{network.need}: {word}, {network.licence}"
        row, layout = state_row(symbol, role, QLabel(network.need), text, said=said)
        layout.addWidget(state)
        if one.state != "ready":
            button = QPushButton("Install")
            button.setAccessibleName(f"Install {network.name}")
            button.clicked.connect(lambda: self.install([network.name]))
            layout.addWidget(button)
        return row

    def _install_missing(self) -> None:
        self.install([o.network.name for o in self._found
                      if o.state != "ready" and o.network.default])  # fmt: skip

    def install(self, names: list[str]) -> None:
        """Install networks as a job that the job list shows."""
        if names:
            self._studio.background(
                f"Install {', '.join(names)}", installing(names), lambda _: self.refresh()
            )
