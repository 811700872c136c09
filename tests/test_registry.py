"""Features are found by their manifests; a broken one is reported and skipped."""

import subprocess
import sys

import pytest

from studio.core.errors import StudioError
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
