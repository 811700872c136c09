"""Rigs from a walking person: simulated, real, and where it must refuse."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.calibration import HeldOut
from studio.core.errors import StudioError
from studio.core.types import CameraRig
from studio.vision.calibration.people import gates as people_gates
from studio.vision.calibration.people.bundle import UNKNOWNS, adjust, linearise, moved, residuals
from studio.vision.calibration.people.guide import guide_of
from studio.vision.calibration.people.pairs import pair_poses
from studio.vision.calibration.people.seen import Chosen
from studio.vision.calibration.people.solve import Scale, solve_people
from studio.vision.calibration.people.stature import stature
from studio.vision.calibration.people.study import apart
from studio.vision.calibration.people.walk import POINTS, WALKER, Detector, detect, walk
from studio.vision.ring import ring_rig
from studio.vision.sightings import sight
from studio.vision.triangulate import dlt

CLEAN = Detector(0.3, 0.05, 0.0, 0.0, 0.0, 0.0, 0.0)


def film(rig, seconds=12.0, rate=8.0, seed=0, height=1.75, detector=None):
    times = np.arange(0, seconds, 1 / rate)
    return detect(rig, times, walk(times, height_m=height, seed=seed), detector or Detector(),
                  seed=seed)  # fmt: skip


@pytest.fixture(scope="module")
def solved():
    truth = ring_rig(4)
    return truth, solve_people(film(truth, 30.0, rate=5.0), truth, Scale(1.75))


def test_a_walker_calibrates_four_cameras(solved):
    truth, solution = solved
    off = apart(solution.rig, truth)
    assert off.turn_deg < 1.0
    assert off.worst_share < 0.02
    assert {gate.verdict for gate in solution.gates} == {"good"}


def errors_px(rig, px):
    return HeldOut(float(np.mean(px)), 5.0, dict(zip(rig.names, px, strict=True)), (0, 1))


def test_moments_of_the_same_seconds_prove_little():
    rig = ring_rig(3)
    told = errors_px(rig, [9.0, 9.0, 9.0])
    gate = people_gates._held_out(rig, told, told, 1.7)
    assert gate.verdict == "look"
    assert "prove little" in gate.text
    assert "1.7 s" in gate.text
    assert people_gates._held_out(rig, told, told, 20.0).verdict == "good"


def test_a_camera_that_learnt_its_moments_by_heart_is_named():
    rig = ring_rig(3)
    told, learnt = errors_px(rig, [17.2, 8.0, 8.0]), errors_px(rig, [7.6, 8.0, 8.0])
    gate = people_gates._held_out(rig, told, learnt, 20.0)
    assert (gate.verdict, gate.camera) == ("look", rig.names[0])
    assert "17.2 px" in gate.text
    assert "7.6 px" in gate.text
    assert gate.remedy


def test_floor_and_up_come_from_the_feet(solved):
    truth, solution = solved
    for found, true in zip(solution.rig.cameras, truth.cameras, strict=True):
        assert found.centre_m[2] == pytest.approx(true.centre_m[2], abs=0.08)
        tilt = found.rotation[:, 2] @ true.rotation[:, 2]
        assert np.degrees(np.arccos(min(tilt, 1.0))) < 1.0


@pytest.mark.slow
def test_error_bars_are_honest():
    """Over several walkers, turns lie within their bars as often as they should."""
    truth = ring_rig(3)
    inside = []
    for seed in range(4):
        found = solve_people(film(truth, 16.0, seed=seed), truth, Scale(1.75))
        for camera, true in zip(found.rig.cameras[1:], truth.cameras[1:], strict=True):
            own = camera.rotation @ found.rig.cameras[0].rotation.T
            its = true.rotation @ truth.cameras[0].rotation.T
            turn = own @ its.T
            off = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0],
                            turn[1, 0] - turn[0, 1]]) / 2  # fmt: skip
            inside += list(np.abs(np.degrees(off)) < 3 * found.spread[camera.name].rotation_deg)
    assert np.mean(inside) >= 0.9


def test_two_cameras_are_enough_but_their_twin_is_tried():
    truth = ring_rig(4)
    pair = CameraRig(truth.cameras[:2])
    solution = solve_people(film(pair, 15.0), pair, Scale(1.75))
    assert apart(solution.rig, pair).turn_deg < 1.5
    assert any(gate.id == "mirror" for gate in solution.gates)


def test_one_measured_distance_makes_the_scale():
    truth = ring_rig(3)
    gap = float(np.linalg.norm(truth.cameras[0].centre_m - truth.cameras[2].centre_m))
    scale = Scale(distance_m=gap, cameras=("cam1", "cam3"))
    solution = solve_people(film(truth, detector=CLEAN), truth, scale)
    found = solution.rig
    own = np.linalg.norm(found["cam1"].centre_m - found["cam3"].centre_m)
    assert own == pytest.approx(gap, rel=1e-6)
    with pytest.raises(StudioError, match="no camera “cam9”"):
        solve_people(film(truth), truth, replace(scale, cameras=("cam1", "cam9")))


def test_left_taken_for_right_is_put_straight():
    truth = ring_rig(4)
    seen = film(truth, 10.0, detector=replace(Detector(), swapped=0.25))
    solution = solve_people(seen, truth, Scale(1.75))
    assert apart(solution.rig, truth).turn_deg < 1.0
    assert max(solution.swapped.values()) > 0.05


def test_unknown_focal_lengths_are_found_and_said():
    truth = ring_rig(4)
    sizes = {c.name: c.size_px for c in truth.cameras}
    solution = solve_people(film(truth, 10.0), None, Scale(1.75), sizes_px=sizes)
    focal = np.array([c.matrix[0, 0] for c in solution.rig.cameras])
    np.testing.assert_allclose(focal, 1150.0, rtol=0.05)
    assert any(gate.id == "focal" for gate in solution.gates)
    assert any("focal" in note for note in solution.notes)


def test_without_a_height_the_scale_is_not_called_good():
    truth = ring_rig(3)
    solution = solve_people(film(truth, detector=CLEAN), truth)
    assert next(g for g in solution.gates if g.id == "scale").verdict == "look"


def test_a_person_who_stands_still_is_not_enough():
    truth = ring_rig(4)
    times = np.arange(0, 10, 0.2)
    still = np.repeat(walk(times[:1]), len(times), 0)
    solution = solve_people(detect(truth, times, still), truth, Scale(1.75))
    gates = {gate.id: gate for gate in solution.gates}
    assert gates["walk"].verdict == "look"
    assert gates["certain"].verdict != "good"
    assert gates["floor"].verdict == "look"


def test_refusals_say_what_to_do():
    truth = ring_rig(3)
    seen = film(truth, 4.0)
    one = replace(seen, cameras=("cam1",), xy_px=seen.xy_px[:, :1],
                  confidence=seen.confidence[:, :1])  # fmt: skip
    with pytest.raises(StudioError, match="One camera alone"):
        solve_people(one, truth)
    with pytest.raises(StudioError, match="too few moments"):
        solve_people(replace(seen, confidence=np.zeros_like(seen.confidence)), truth)
    with pytest.raises(StudioError, match="no intrinsics for cam3"):
        solve_people(seen, CameraRig(truth.cameras[:2]))
    with pytest.raises(StudioError, match="size of the pictures"):
        solve_people(seen, None)
    random = np.random.default_rng(0)
    with pytest.raises(StudioError):
        solve_people(replace(seen, xy_px=random.uniform(0, 1000, seen.xy_px.shape)), truth)


def test_a_camera_that_never_shares_the_person_is_named():
    truth = ring_rig(3)
    seen = film(truth, 8.0)
    confidence = seen.confidence.copy()
    confidence[: len(confidence) // 2, 2] = 0
    confidence[len(confidence) // 2 :, :2] = 0
    with pytest.raises(StudioError, match="cam3"):
        solve_people(replace(seen, confidence=confidence), truth)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_derivatives_are_those_of_the_residuals(seed):
    """The reduced gradient, against central differences of the squared residuals."""
    random = np.random.default_rng(seed)
    rig = ring_rig(3)
    xyz = random.uniform([-1, -1, 0], [1, 1, 2], (20, 3))
    pixels = np.stack([random.normal(c.size_px[0] / 2, 150, (20, 2)) for c in rig.cameras])
    s = sight(rig, pixels)
    s = replace(s, scale_px=np.broadcast_to(s.scale_px, s.u.shape))
    stretch = np.ones(3)
    now = linearise(s, xyz, stretch, knee=1e9)
    # With points fixed, the gradient is the score plus what the points' own pull contributes.
    own = now.scores + np.einsum("pij,pjk,pk->pi", now.mixed, now.inverse, now.pull)

    def cost(step):
        shape = step.reshape(3, UNKNOWNS)
        off = residuals(moved(s, shape), xyz, stretch * np.exp(shape[:, 6]))[0]
        return 0.5 * float(np.square(off).sum())

    for k in range(3 * UNKNOWNS):
        step = np.zeros(3 * UNKNOWNS)
        step[k] = 1e-5
        slope = (cost(step) - cost(-step)) / 2e-5
        assert slope == pytest.approx(own.sum(0)[k], rel=1e-4, abs=1e-3 * abs(own.sum(0)).max())


def test_adjustment_undoes_a_disturbance_and_keeps_fixed_cameras():
    rig = ring_rig(4)
    xyz = np.random.default_rng(0).uniform([-1, -1, 0], [1, 1, 2], (80, 3))
    from studio.vision.camera import project

    s = sight(rig, np.stack([project(c, xyz) for c in rig.cameras]))
    s = replace(s, scale_px=np.broadcast_to(s.scale_px, s.u.shape))
    step = np.zeros((4, UNKNOWNS))
    step[1, :6] = (0.02, -0.01, 0.03, 0.05, -0.04, 0.02)
    free = np.zeros((4, UNKNOWNS), bool)
    free[1, :6] = True
    start = moved(s, step)
    done = adjust(start, dlt(start, reweight=1), free)
    np.testing.assert_allclose(done.sightings.rotation, s.rotation, atol=1e-6)
    np.testing.assert_allclose(done.sightings.translation_m, s.translation_m, atol=1e-5)
    np.testing.assert_array_equal(done.sightings.rotation[0], s.rotation[0])


def test_pairs_keep_the_true_pose():
    rig = ring_rig(4)
    s = Chosen.of(film(rig, 12.0), rig).sightings
    pose = pair_poses(s, 0, 1)[0]
    truth = rig.cameras[1].rotation @ rig.cameras[0].rotation.T
    assert np.degrees(np.arccos((np.trace(pose.rotation @ truth.T) - 1) / 2)) < 5


def test_stature_does_not_depend_on_the_pose():
    times = np.arange(0, 10, 0.1)
    for height in (1.5, 1.8, 2.0):
        found = stature(WALKER, walk(times, height_m=height, seed=3))
        assert found is not None
        assert found.height == pytest.approx(height, rel=0.03)
    legs = np.full((20, len(POINTS), 3), np.nan)
    assert stature(WALKER, legs) is None


def test_guidance_leads_to_enough():
    rig = ring_rig(3)
    sizes = {c.name: c.size_px for c in rig.cameras}
    times = np.arange(0, 40, 0.25)
    whole = detect(rig, times, walk(times, reach_m=1.6))
    first = guide_of(replace(whole, times_s=times[:4], xy_px=whole.xy_px[:4],
                             confidence=whole.confidence[:4]), sizes)  # fmt: skip
    assert not first.enough
    assert first.action.startswith(("Stand", "Walk"))
    done = guide_of(whole, sizes)
    assert done.progress > 0.8
    assert done.ready
    assert all(count > 60 for count in done.pairs.values())


def test_published_take_from_its_detections(footage):
    """A balancing person of 1.7 s places four cameras within 2° and 3 % of the published."""
    from studio.media.cameras import match_cameras
    from studio.media.formats.openpose import read_detections
    from studio.media.formats.rigs import read_rig

    folder = footage("mv_pose2sim") / "single_openpose_v0.2.6"
    seen = read_detections(folder / "pose-2d-tracked", "body_25b", rate_hz=60.0, person=0)
    rig = read_rig(folder / "calib-2d" / "Calib_qca.toml").provisional
    names = match_cameras(seen.cameras, rig.names)
    seen = replace(seen, cameras=tuple(names[name] for name in seen.cameras))
    truth = CameraRig(tuple(rig[name] for name in seen.cameras))
    solution = solve_people(seen, truth, Scale(1.72))
    off = apart(solution.rig, truth)
    assert off.turn_deg < 2.0
    assert off.worst_share < 0.03
    gates = {gate.id: gate for gate in solution.gates}
    assert gates["walk"].verdict == gates["held-out"].verdict == "look"
    assert "untested" in gates["walk"].text
