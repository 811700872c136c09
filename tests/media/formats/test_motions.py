"""Conversion between motion files, and changes of rate."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic_people import motion as animate
from synthetic_people import tree

from studio.cli import main
from studio.core.errors import StudioError
from studio.core.types import Animation
from studio.media.formats.bvh import joints_motion, write_bvh
from studio.media.formats.motions import convert_motion, read_motion, write_motion
from studio.media.formats.resample import resampled, resampled_motion


def test_round_the_formats(tmp_path: Path) -> None:
    armature = tree(5)
    animation = animate(armature, 10, 0)
    write_bvh(tmp_path / "a.bvh", armature, animation)
    names = ["a.bvh", "b.trc", "c.c3d", "d.csv", "e.trc"]
    for source, target in itertools.pairwise(names):
        assert main(["convert", "motion", str(tmp_path / source), str(tmp_path / target)]) == 0
    back = read_motion(tmp_path / "e.trc")
    at = [back.layout.points.index(name) for name in armature.names]
    np.testing.assert_allclose(
        back.xyz_m[:, at], animation.bones_world[..., :3, 3], atol=2e-5
    )  # fmt: skip


def test_bvh_to_bvh_changes_its_unit(tmp_path: Path) -> None:
    armature = tree(4)
    animation = animate(armature, 6, 0)
    write_bvh(tmp_path / "mm.bvh", armature, animation, unit="mm", up="z")
    convert_motion(tmp_path / "mm.bvh", tmp_path / "cm.bvh", unit="mm", up="z")
    np.testing.assert_allclose(
        read_motion(tmp_path / "cm.bvh").xyz_m,
        read_motion(tmp_path / "mm.bvh", "mm", "z").xyz_m,
        atol=1e-6,
    )


def test_what_cannot_be_converted_is_said(tmp_path: Path) -> None:
    armature = tree(2)
    motion = joints_motion(armature, animate(armature, 2, 0))
    with pytest.raises(StudioError, match="no bones"):
        write_motion(tmp_path / "a.bvh", motion)
    with pytest.raises(StudioError, match="not a motion file that Doppel writes"):
        write_motion(tmp_path / "a.fbx", motion)
    with pytest.raises(StudioError, match="not a motion file that Doppel reads"):
        read_motion(tmp_path / "a.fbx")
    with pytest.raises(StudioError, match="no file"):
        read_motion(tmp_path / "a.trc")
    assert main(["convert", "motion", str(tmp_path / "a.c3d"), str(tmp_path / "b.trc")]) == 1


def test_resampling_keeps_key_poses_and_constant_turns() -> None:
    armature = tree(1)
    angle = np.linspace(0, 2, 11)
    world = np.tile(armature.rest_world, (11, 1, 1, 1))
    c, s = np.cos(angle), np.sin(angle)
    world[:, 0, :2, :3] = np.stack([
        c[:, None] * armature.rest_world[0, 0, :3] - s[:, None] * armature.rest_world[0, 1, :3],
        s[:, None] * armature.rest_world[0, 0, :3] + c[:, None] * armature.rest_world[0, 1, :3],
    ], 1)  # fmt: skip
    animation = Animation(np.arange(11) / 10, world, angle[:, None])
    double = resampled(armature, animation, 20)
    assert len(double) == 21
    np.testing.assert_allclose(double.bones_world[::2], world, atol=1e-9)
    np.testing.assert_allclose(double.morphs[:, 0], np.linspace(0, 2, 21), atol=1e-9)
    turned = double.bones_world[1, 0, :3, :3] @ world[0, 0, :3, :3].T
    np.testing.assert_allclose(np.arctan2(turned[1, 0], turned[0, 0]), 0.1, atol=1e-9)
    assert len(resampled(armature, replace(animation, times_s=animation.times_s), 7.3)) == 8


def test_resampled_points_keep_their_gaps() -> None:
    armature = tree(3)
    motion = joints_motion(armature, animate(armature, 31, 0))
    motion.xyz_m[10, 1] = np.nan
    faster = resampled_motion(motion, 60)
    np.testing.assert_allclose(faster.xyz_m[::2], motion.xyz_m, atol=1e-9)
    assert np.isnan(faster.xyz_m[19:22, 1]).all()
    assert np.isfinite(faster.xyz_m[18, 1]).all()
    assert np.isfinite(faster.xyz_m[:, 0]).all()
    slower = resampled_motion(motion, 15)
    np.testing.assert_allclose(slower.xyz_m, motion.xyz_m[::2], atol=1e-9)
