"""Features are found by their manifests; a broken one is reported and skipped."""

import subprocess
import sys

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.human import catalogue
from studio.human.layouts import convert, layout, layout_of
from studio.media.formats.fit import guess
from studio.registry import discover

GOOD = """
api = 1
id = "{id}"
title = "Good"
summary = "Does good."
menu = "Motion"
licence = "Apache-2.0"
accepts = [".xyz"]
engine = "engine:go"
params = "engine:Params"
"""

ENGINE = """
from pydantic import BaseModel
class Params(BaseModel): ...
def go(params, inputs, context):
    yield 1
    return 2
"""


def plant(root, name, manifest, engine=ENGINE):
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "feature.toml").write_text(manifest)
    (folder / "engine.py").write_text(engine)


def test_plugin_is_mounted_through_the_same_manifest(tmp_path):
    plant(tmp_path, "good_one", GOOD.format(id="good_one"))
    registry = discover([tmp_path])
    feature = registry["good_one"]
    assert list(feature.engine(None, None, None)) == [1]
    assert feature.params.__name__ == "Params"
    assert registry.accepting(".XYZ") == (feature,)
    assert registry.broken == ()


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        ("api = 1\nid = [", "cannot be read"),
        (GOOD.format(id="Bad Id"), "id"),
        (GOOD.format(id="x").replace("api = 1", "api = 7"), "API"),
        (GOOD.format(id="x") + 'surprise = "yes"', "surprise"),
        (GOOD.format(id="triangulate"), "already taken"),
        (GOOD.format(id="x").replace('menu = "Motion"', 'menu = "Kitchen"'), "menu"),
    ],
)
def test_broken_plugin_is_reported_and_skipped(tmp_path, manifest, why):
    plant(tmp_path, "bad", manifest)
    plant(tmp_path, "good_two", GOOD.format(id="good_two"))
    registry = discover([tmp_path])
    assert "good_two" in registry.features
    (broken,) = registry.broken
    assert broken.folder.name == "bad"
    assert why in broken.why


def test_code_that_fails_to_import_is_a_studio_error(tmp_path):
    plant(tmp_path, "explodes", GOOD.format(id="explodes"), "raise RuntimeError('boom')")
    feature = discover([tmp_path])["explodes"]
    with pytest.raises(StudioError, match="boom"):
        feature.engine  # noqa: B018


def test_unknown_feature_lists_those_there_are():
    with pytest.raises(StudioError, match="triangulate"):
        discover()["nonsense"]


def test_discovery_imports_no_feature_code():
    script = (
        "import sys; from studio.registry import discover; discover();"
        "print([m for m in sys.modules if m.startswith('studio.features.')])"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


LAYOUT = """
[[layouts]]
name = "{name}"
points = ["nose", "left_shoulder", "right_shoulder", "left_hip", "right_hip", "tail_tip"]
bones = [["left_shoulder", "left_hip"], ["right_shoulder", "right_hip"]]
"""


@pytest.fixture
def own_layouts(monkeypatch):
    monkeypatch.setattr(catalogue, "_added", {})


@pytest.mark.usefixtures("own_layouts")
def test_a_plugin_brings_a_keypoint_layout_that_everything_knows(tmp_path):
    plant(tmp_path, "good_one", GOOD.format(id="good_one") + LAYOUT.format(name="with_tail"))
    assert discover([tmp_path]).broken == ()
    assert discover([tmp_path]).broken == ()  # the same again is no other
    mine = layout("with_tail")
    assert mine.points[-1] == "tail_tip"
    assert len(mine.bones) == 2
    assert mine.mirror[1] == 2
    xyz = np.random.default_rng(0).normal(size=(6, 3))
    there = convert(xyz, "with_tail", "coco_17")
    np.testing.assert_allclose(there[layout("coco_17").index("left_hip")], xyz[3])
    pelvis = convert(xyz, "with_tail", "body_25")[layout("body_25").index("pelvis")]
    np.testing.assert_allclose(pelvis, (xyz[3] + xyz[4]) / 2)
    names = ["Nose", "LShoulder", "RShoulder", "LHip", "RHip", "tail_tip"]
    assert layout_of(names).name == "with_tail"
    people = [np.column_stack([[5, 8, 2, 7, 3, 5], [0, 2, 2, 9, 9, 12], np.ones(6)])]
    assert guess("points.json", people).layout == "with_tail"


@pytest.mark.usefixtures("own_layouts")
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("with_tail", "coco_17"), "already"),
        (("tail_tip", "nose"), "different names"),
        (('"left_hip"], [', '"knee"], ['), "no points of it"),
        (("with_tail", "With Tail"), "layouts.0.name"),
    ],
)
def test_a_layout_that_does_not_hold_together_is_reported(tmp_path, change, why):
    plant(tmp_path, "bad", GOOD.format(id="x") + LAYOUT.format(name="with_tail").replace(*change))
    registry = discover([tmp_path])
    assert why in registry.broken[0].why
    assert "x" not in registry.features
