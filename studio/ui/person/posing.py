"""Pose, expression and gaze."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel

from studio.human.design import Design
from studio.synth.poses import EXPRESSIONS, NAMES, expression_name, pose, pose_name
from studio.ui.person.gallery import Gallery
from studio.ui.person.gaze_pad import GazePad
from studio.ui.person.groups import Edit, Group, Slides
from studio.ui.person.slides import ACTIONS


class PosingGroup(Group):
    """Named poses and faces to click, the main actions as sliders, a pad for the eyes."""

    def __init__(self, edit: Edit) -> None:
        super().__init__(edit)
        self.poses, self.faces = Gallery("Poses"), Gallery("Expressions")
        self.poses.set_items([(name, name) for name in NAMES])
        self.faces.set_items([(name, name) for name in EXPRESSIONS])
        self.poses.clicked.connect(self._posed)
        self.faces.clicked.connect(self._faced)
        self.sliders = Slides(edit, ACTIONS)
        self.gaze = GazePad()
        self.gaze.moved.connect(self._looked)
        for title, widget in (
            ("Pose", self.poses), ("Expression", self.faces), ("Gaze", self.gaze),
            ("Face", self.sliders),
        ):  # fmt: skip
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

    def _faced(self, name: str) -> None:
        made = dict(EXPRESSIONS[name])
        self.edit(f"Expression: {name.lower()}", lambda d: d.but(expression=made))

    def _looked(self, gaze_deg: tuple[float, float], gesture: int, ended: bool) -> None:
        self.edit("Gaze", lambda d: d.but(gaze_deg=gaze_deg), gesture, ended)
