"""People and clothes from files: a design opened and saved, clothes added to the wardrobe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QWidget

from studio.core.errors import StudioError
from studio.core.files import write_whole
from studio.human.design import Design, read_file
from studio.jobs import Context, Engine
from studio.synth import closet
from studio.ui.person.groups import Edit, Group
from studio.ui.studio import Studio


class FileGroup(Group):
    """Opens and saves the design; ``name`` is what the person is called now."""

    def __init__(self, studio: Studio, edit: Edit, name: Callable[[], str]) -> None:
        super().__init__(edit)
        self._studio, self._name = studio, name
        self._design = Design()
        row = QHBoxLayout()
        row.setSpacing(8)
        for text, tip, call in (
            ("Open design…", "A person that was saved", self._open),
            ("Save design…", "Keep this person as a file", self._save),
        ):
            button = QPushButton(text)
            button.setToolTip(tip)
            button.clicked.connect(call)
            row.addWidget(button)
        self.column.addLayout(row)

    def show_design(self, design: Design) -> None:
        self._design = design

    def _open(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open design", "", "Designs (*.json)")
        if path:
            self.take(Path(path))

    def take(self, path: Path) -> None:
        """Make the person the one of that file."""
        try:
            design = read_file(path)
        except StudioError as error:
            self._studio.notices.error(error, "Open design")
            return
        self.edit(f"Open {path.stem}", lambda _: design)

    def _save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, "Save design", f"{self._name()}.json", "Designs (*.json)"
        )
        if path:
            self.keep(Path(path))

    def keep(self, path: Path) -> None:
        """Write the person to that file."""
        try:
            write_whole(path, self._design.text().encode())
            self._studio.notices.say(f"Saved {path.name}.")
        except StudioError as error:
            self._studio.notices.error(error, "Save design")


def choose_clothes(parent: QWidget) -> list[Path]:
    """Ask for files of clothes."""
    paths, _ = QFileDialog.getOpenFileNames(
        parent, "Add clothes", "", "Clothes of MakeHuman or MPFB (*.zip *.mhclo *.mhmat)"
    )
    return [Path(path) for path in paths]


def take_clothes(studio: Studio, paths: Sequence[Path], then: Callable[[], object]) -> None:
    """Add what these folders, zips or files hold to the wardrobe, as a job; ``then`` shows it."""

    def engine(context: Context) -> Engine[int, tuple[closet.Piece, ...]]:
        added: list[closet.Piece] = []
        for number, path in enumerate(paths):
            context.check()
            context.report(number / len(paths), path.name)
            added += closet.add(path)
            yield number
        return tuple(added)

    def done(added: tuple[closet.Piece, ...]) -> None:
        studio.notices.say(f"In the wardrobe now: {', '.join(piece.title for piece in added)}.")
        for notice in dict.fromkeys(piece.notice for piece in added if piece.notice):
            studio.notices.tell(notice, "", "look")
        then()

    if paths:
        studio.background("Add clothes", engine, done)
