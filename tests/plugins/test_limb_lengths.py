"""The example plug-in, mounted and run as the studio would."""

from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.core.types import Motion
from studio.document.data import motion_arrays
from studio.document.project import FileItem, MotionItem
from studio.human.layouts import layout
from studio.journeys.bench import Bench
from studio.registry import discover

PLUGINS = Path(__file__).parents[2] / "plugins"


def bench(tmp_path, error_m):
    rng = np.random.default_rng(1)
    body = layout("body_25")
    rest = rng.normal(size=(1, len(body), 3))
    xyz = rest + rng.normal(size=(40, 1, 3))
    flat = np.zeros((40, len(body)))
    motion = Motion(body, np.arange(40) / 30, xyz, flat + error_m, flat, np.full(flat.shape, 3),
                    flat.astype(bool))  # fmt: skip
    bench = Bench.at(tmp_path / "P.doppel", "P", quiet=True)
    bench.registry = discover([PLUGINS])
    data = bench.folder.assets.put_arrays(motion_arrays(motion))
    item = MotionItem(name="Walk", layout="body_25", data=data)
    bench.document.edit("Add", lambda p: p.with_items([item]))
    return bench, motion


def test_rigid_body_has_steady_limbs(tmp_path):
    work, motion = bench(tmp_path, 0.001)
    packed = work.run("limb_lengths")
    assert packed.facts[1].verdict == "good"
    item = work.project.newest(FileItem)
    lines = work.folder.assets.path(item.data).read_text().splitlines()
    parent, child = motion.layout.bones[0]
    length = np.linalg.norm(motion.xyz_m[0, child] - motion.xyz_m[0, parent])
    assert float(lines[1].split(",")[1]) == pytest.approx(length, abs=1e-3)


def test_uncertain_points_are_left_out(tmp_path):
    work, _ = bench(tmp_path, 0.2)
    with pytest.raises(StudioError, match="well enough"):
        work.run("limb_lengths")


def test_empty_project_says_what_is_missing(tmp_path):
    work = Bench.at(tmp_path / "P.doppel", "P", quiet=True)
    work.registry = discover([PLUGINS])
    with pytest.raises(StudioError, match="no motion"):
        work.run("limb_lengths")
