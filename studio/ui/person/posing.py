"""Pose, expression and gaze."""

from __future__ import annotations

import itertools
from functools import partial

from PySide6.QtWidgets import QLabel, QPushButton

from studio.human.design import Design
from studio.synth.poses import EXPRESSIONS, NAMES, expression_name, pose, pose_name
from studio.ui.person.gallery import Gallery
from studio.ui.person.gaze_pad import GazePad
from studio.ui.person.groups import PERCENT, Edit, Group, Slides
from studio.ui.person.sizes import Solve
from studio.ui.person.slider import PersonSlider
from studio.ui.person.slides import ACTIONS


class PosingGroup(Group):
    """Named poses and faces to click, poses by chance, the main actions as sliders, a pad for the
    eyes. ``solve`` works out a pose by chance, which takes a moment."""

    def __init__(self, edit: Edit, solve: Solve) -> None:
        super().__init__(edit)
        self._solve, self._seeds = solve, itertools.count(1)
        self.another = QPushButton("Another pose")
        self.another.setToolTip("A pose nobody authored, learned from real people; undo brings the "
                                "old one back")  # fmt: skip
        self.another.clicked.connect(lambda: self._surprised())
        self.variety = PersonSlider(
            "Variety", 0.2, 1.0, 1.4, "%", PERCENT, 0,
            tip="How far poses may be from the usual: little is somebody who stands about",
        )  # fmt: skip
        self.variety.set_value(1.0)
        self.poses = Gallery("Poses", symbol="ph.person-simple")
        self.faces = Gallery("Expressions", symbol="ph.smiley")
        self.poses.set_items([(name, name) for name in NAMES])
        self.faces.set_items([(name, name) for name in EXPRESSIONS])
        self.poses.clicked.connect(self._posed)
        self.faces.clicked.connect(self._faced)
        self.sliders = Slides(edit, ACTIONS)
        self.gaze = GazePad()
        self.gaze.moved.connect(self._looked)
        for title, widget in (
            ("Pose", self.poses), ("", self.variety), ("", self.another),
            ("Expression", self.faces), ("Gaze", self.gaze), ("Face", self.sliders),
        ):  # fmt: skip
            if title:
                label = QLabel(title)
                label.setProperty("role", "section")
                self.column.addWidget(label)
            self.column.addWidget(widget)

    def show_design(self, design: Design) -> None:
        self.poses.set_chosen((pose_name(design.pose),))
        self.faces.set_chosen((expression_name(design.expression),))
        self.sliders.show_design(design)
        self.gaze.set_value(design.gaze_deg)

    def _posed(self, name: str) -> None:
        self.edit(f"Pose: {name.lower()}", lambda d: d.but(pose=dict(pose(name))))

    def _surprised(self) -> None:
        """A pose by chance; the same row of poses after every start."""
        from studio.synth.prior.sampled import posed_by_chance

        seed = next(self._seeds)
        change = partial(posed_by_chance, seed=seed, variety=self.variety.value)
        self._solve(f"Another pose {seed}", change, None, True)

    def _faced(self, name: str) -> None:
        made = dict(EXPRESSIONS[name])
        self.edit(f"Expression: {name.lower()}", lambda d: d.but(expression=made))

    def _looked(self, gaze_deg: tuple[float, float], gesture: int, ended: bool) -> None:
        self.edit("Gaze", lambda d: d.but(gaze_deg=gaze_deg), gesture, ended)
