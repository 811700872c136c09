"""What lies on the disk: this project, drafts, networks, settings; and what can go."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.core.counted import counted
from studio.core.log import log_path
from studio.ui.projects import drafts_folder
from studio.ui.studio import Studio
from studio.ui.words import size
from studio.weights import store


def folder_size(folder: Path) -> int:
    """Bytes of all files under a folder; what vanishes meanwhile counts nothing."""
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except OSError:
            continue
    return total


class DiskPage(QWidget):
    """Sizes are measured on a worker."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._sizes: dict[str, QLabel] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for row, (title, path) in enumerate(self._folders().items()):
            where, open_it, measured = QLabel(str(path)), QPushButton("Open"), QLabel("…")
            where.setProperty("role", "small")
            where.setWordWrap(True)
            open_it.setAccessibleName(f"Open {title}")
            open_it.clicked.connect(lambda _=False, t=title: self._open(t))
            self._sizes[title] = measured
            grid.addWidget(QLabel(title), row, 0)
            grid.addWidget(where, row, 1)
            grid.addWidget(measured, row, 2)
            grid.addWidget(open_it, row, 3)
        self.sweep_button = QPushButton("Remove unused data of this project")
        self.sweep_button.setToolTip("Deletes results that no item and no undo step needs")
        self.sweep_button.clicked.connect(self.sweep)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(16)
        layout.addLayout(grid)
        layout.addWidget(self.sweep_button)
        layout.addStretch(1)

    def _folders(self) -> dict[str, Path]:
        return {
            "This project": self._studio.projects.folder.path,
            "Drafts": drafts_folder(),
            "Networks": store.folder(),
            "Cache": store.folder().parent,
            "Settings": self._studio.settings.path.parent,
            "Log": log_path().parent,
        }

    def refresh(self) -> None:
        """Measure again."""
        folders = self._folders()

        def measure() -> dict[str, int]:
            return {title: folder_size(path) for title, path in folders.items()}

        def show(sizes: dict[str, int]) -> None:
            for title, count in sizes.items():
                self._sizes[title].setText(size(count))

        self._studio.watch.call(self._studio.lanes["io"].submit(measure), show)

    def _open(self, title: str) -> None:
        path = self._folders()[title]
        path.mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    def sweep(self) -> None:
        """Delete data that nothing in the history needs. Not while a job may be writing some."""
        if self._studio.watch.working:
            self._studio.notices.tell("Something is still running.", "Wait for it, or cancel it.",
                                      "look")  # fmt: skip
            return
        gone = self._studio.assets.sweep(self._studio.document.assets())
        self._studio.notices.tell(f"{counted(gone, 'file')} removed.", level="good")
        self.refresh()
