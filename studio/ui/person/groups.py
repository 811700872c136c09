"""Groups of controls that edit one design: what they share, and groups of sliders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.human.design import Design
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
    factor: float = 1.0
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
                    title, slide.low, slide.middle, slide.high, slide.unit, slide.factor,
                    slide.decimals, tip=slide.tip,
                )  # fmt: skip
                slider.moved.connect(partial(self._moved, title))
                self.sliders[title], self._names[title] = slider, (slide, names)
                self.column.addWidget(slider)

    def _moved(self, title: str, value: float, gesture: int, ended: bool) -> None:
        slide, names = self._names[title]
        self.edit(title, lambda d: slide.changed(d, names, value), gesture, ended)


def _both(name: str) -> tuple[str, str]:
    return f"{name}Left", f"{name}Right"


BUILD = (
    Slide("Woman or man", "phenotypes", ("gender",), unit="%", factor=100, decimals=0,
          tip="0 % is a man, 100 % a woman"),
    Slide("Age", "phenotypes", ("age",), low=0.34, middle=0.66, tip="From ten to ninety years"),
    Slide("Height", "phenotypes", ("height",), low=0.0, middle=0.4, high=0.8),
    Slide("Weight", "phenotypes", ("weight",)),
    Slide("Muscle", "phenotypes", ("muscle",)),
)  # fmt: skip
MORE_BUILD = (
    Slide("Proportions", "phenotypes", ("proportions",), tip="From uncommon to ideal"),
    Slide("African features", "phenotypes", ("african",)),
    Slide("Asian features", "phenotypes", ("asian",)),
    Slide("European features", "phenotypes", ("caucasian",)),
    Slide("Bust", "phenotypes", ("cupsize",)),
    Slide("Firmness", "phenotypes", ("firmness",)),
)
SEGMENTS = tuple(
    Slide(title, "scales", (name,), 0.85, 1.0, 1.15, "%", 100, 0)
    for title, name in (
        ("Torso length", "torso"), ("Neck length", "neck"), ("Head size", "head"),
        ("Shoulder width", "shoulders"), ("Upper arm length", "upper_arm"),
        ("Forearm length", "forearm"), ("Hand size", "hand"), ("Hip width", "hips"),
        ("Thigh length", "thigh"), ("Shin length", "shin"), ("Foot size", "foot"),
    )
)  # fmt: skip
FACE_ACTIONS = tuple(
    Slide(title, "expression", names, 0.0, 0.0, 1.0, "%", 100, 0)
    for title, names in (
        ("Jaw open", ("jawOpen",)), ("Smile", _both("mouthSmile")), ("Frown", _both("mouthFrown")),
        ("Pucker", ("mouthPucker",)), ("Blink", _both("eyeBlink")), ("Wide eyes", _both("eyeWide")),
        ("Brows up", _both("browOuterUp")), ("Brows together", _both("browDown")),
        ("Inner brows up", ("browInnerUp",)), ("Cheeks up", _both("cheekSquint")),
    )
)  # fmt: skip
