"""Following people live: lanes overlap, films end, skeletons stand on the floor."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from moments import JOINTS, Finder, film, moment

from studio.core.errors import Cancelled, StudioError
from studio.core.types import Camera, CameraRig, Keypoints
from studio.jobs import Context, run
from studio.live.moment import Moment
from studio.live.opening import opened
from studio.live.solving import LiftSolver, OneEuro, RigSolver
from studio.live.tracking import follow
from studio.vision.camera import project


def test_a_film_is_followed_to_its_end_and_told(tmp_path):
    told: list[Moment] = []

    class Listener:
        def tell(self, moment: Moment) -> None:
            told.append(moment)

    detector, context, seen = Finder(), Context(), list[Moment]()
    with opened([str(film(tmp_path / "cam.mp4"))], context) as cameras:
        result = run(
            follow(cameras, lambda: detector, context, outlets=lambda: (Listener(),)), seen.append
        )
    assert result.count == result.with_somebody == len(seen) > 0
    assert detector.closed
    assert len(told) >= len(seen)
    numbers = [one.number for one in seen]
    assert numbers == sorted(set(numbers))
    last = seen[-1]
    assert last.people[0].xy_px[0, 0] == pytest.approx(98, abs=3)  # the film's last picture
    assert last.frames["cam"].rgb.shape == (64, 96, 3)
    assert last.latency_ms > 0
    assert set(last.stages_ms) == {"grab", "find", "solve"}


def test_a_slow_detector_skips_pictures_instead_of_falling_behind(tmp_path):
    context, seen = Context(), list[Moment]()
    with opened([str(film(tmp_path / "cam.mp4", 60))], context) as cameras:
        result = run(follow(cameras, lambda: Finder(0.15), context), seen.append)
    assert result.skipped > 20
    assert result.count < 30
    assert seen[-1].people[0].xy_px[0, 0] > 140  # the last ones, not those that came long ago


def test_it_ends_when_asked_cancels_and_tells_what_a_detector_raises(tmp_path):
    path = str(film(tmp_path / "cam.mp4"))

    class Broken(Finder):
        def detect(self, rgb, time_s=0.0):
            raise StudioError("The network is damaged.", "")

    with opened([path], Context(), loop=True) as cameras:
        context = Context()
        assert run(follow(cameras, Finder, context), lambda _: context.finish()).count == 1
        context = Context()
        with pytest.raises(Cancelled):
            run(follow(cameras, Finder, context), lambda _: context.cancel())
        with pytest.raises(StudioError, match="damaged"):
            run(follow(cameras, Broken, Context()))
    assert not [t for t in threading.enumerate() if t.name in ("find", "solve", "grab")]
    with pytest.raises(StudioError, match="No camera was named"), opened([], Context()):
        pass


def test_two_calibrated_cameras_give_one_skeleton():
    cameras = []
    for name, x in (("a", -1.0), ("b", 1.0)):
        matrix = np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])
        rotation = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
        cameras.append(
            Camera(name, (640, 480), matrix, np.zeros(5), rotation, -rotation @ [x, -4.0, 1.0])
        )
    rig = CameraRig(tuple(cameras))
    one = moment()
    points = np.random.default_rng(1).normal([0, 0, 1], 0.3, (17, 3))
    people = tuple(
        Keypoints(c.name, 0.0, one.people[0].layout, project(c, points), np.ones(17))
        for c in cameras
    )
    frame = one.frames["cam"]
    (found,) = RigSolver(rig).solve(0.0, people, {"a": frame, "b": frame})
    assert found.xyz_m == pytest.approx(points, abs=1e-6)
    assert RigSolver(rig).solve(0.0, people[:1], {"a": frame}) == ()


def test_one_camera_is_lifted_and_stands_on_the_floor():
    """Nobody calibrated it: whoever is seen stands on z = 0 near the origin."""
    one = moment()
    xy = np.zeros((17, 2))
    xy[:, 0] = 32 + np.linspace(-8, 8, 17)
    xy[:, 1] = np.linspace(6, 42, 17)
    person = Keypoints("cam", 0.0, one.people[0].layout, xy, np.ones(17), 0)
    solver = LiftSolver()
    for step in range(5):
        (found,) = solver.solve(step / 30, (person,), one.frames)
    assert found.layout is JOINTS
    assert np.isfinite(found.xyz_m).all()
    assert abs(found.xyz_m[list(JOINTS.parts["feet"]), 2].min()) < 0.05
    assert np.linalg.norm(found.xyz_m[JOINTS.index("pelvis"), :2]) < 0.5
    assert solver.solve(1.0, (), one.frames) == ()


def test_one_euro_is_calm_at_rest_follows_and_begins_afresh():
    noise = np.random.default_rng(2).normal(0, 0.004, (200, 4, 3))
    calm, filtered = OneEuro(1.5), []
    for k, xyz in enumerate(noise):
        filtered.append(calm(k / 30, xyz))
    assert np.std(filtered[50:]) < 0.6 * np.std(noise[50:])
    there = np.full((4, 3), 5.0)
    assert np.array_equal(calm(100.0, there), there)  # after a gap nothing is carried over
    gone = there.copy()
    gone[0] = np.nan
    assert np.isnan(calm(100.03, gone)[0]).all()
    assert np.isfinite(calm(100.06, there)).all()
