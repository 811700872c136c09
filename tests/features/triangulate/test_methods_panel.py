"""The panel of triangulation shows methods and numbers of cameras side by side."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.types import Detections
from studio.document.data import detections_arrays
from studio.document.project import DetectionsItem, MotionItem, RigItem
from studio.features.triangulate.charts import HELD_OUT, TAKE, UNSEEN
from studio.features.triangulate.panel import Panel
from studio.human.layouts import layout
from studio.synth.factory.streams import stream
from studio.vision.camera import project
from studio.vision.ring import ring_rig

COCO = layout("coco_17")


@pytest.fixture
def panel(shown):
    return shown(Panel, "triangulate", 380, 1000)


def fill(studio) -> None:
    rig, dice = ring_rig(4), stream("standing")
    rest = dice.normal([0, 0, 1.0], [0.2, 0.1, 0.5], (17, 3))
    xy = np.stack([project(camera, np.repeat(rest[None], 6, 0)) for camera in rig.cameras], 1)
    xy += dice.normal(0, 1.5, xy.shape)
    found = Detections(rig.names, np.arange(6) / 30, COCO, xy, np.full(xy.shape[:3], 0.9))
    data = studio.projects.folder.assets.put_arrays(detections_arrays(found))
    item = DetectionsItem(name="stand", layout="coco_17", cameras=rig.names, data=data)
    studio.document.edit("Bring in", lambda p: p.with_items([RigItem.of("rig", rig, "test"), item]))


def test_methods_and_cameras_are_compared_below_the_settings(qtbot, studio, panel):
    fill(studio)
    qtbot.waitUntil(panel.run_button.isEnabled, timeout=5_000)
    values = panel.params()
    panel.set_params(values.model_copy(update={"compare": True, "method": "ransac"}))
    with qtbot.waitSignal(studio.finished, timeout=60_000):
        panel.run_button.click()
    assert studio.project.newest(MotionItem) is not None
    qtbot.waitUntil(panel.methods.isVisible, timeout=5_000)
    assert [row[0] for row in panel.methods.rows] == ["weighted", "ransac", "dlt"]
    assert all(row[1].endswith("px") and row[3].endswith("mm") for row in panel.methods.rows)
    assert "ransac" in panel.methods.accessibleName()
    assert all(len(row) == 3 and row[1].endswith("mm") for row in panel.fewer.rows)
    assert panel.curves.isVisible()
    assert panel.curves.charts == (TAKE, UNSEEN, HELD_OUT)
    assert [s.name for s in panel.curves.chart.series] == ["weighted", "ransac", "dlt"]
    assert panel.curves.chart.series[1].tone == "accent"
    panel.curves.choice.setCurrentText(HELD_OUT)
    assert "thesis" in panel.curves.chart.title
    assert {"RANSAC", "algebraic", "volumetric"} <= {s.name for s in panel.curves.chart.series}
