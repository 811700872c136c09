"""Groups of controls that edit one design: what they share, and groups of sliders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from studio.human.design import Design
from studio.ui.choices import Toggle
from studio.ui.person.slider import PersonSlider

Change = Callable[[Design], Design]


class Edit(Protocol):
    """Change the design; ``gesture`` tells edits of one gesture, ``ended`` its last."""

    def __call__(
        self, label: str, change: Change, gesture: int | None = None, ended: bool = True
    ) -> None: ...


class Group(QWidget):
    """Controls that show a design (:meth:`show_design`) and edit it through ``edit``."""

    def __init__(self, edit: Edit) -> None:
        super().__init__()
        self.edit = edit
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(12)

    def show_design(self, design: Design) -> None:
        """Show how the person is now; nothing is told."""
        raise NotImplementedError


PLAIN = ((0.0, 0.0), (1.0, 1.0))
PERCENT = ((0.0, 0.0), (1.0, 100.0))
Where = Literal["phenotypes", "scales", "local", "expression"]


@dataclass(frozen=True)
class Slide:
    """A slider over one value of a design, or over the same value of the left and right side."""

    title: str
    where: Where
    names: tuple[str, ...]
    low: float = 0.0
    middle: float = 0.5
    high: float = 1.0
    unit: str = ""
    scale: tuple[tuple[float, float], ...] = PLAIN
    decimals: int = 2
    tip: str = ""

    def value(self, design: Design, name: str) -> float:
        """What the design says of one side."""
        if self.where == "phenotypes":
            return design.build(name)
        values: dict[str, float] = getattr(design, self.where)
        return values.get(name, 1.0 if self.where == "scales" else 0.0)

    def changed(self, design: Design, names: Sequence[str], value: float) -> Design:
        """The design with these values; what is as usual is not kept."""
        usual = 1.0 if self.where == "scales" else 0.0
        values: dict[str, float] = dict(getattr(design, self.where))
        for name in names:
            values[name] = round(value, 4)
            if self.where != "phenotypes" and abs(value - usual) < 5e-4:
                del values[name]
        return design.but(**{self.where: values})


class Slides(Group):
    """Sliders, one under the other. While ``symmetric`` both sides of the body have one slider."""

    def __init__(self, edit: Edit, slides: Sequence[Slide]) -> None:
        super().__init__(edit)
        self.slides = tuple(slides)
        self.symmetric = True
        self.sliders: dict[str, PersonSlider] = {}
        self._names: dict[str, tuple[Slide, tuple[str, ...]]] = {}
        self._design = Design()
        self._build()

    def set_symmetric(self, on: bool) -> None:
        """One slider for both sides, or one for each."""
        if on != self.symmetric:
            self.symmetric = on
            self._build()
            self.show_design(self._design)

    def show_design(self, design: Design) -> None:
        self._design = design
        for title, slider in self.sliders.items():
            slide, names = self._names[title]
            slider.set_value(sum(slide.value(design, name) for name in names) / len(names))

    def _build(self) -> None:
        for slider in self.sliders.values():
            self.column.removeWidget(slider)
            slider.hide()
            slider.deleteLater()
        self.sliders, self._names = {}, {}
        for slide in self.slides:
            both = len(slide.names) == 2 and not self.symmetric
            rows = [(f"{slide.title}, left", slide.names[:1]),
                    (f"{slide.title}, right", slide.names[1:])] if both else [
                   (slide.title, slide.names)]  # fmt: skip
            for title, names in rows:
                slider = PersonSlider(
                    title, slide.low, slide.middle, slide.high, slide.unit, slide.scale,
                    slide.decimals, tip=slide.tip, two_sided=slide.where in ("scales", "local"),
                )  # fmt: skip
                slider.moved.connect(partial(self._moved, title))
                self.sliders[title], self._names[title] = slider, (slide, names)
                self.column.addWidget(slider)

    def _moved(self, title: str, value: float, gesture: int, ended: bool) -> None:
        slide, names = self._names[title]
        self.edit(title, lambda d: slide.changed(d, names, value), gesture, ended)


class Both(QWidget):
    """A switch: both sides of the body together, or each by itself."""

    def __init__(self, *groups: Slides) -> None:
        super().__init__()
        words = "Both sides together"
        self.toggle = Toggle(words)
        self.toggle.set_value(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel(words), 1)
        row.addWidget(self.toggle)

        def switched() -> None:
            for group in groups:
                group.set_symmetric(self.toggle.value())

        self.toggle.changed.connect(switched)
