"""The panel of lifting: from a camera's keypoints to a motion, ways compared beside each other."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.types import Detections
from studio.document.data import detections_arrays
from studio.document.project import (
    Clip,
    DetectionsItem,
    MotionItem,
    Project,
    RigItem,
    TakeItem,
    Trace,
)
from studio.features.lift.panel import Panel, row_of
from studio.human.layouts import layout
from studio.synth.factory.streams import stream
from studio.ui.next_step import NextStep, way_left
from studio.vision.camera import project
from studio.vision.ring import ring_rig

COCO = layout("coco_17")


@pytest.fixture
def panel(shown):
    return shown(Panel, "lift", 360, 720)


def seen(frames: int = 12) -> Detections:
    """Somebody who stands before a camera."""
    rest = stream("standing").normal([0, 0, 1.0], [0.2, 0.05, 0.5], (17, 3))
    rest[COCO.index("left_hip")], rest[COCO.index("right_hip")] = [0.1, 0, 0.95], [-0.1, 0, 0.95]
    camera = ring_rig(3).cameras[0]
    xy = project(camera, np.repeat(rest[None], frames, 0))[:, None]
    return Detections(("cam1",), np.arange(frames) / 30, COCO, xy, np.full((frames, 1, 17), 0.9))


def fill(studio, found: Detections) -> None:
    data = studio.projects.folder.assets.put_arrays(detections_arrays(found))
    clip = Clip(camera="cam1", path="cam1.mp4", size_px=(1280, 720), rate_hz=30, frames=12)
    take = TakeItem(name="dance", clips=(clip,))
    item = DetectionsItem(name="dance", take=take.id, layout=found.layout.name,
                          cameras=found.cameras, data=data)  # fmt: skip
    studio.document.edit("Bring in", lambda p: p.with_items([take, item]))


def test_a_camera_is_lifted_by_one_click(qtbot, studio, panel):
    assert not panel.run_button.isEnabled()
    NextStep(studio)
    fill(studio, seen())
    qtbot.waitUntil(panel.run_button.isEnabled, timeout=5_000)
    with qtbot.waitSignal(studio.finished, timeout=60_000):
        panel.run_button.click()
    motion = studio.project.newest(MotionItem)
    assert motion is not None
    assert motion.rig == studio.project.newest(RigItem).id
    qtbot.waitUntil(panel.ways.isVisible, timeout=5_000)
    assert [row[0] for row in panel.ways.rows] == ["recurrent", "window", "frame"]
    assert panel.next_button.text() == "Make the avatar"
    with qtbot.waitSignal(studio.beside_wanted):
        panel.beside.click()


def test_a_way_is_a_row_of_plain_cells():
    fact = Trace(label="Way: window", text="2.0 px, unsteady by 1.0 mm, 80 mm from triangulated")
    assert row_of(fact) == ("window", "2.0 px", "1.0 mm", "80 mm")


def test_one_camera_goes_its_own_way_to_the_avatar():
    steps = frozenset({"pose", "triangulate", "lift", "avatar"})
    clips = [Clip(camera=f"cam{k}", path=f"{k}.mp4", size_px=(640, 480), rate_hz=30, frames=9)
             for k in (1, 2)]  # fmt: skip
    one = Project(items=(TakeItem(name="one", clips=tuple(clips[:1])),))
    two = Project(items=(TakeItem(name="two", clips=tuple(clips)),))
    assert way_left(one, steps) == ("pose", "lift", "avatar")
    assert way_left(two, steps) == ()
    rigged = two.with_items([RigItem.of("rig", ring_rig(2))])
    assert way_left(rigged, steps) == ("pose", "triangulate", "avatar")
    assert way_left(one, steps - {"lift"}) == ()
