"""Each gate speaks when it should, names the camera, and says what to do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from told_sessions import truth_told

from studio.core.calibration import Dropped, Gate, HeldOut, Solution
from studio.core.types import CameraRig
from studio.vision.calibration.simulated.sessions import Session, simulate
from studio.vision.calibration.simulated.studies import session as judged_session
from studio.vision.calibration.simulated.studies import table
from studio.vision.calibration.trust.gates import judge
from studio.vision.calibration.world import moved


@pytest.fixture(scope="module")
def healthy() -> Session:
    return simulate(4, 50, layout="ring")


@pytest.fixture(scope="module")
def told(healthy: Session) -> Solution:
    return truth_told(healthy)


def alarms(told: Solution, session: Session, **more: object) -> dict[str, Gate]:
    options = {"times_s": session.times_s, "lengths": session.lengths, "floor_moment": 0} | more
    gates = judge(told, views=session.views, **options)  # type: ignore[arg-type]
    return {gate.id: gate for gate in gates if gate.verdict != "good"}


def test_a_healthy_rig_passes_every_gate(healthy: Session, told: Solution) -> None:
    gates = judge(told, times_s=healthy.times_s, lengths=healthy.lengths, floor_moment=0)
    assert {gate.verdict for gate in gates} == {"good"}
    asked = {"graph", "moments", "held-out", "overfit", "twins", "floor", "scale", "moved"}
    asked |= {"clock", "lens", "view", "duplicate", "intrinsics", "facing", "error-bar", "dropped"}
    assert asked <= {gate.id for gate in gates}


def test_what_nothing_tells_is_called_untested_and_spoils_nothing(
    healthy: Session, told: Solution
) -> None:
    gates = {gate.id: gate for gate in judge(told)}
    assert {id for id, gate in gates.items() if gate.verdict == "plain"} == {
        "scale", "clock", "floor"
    }  # fmt: skip
    assert "tape" in gates["scale"].remedy
    assert {gate.verdict for gate in gates.values()} == {"good", "plain"}
    verdicts = [gate.verdict for gate in judge(told)]
    assert verdicts == sorted(verdicts, key=["plain", "good"].index)


def test_cameras_that_see_nothing_together_are_not_said_to_agree(
    told: Solution, healthy: Session
) -> None:
    apart = tuple(v for v in healthy.views if v.moment % 4 == int(v.camera[3:]) - 1)
    gates = {gate.id: gate for gate in judge(replace(told, views=apart), times_s=healthy.times_s)}
    for id in ("moved", "clock", "view", "lens"):
        assert gates[id].verdict == "plain", id
        assert "0 moments were seen by two cameras" in gates[id].text


def test_a_wrong_board_size_shows_against_a_tape(healthy: Session, told: Solution) -> None:
    grown = CameraRig(
        tuple(replace(c, translation_m=1.05 * c.translation_m) for c in told.rig.cameras)
    )
    target = replace(told.target, points_m=1.05 * told.target.points_m)
    grow = np.ones((4, 4))
    grow[:3, 3] = 1.05
    world = {m: pose * grow for m, pose in told.target_world.items()}
    found = alarms(replace(told, rig=grown, target=target, target_world=world), healthy)
    assert found["scale"].verdict == "stop"
    assert "5.0 % too large" in found["scale"].text or "4.9 %" in found["scale"].text


def test_a_floor_on_the_mirror_image_stops(healthy: Session, told: Solution) -> None:
    tilt = np.eye(3)
    tilt[1:, 1:] = [[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]]
    found = alarms(moved(told, tilt, np.array([0, 0, -1.2])), healthy)
    assert found["floor"].verdict == "stop"
    assert "under the floor" in found["floor"].text


def test_a_camera_that_looks_away_is_named(healthy: Session, told: Solution) -> None:
    camera = told.rig.cameras[2]
    turned = np.diag([-1.0, 1, -1]) @ camera.rotation
    away = replace(camera, rotation=turned, translation_m=-turned @ camera.centre_m)
    rig = CameraRig(tuple(away if c is camera else c for c in told.rig.cameras))
    found = alarms(replace(told, rig=rig), healthy)
    assert found["facing"].camera == camera.name
    assert found["facing"].verdict == "stop"


def test_views_too_poor_to_tell_anything_contradict_nobody(
    healthy: Session, told: Solution
) -> None:
    poor = tuple(Dropped(m, "cam3", "fewer than 4 points", unfit=False) for m in range(60))
    assert "dropped" not in alarms(replace(told, dropped=poor), healthy)


def test_overfit_dropped_and_wide_error_bars(healthy: Session, told: Solution) -> None:
    held = HeldOut(30.0, 90.0, {**told.held_out.camera_px, "cam2": 60.0}, (1, 2))
    dropped = tuple(Dropped(m, "cam3", "does not fit") for m in range(60))
    loose = replace(
        told, held_out=held, dropped=dropped, pose_covariance=told.pose_covariance * 1e5
    )
    found = alarms(loose, healthy)
    assert found["overfit"].verdict == "stop"
    assert found["held-out"].camera == "cam2"
    assert found["dropped"].camera == "cam3"
    assert found["error-bar"].verdict != "good"


def test_an_impossible_lens_is_named(healthy: Session, told: Solution) -> None:
    camera = told.rig.cameras[1]
    matrix = camera.matrix.copy()
    matrix[0, 2] += 0.4 * camera.size_px[0]
    rig = CameraRig(
        tuple(replace(c, matrix=matrix) if c is camera else c for c in told.rig.cameras)
    )
    found = alarms(replace(told, rig=rig), healthy)
    assert found["intrinsics"].camera == camera.name


def test_a_lens_known_too_loosely_is_named(healthy: Session, told: Solution) -> None:
    loose = replace(told.spread["cam4"], focal_px=np.array([90.0, 90.0]))
    spread = {**told.spread, "cam4": loose}
    found = alarms(replace(told, spread=spread), healthy)
    assert found["intrinsics"].camera == "cam4"
    assert "at one distance" in found["intrinsics"].text


def test_a_bump_is_told_with_its_time_and_remedy() -> None:
    session = simulate(4, 51, fault="moved camera")
    found = alarms(truth_told(session), session)
    assert found["moved"].camera == session.blamed[0]
    assert "was bumped" in found["moved"].text
    assert "cut the take there" in found["moved"].remedy


def test_one_video_given_twice_is_told() -> None:
    session = simulate(4, 52, fault="duplicate")
    found = alarms(truth_told(session), session)
    assert found["duplicate"].verdict == "stop"
    assert found["duplicate"].camera in session.blamed


def test_cameras_in_two_groups_are_told(told: Solution, healthy: Session) -> None:
    split = tuple(v for v in healthy.views if (v.camera in ("cam1", "cam2")) == (v.moment % 2 == 0))
    gates = judge(replace(told, views=split))
    graph = next(gate for gate in gates if gate.id == "graph")
    assert graph.verdict == "stop"
    assert "2 groups" in graph.text


@pytest.mark.parametrize("twin", ["mirrored camera", "mirrored floor"])
def test_a_planted_twin_is_caught_through_the_solver(twin: str) -> None:
    outcome = judged_session(twin, 3, 60)  # type: ignore[arg-type]
    assert outcome.caught
    assert outcome.named


def test_the_table_counts_pairs_apart() -> None:
    outcomes = [judged_session("disconnected", n, 61) for n in (2, 3)]
    rows = table(outcomes).rows
    assert [(row.cameras, row.runs, row.named) for row in rows] == [("3-16", 1, 1.0), ("2", 1, 1.0)]
