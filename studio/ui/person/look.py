"""Colours of skin, hair and eyes."""

from __future__ import annotations

from functools import partial

from studio.human.design import Colour, Design
from studio.synth import closet
from studio.synth.people import EYES, HAIRS, SKINS
from studio.ui.person.groups import Edit, Group
from studio.ui.person.swatches import Swatches

_ROWS = (
    ("skin", "Skin colour", SKINS), ("hair", "Hair colour", HAIRS),
    ("brows", "Brow colour", HAIRS[:6]), ("eyes", "Eye colour", EYES),
)  # fmt: skip


class LookGroup(Group):
    """Swatches, and any other colour."""

    def __init__(self, edit: Edit) -> None:
        super().__init__(edit)
        self.rows: dict[str, Swatches] = {}
        for field, title, colours in _ROWS:
            row = Swatches(title, colours)
            row.picked.connect(partial(self._picked, field))
            self.rows[field] = row
            self.column.addWidget(row)

    def show_design(self, design: Design) -> None:
        for field, row in self.rows.items():
            row.set_value(getattr(design, field))

    def _picked(self, field: str, colour: Colour, gesture: int, ended: bool) -> None:
        def change(design: Design) -> Design:
            worn = design.worn if field != "skin" else closet.without(design.worn, "skin")
            return design.but(**{field: colour}, worn=worn)

        self.edit(self.rows[field].title, change, gesture, ended)
