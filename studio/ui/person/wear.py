"""The wardrobe: pictures by kind, a click puts on and takes off; the colour of each thing worn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from studio.human.design import Colour, Design
from studio.synth import closet
from studio.synth.people import CLOTHS
from studio.ui.person.gallery import Gallery
from studio.ui.person.groups import Edit, Group
from studio.ui.person.swatches import Swatches

KINDS = {
    "hair": "Hair", "top": "Tops", "jacket": "Jackets", "bottom": "Trousers and skirts",
    "dress": "Dresses", "suit": "Suits", "shoes": "Shoes", "glasses": "Glasses", "hat": "Hats",
    "brows": "Brows", "lashes": "Lashes", "eyes": "Eyes", "skin": "Skin", "teeth": "Teeth",
    "tongue": "Tongues", "other": "Other",
}  # fmt: skip


GARMENTS = frozenset({"top", "jacket", "bottom", "dress", "suit"})
OF_FACE = frozenset({"hair", "brows"})
"""What has its colour among those of the face."""


class WearGroup(Group):
    """``pictured(gallery, kind)`` is asked for thumbnails, ``add`` for clothes from files."""

    def __init__(
        self,
        edit: Edit,
        pictured: Callable[[Gallery, str], object],
        add: Callable[[], object],
    ) -> None:
        super().__init__(edit)
        self._pictured = pictured
        self.galleries: dict[str, Gallery] = {}
        self.dyes: dict[str, Swatches] = {}
        self._titles: dict[str, QLabel] = {}
        self._design = Design()
        self._kinds = QVBoxLayout()
        self._kinds.setSpacing(8)
        self._worn = QVBoxLayout()
        self._worn.setSpacing(8)
        self._colours = QWidget()
        self._colours.setLayout(self._worn)
        self._worn.setContentsMargins(0, 0, 0, 0)
        self.add_button = QPushButton("Add clothes…")
        self.add_button.setToolTip("A folder or zip of MakeHuman or MPFB; or drop it on the window")
        self.add_button.clicked.connect(lambda: add())
        self.column.addWidget(self._colours)
        self.column.addLayout(self._kinds)
        self.column.addWidget(self.add_button)
        self.fill()

    def fill(self) -> None:
        """List what there is; again after something was added."""
        pieces = closet.catalogue()
        for kind, title in KINDS.items():
            mine = [(one.name, one.title) for one in pieces if one.kind == kind]
            if kind not in self.galleries and mine:
                label = QLabel(title)
                label.setProperty("role", "section")
                gallery = Gallery(title, symbol="ph.t-shirt" if kind in GARMENTS else "ph.image")
                gallery.clicked.connect(self._clicked)
                self.galleries[kind], self._titles[kind] = gallery, label
                self._kinds.addWidget(label)
                self._kinds.addWidget(gallery)
            if kind in self.galleries:
                gallery = self.galleries[kind]
                gallery.set_items(mine)
                if not all(thumb.pictured for thumb in gallery.thumbs.values()):
                    self._pictured(gallery, kind)
        self.show_design(self._design)

    def show_design(self, design: Design) -> None:
        self._design = design
        worn = [one.item for one in design.worn]
        for gallery in self.galleries.values():
            gallery.set_chosen(worn)
        known = closet.pieces(design.worn)
        names = [piece.name for piece, _ in known if piece.dyeable and piece.kind not in OF_FACE]
        if names != list(self.dyes):
            self._list_dyes(names)
        for piece, colour in known:
            if piece.name in self.dyes:
                self.dyes[piece.name].set_value(colour or piece.colour)

    def _list_dyes(self, names: list[str]) -> None:
        for row in self.dyes.values():
            self._worn.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.dyes = {}
        for name in names:
            piece = closet.piece(name)
            if piece is not None:
                row = Swatches(f"{piece.title}, colour", CLOTHS)
                row.picked.connect(partial(self._dyed, name))
                self.dyes[name] = row
                self._worn.addWidget(row)
        self._colours.setVisible(bool(self.dyes))

    def _clicked(self, name: str) -> None:
        piece, on = closet.piece(name), self._design.wears(name) is None
        title = piece.title if piece is not None else name
        label = f"Put on {title.lower()}" if on else f"Take off {title.lower()}"
        self.edit(label, lambda d: d.but(worn=closet.put_on(d.worn, name)))
        self.show_design(self._design)

    def _dyed(self, name: str, colour: Colour, gesture: int, ended: bool) -> None:
        def change(design: Design) -> Design:
            return design.but(
                worn=tuple(
                    one.model_copy(update={"colour": colour}) if one.item == name else one
                    for one in design.worn
                )
            )

        self.edit(self.dyes[name].title, change, gesture, ended)
