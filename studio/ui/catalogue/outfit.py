"""What somebody wears, chosen from the catalogue, and the page on which a thing is fitted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.core.items import ITEM_KINDS, ItemKind
from studio.live.wearing.trial import Trial
from studio.live.wearing.worn import Worn
from studio.ui.catalogue.bringing import BringPage
from studio.ui.catalogue.goods import Goods
from studio.ui.catalogue.shelf import Shelf
from studio.ui.catalogue.wearing import WornRows
from studio.ui.studio import Studio

ALIKE: dict[ItemKind, ItemKind] = {"sunglasses": "glasses", "ears": "hat"}
"""Kinds that are worn at one place."""
TRIAL = "trial"
PATIENCE_S = 2.0
"""So long nothing of what is worn fits the picture until something else is put on."""


class Outfit(QWidget):
    """``changed`` follows another outfit, or a hand that moves a thing; ``fitting(on)`` says that a
    thing is being fitted: there is room for nothing else."""

    changed = Signal()
    fitting = Signal(bool)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self.worn: tuple[str, ...] = ()
        self.nudges: Mapping[str, np.ndarray] = {}
        self._begun = self._chosen = False
        self._amiss_s: float | None = None
        self._count = 0
        self._trial: tuple[str, Trial] | None = None
        self._instead = ""
        self.goods, self.shelf, self.rows = Goods(studio), Shelf(), WornRows()
        self.page = BringPage(studio)
        self.page.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.shelf, self.rows, self.page):
            column.addWidget(widget)
        self.shelf.picked.connect(self.pick)
        self.shelf.dropped.connect(self.goods.add)
        places = self.shelf.places
        places.added.connect(self.goods.add)
        places.chosen.connect(self.goods.choose)
        places.removed.connect(self.goods.forget)
        places.again.connect(self.goods.read)
        self.goods.changed.connect(self._stocked)
        self.goods.asked.connect(self.bring)
        self.rows.taken_off.connect(self.pick)
        self.rows.adjusted.connect(self.adjust)
        self.page.tried.connect(self._tried)
        self.page.nudged.connect(self._nudged)
        self.page.kept.connect(self._kept)
        self.page.closed.connect(lambda: self._show_page(False))
        self.goods.read()

    # -- what is worn

    @property
    def names(self) -> tuple[str, ...]:
        """What is worn, as settings name it."""
        trial = self._trial
        if trial is None:
            return tuple(self.goods.wanted(id) for id in self.worn)
        place = _place(trial[1].item.kind)
        others = [id for id in self.worn if self._where(id) != place and id != self._instead]
        return (*(self.goods.wanted(id) for id in others), trial[0])

    def pick(self, id: str) -> None:
        """Put a thing on, in place of what is worn there; take it off if it is on. One that its
        file does not tell enough of is asked about first."""
        ware = self.goods.entry(id)
        if id in self.worn:
            self.wear(tuple(one for one in self.worn if one != id))
        elif ware is not None and ware.asks:
            self.adjust(id)
        elif ware is not None:
            self.goods.fetch(ware, lambda: self._put_on(id))

    def _put_on(self, id: str) -> None:
        place = self._where(id)
        self.wear((*(one for one in self.worn if self._where(one) != place), id))

    def wear(self, ids: tuple[str, ...]) -> None:
        """Wear these."""
        self._chosen = True
        if self._begun and ids != self.worn:
            self._studio.settings.change(worn=ids)
        self._wear(ids)

    def _wear(self, ids: tuple[str, ...]) -> None:
        self.worn = ids
        self._show_worn()
        self.changed.emit()

    def see(self, kinds: frozenset[ItemKind]) -> None:
        """Which kinds there is a body part in the picture for. Until somebody has chosen, a thing
        is worn that fits it: shoes, where feet alone are seen."""
        self.shelf.set_seen(kinds)
        worn = {ware.kind for id in self.worn if (ware := self.goods.entry(id)) is not None}
        if self._chosen or self._trial is not None or not kinds or worn & kinds:
            self._amiss_s = None
            return
        now = time.monotonic()
        self._amiss_s = now if self._amiss_s is None else self._amiss_s
        if now - self._amiss_s >= PATIENCE_S:
            fits = [w for w in self.goods.wares if w.kind in kinds and not w.asks]
            fits.sort(key=lambda ware: ITEM_KINDS.index(ware.kind))
            self._wear(tuple(ware.id for ware in fits[:1]))

    def _show_worn(self) -> None:
        self.shelf.set_worn(self.worn)
        wares = [(id, self.goods.entry(id)) for id in self.worn]
        self.rows.set_worn([
            (id, Path(id).stem if w is None else w.name, "" if w is None else " ".join(w.notes))
            for id, w in wares
        ])  # fmt: skip

    def told_of(self) -> frozenset[str]:
        """What is said of what is worn, beside its name."""
        worn = [self.goods.entry(id) for id in self.worn]
        notes = {note for ware in worn if ware is not None for note in ware.notes}
        return frozenset(notes | set(self._trial[1].item.notes if self._trial else ()))

    def _where(self, id: str) -> str:
        """Where on the body a thing goes: of two for one place the newer is worn."""
        ware = self.goods.entry(id)
        return id if ware is None else _place(ware.kind)

    def _stocked(self) -> None:
        """The catalogue has changed. What was worn last is worn again, else its first glasses."""
        self.shelf.set_entries(self.goods.entries)
        self.shelf.places.set_places(self.goods.places)
        self._show_worn()
        if not self._begun and self.goods.wares:
            if not self.worn:
                last = tuple(i for i in self._studio.settings.value.worn if self.goods.entry(i))
                first = [w.id for w in self.goods.wares if w.kind == "glasses"][:1]
                self._chosen = self._chosen or bool(last)
                self._wear(last or tuple(first))
            self._begun = True

    # -- fitting

    def bring(self, path: Path) -> None:
        """A model's file was brought here: ask about it, in the picture."""
        self._instead = ""
        self._show_page(True)
        self.page.bring(path)

    def adjust(self, id: str) -> None:
        """Put a thing right in the picture."""
        ware = self.goods.entry(id)
        if ware is not None:
            self._instead = id
            self._show_page(True)
            self.page.adjust(ware)

    def _show_page(self, on: bool) -> None:
        self.shelf.setVisible(not on)
        self.rows.setVisible(not on and bool(self.worn))
        self.page.setVisible(on)
        self.page.buttons.setVisible(on)
        self.fitting.emit(on)

    def show_live(self, worn: Worn | None, mirrored: bool = False) -> None:
        """A live picture, or that there is none any more."""
        if not self.page.isHidden():
            self.page.show_live(worn, mirrored)

    def _tried(self, trial: object) -> None:
        self.goods.trials = {}
        self._trial, self.nudges = None, {}
        if isinstance(trial, Trial):
            self._count += 1
            name = f"{TRIAL}#{self._count}"
            self.goods.trials = {name: trial.item}
            self._trial = name, trial
        self.changed.emit()

    def _nudged(self, placing: object) -> None:
        if self._trial is not None and isinstance(placing, np.ndarray):
            self.nudges = {self._trial[0]: placing}
            self.changed.emit()

    def _kept(self, id: str, of: str) -> None:
        """A thing lies in the user's catalogue: it is worn in place of the one it was made of."""
        self.goods.renew(id)

        def put_on() -> None:
            if self.goods.entry(id) is None:
                return
            self.goods.changed.disconnect(put_on)
            self.worn = tuple(one for one in self.worn if one not in (of, id))
            self._put_on(id)
            self.shelf.grid.show_tile(id)

        self.goods.changed.connect(put_on)


def _place(kind: ItemKind) -> str:
    return ALIKE.get(kind, kind)
