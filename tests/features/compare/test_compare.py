"""The comparison with truth is honest: nothing is aligned, and what is missing is counted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.cli import main
from studio.core.errors import StudioError
from studio.core.types import Motion
from studio.document.folder import Assets
from studio.features.compare.engine import JOINTS, Errors, Inputs, Params, Truth, compare
from studio.features.compare.step import Step
from studio.human.layouts import layout
from studio.jobs import Context, run
from studio.media.formats.points import motion_of
from studio.media.formats.trc import write_trc

COCO = layout("coco_17")


def moving(frames: int = 30, rate_hz: float = 30.0) -> Motion:
    times = np.arange(frames) / rate_hz
    rest = np.random.default_rng(0).uniform(-1, 1, (17, 3))
    return motion_of(COCO, times, rest + times[:, None, None] * [1.0, 0.5, 0.0])


def truth_of(motion: Motion) -> Truth:
    tracks = {name: motion.xyz_m[:, i] for i, name in enumerate(motion.layout.points)}
    return Truth(motion.times_s, tracks, {})


def errors_of(motion: Motion, truth: Truth, **params: object) -> tuple[Errors, str, str]:
    chosen = Params.model_validate(params)
    result = run(compare(chosen, Inputs(truth, motion), Context()))
    (fact,) = result.facts(chosen.good_mm)
    return result.errors[0], fact.verdict, fact.text


def test_the_same_is_no_error_at_any_rate() -> None:
    errors, verdict, text = errors_of(moving(15, 15.0), truth_of(moving()))
    assert errors.joints == JOINTS
    assert errors.mean_mm < 1e-9
    assert (verdict, errors.missing) == ("good", 0.0)
    assert "12 joints" in text


def test_a_shift_is_not_aligned_away_unless_it_is_asked_for() -> None:
    motion = moving()
    off = replace(motion, xyz_m=motion.xyz_m + np.array([0.03, 0.04, 0.0]))
    assert errors_of(off, truth_of(motion))[0].mean_mm == pytest.approx(50.0)
    assert errors_of(off, truth_of(motion), align="pelvis")[0].mean_mm < 1e-9


def test_a_late_motion_is_off_by_what_was_moved() -> None:
    late = replace(moving(), times_s=moving().times_s + 0.1)
    errors, _, _ = errors_of(late, truth_of(moving()))
    assert errors.mean_mm == pytest.approx(100 * np.hypot(1.0, 0.5))
    assert errors.covered == pytest.approx(26 / 29, abs=0.01)


def test_what_is_missing_is_counted_and_no_reason_for_praise() -> None:
    motion = moving()
    xyz = motion.xyz_m.copy()
    xyz[:, COCO.index("left_wrist")] = np.nan
    xyz[:15, COCO.index("right_wrist")] = np.nan
    errors, verdict, text = errors_of(replace(motion, xyz_m=xyz), truth_of(motion))
    assert errors.missing == pytest.approx(1.5 / 12)
    assert verdict == "look"
    assert "11 joints, 12.5 % missing" in text
    wide = Truth(motion.times_s, {**truth_of(motion).points}, {})
    bare = replace(motion.layout, points=tuple(
        "other" if name == "left_wrist" else name for name in COCO.points))  # fmt: skip
    lacking, _, _ = errors_of(replace(motion, layout=bare), wide)
    assert lacking.joints == JOINTS
    assert lacking.missing == pytest.approx(1 / 12)


def test_half_a_take_is_said_to_be_half() -> None:
    motion = moving()
    part = motion_of(COCO, motion.times_s[:15], motion.xyz_m[:15])
    errors, _, text = errors_of(part, truth_of(motion))
    assert errors.covered == pytest.approx(14 / 29)
    assert "48 % of the truth's time" in text


def test_nothing_in_common_is_explained() -> None:
    motion = moving()
    with pytest.raises(StudioError, match="no moment"):
        errors_of(replace(motion, times_s=motion.times_s + 9), truth_of(motion))
    with pytest.raises(StudioError, match="no joint"):
        errors_of(motion, Truth(motion.times_s, {"T10": motion.xyz_m[:, 0]}, {}))
    with pytest.raises(StudioError, match="No joint of the motion is there"):
        errors_of(replace(motion, xyz_m=np.full((30, 17, 3), np.nan)), truth_of(motion))


def test_the_command_prints_valid_json_with_gaps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    motion = moving()
    xyz = motion.xyz_m.copy()
    xyz[3, COCO.index("left_knee")] = np.nan
    xyz[:, COCO.index("left_hip")] = np.nan
    write_trc(tmp_path / "a.trc", replace(motion, xyz_m=xyz + np.array([0.0, 0.0, 0.01])))
    write_trc(tmp_path / "b.trc", motion)
    command = ["compare", "--motion", str(tmp_path / "a.trc"), "--truth", str(tmp_path / "b.trc")]
    assert main([*command, "--json"]) == 0

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    told = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert told["joints"]["left_knee"] == pytest.approx(10.0, abs=0.01)
    assert told["joints"]["left_hip"] is None
    assert told["missing"] == pytest.approx(31 / 360)
    assert main(command) == 0
    assert "100.0 %" in capsys.readouterr().out


def test_the_table_lists_joints_that_are_missing(tmp_path: Path) -> None:
    motion = moving()
    xyz = motion.xyz_m.copy()
    xyz[:, COCO.index("left_hip")] = np.nan
    inputs = Inputs(truth_of(motion), replace(motion, xyz_m=xyz))
    assets = Assets(tmp_path)
    packed = Step().pack(inputs, Params(), run(compare(Params(), inputs, Context())), assets, 0.1)
    (item,) = packed.items
    rows = assets.path(item.data).read_text().splitlines()
    assert "Motion,left_hip,,,,1.0000" in rows
    assert len(rows) == 13
