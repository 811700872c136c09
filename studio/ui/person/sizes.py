"""Measurements: lengths and girths in centimetres; a pinned one stays while others change."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Protocol

from studio.human.design import Design
from studio.ui.person.groups import Change, Edit, Group
from studio.ui.person.slider import PersonSlider

CM = ((0.0, 0.0), (1.0, 100.0))
ROWS = {
    "height": ("Body height", 1.35, 1.70, 2.10), "inseam": ("Inseam", 0.58, 0.78, 1.00),
    "arm": ("Arm length", 0.42, 0.55, 0.72), "shoulders": ("Shoulder width", 0.28, 0.37, 0.50),
    "foot": ("Foot length", 0.20, 0.26, 0.34),
    "head_girth": ("Head girth", 0.50, 0.57, 0.64), "neck_girth": ("Neck girth", 0.26, 0.36, 0.50),
    "chest_girth": ("Chest girth", 0.68, 0.95, 1.40),
    "waist_girth": ("Waist girth", 0.54, 0.80, 1.40),
    "hip_girth": ("Hip girth", 0.74, 0.98, 1.45), "thigh_girth": ("Thigh girth", 0.38, 0.56, 0.85),
    "calf_girth": ("Calf girth", 0.27, 0.37, 0.52),
    "upper_arm_girth": ("Upper arm girth", 0.19, 0.29, 0.48),
    "wrist_girth": ("Wrist girth", 0.125, 0.16, 0.21),
}  # fmt: skip
"""By measure: title, and the slider's low end, middle and high end (metres)."""
NAMES = tuple(ROWS)


class Solve(Protocol):
    """Ask for a change that takes a while: it is worked out beside the window. Without ``gesture``
    it is a step of the history by itself."""

    def __call__(self, label: str, change: Change, gesture: int | None, ended: bool) -> None: ...


class SizesGroup(Group):
    """``solve`` works out the person who has a measure; ``edit`` keeps the pins."""

    def __init__(self, edit: Edit, solve: Solve) -> None:
        super().__init__(edit)
        self._solve = solve
        self._sizes: dict[str, float] = {}
        self.sliders: dict[str, PersonSlider] = {}
        for name, (title, low, middle, high) in ROWS.items():
            slider = PersonSlider(title, low, middle, high, "cm", CM, 1, pin=True)
            slider.moved.connect(partial(self._moved, name))
            slider.pinned.connect(partial(self._pinned, name))
            self.sliders[name] = slider
            self.column.addWidget(slider)

    def show_design(self, design: Design) -> None:
        for name, slider in self.sliders.items():
            slider.set_pinned(name in design.pins)

    def show_sizes(self, sizes: Mapping[str, float]) -> None:
        """Show what the tape says."""
        self._sizes = dict(sizes)
        for name, slider in self.sliders.items():
            if name in sizes:
                slider.set_value(sizes[name])

    def _moved(self, name: str, value: float, gesture: int, ended: bool) -> None:
        from studio.synth.fitting_room import sized

        title = ROWS[name][0]
        self._solve(title, lambda d: sized(d, {name: value}, thorough=ended), gesture, ended)

    def _pinned(self, name: str, on: bool) -> None:
        title, now = ROWS[name][0].lower(), self._sizes.get(name)

        def change(design: Design) -> Design:
            pins = {key: value for key, value in design.pins.items() if key != name}
            return design.but(pins={**pins, name: round(now, 4)} if on and now else pins)

        self.edit(f"Hold {title}" if on else f"Let {title} go", change)
