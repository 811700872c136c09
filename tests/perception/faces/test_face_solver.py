"""A face understood: turned back, told beyond its own calm face, mirrored, never out of range."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.human.rig import ACTIONS
from studio.live.performing.shaping import MIRROR
from studio.live.turning import head_turn
from studio.perception.faces.features import TWINS, Look, features, iris, lids, mirrored
from studio.perception.faces.head import OUTER_EYES, in_space, laid_on, stored
from studio.perception.faces.neutral import KEY_S, Blinks, Neutral, mean, relaxed
from studio.perception.faces.solver import FaceSolver, angles_of, looks_of
from studio.perception.faces.tracker import SeenFace

SHAPE = stored()["shape"]
CALM = np.full(len(ACTIONS), 0.02)


def seen(
    points: np.ndarray = SHAPE, turn: np.ndarray | None = None, guesses: np.ndarray = CALM
) -> SeenFace:
    """A face as a camera of 640 x 480 would see it."""
    stood = points if turn is None else points @ turn.T
    right, away, up = (150 * stood).T
    return SeenFace(np.stack([320 + right, 240 - up, away], axis=1), guesses)


def shut(points: np.ndarray, share: float) -> np.ndarray:
    """The face with lids closed by a share."""
    out = points.copy()
    for upper, lower in ((386, 374), (385, 380), (387, 373), (159, 145), (158, 153), (160, 144)):
        out[upper] = points[upper] + share * (points[lower] - points[upper])
    return out


@settings(max_examples=30, deadline=None)
@given(st.floats(-50, 50), st.floats(-35, 35), st.floats(-40, 40))
def test_a_turned_face_is_turned_back(yaw, pitch, roll):
    turn = head_turn(yaw, pitch, roll)
    found, points = laid_on(in_space(seen(turn=turn).xyz_px), SHAPE)
    assert found == pytest.approx(turn, abs=1e-6)
    assert points == pytest.approx(SHAPE, abs=1e-6)
    assert angles_of(found) == pytest.approx((yaw, pitch, roll), abs=1e-4)


def test_the_average_face_is_symmetric_and_looks_ahead():
    assert SHAPE[TWINS] * [-1, 1, 1] == pytest.approx(SHAPE, abs=1e-5)
    right, left = OUTER_EYES
    assert SHAPE[left] - SHAPE[right] == pytest.approx([1, 0, 0], abs=1e-5)
    assert SHAPE[1, 1] < SHAPE[right, 1]  # the nose is before the eyes
    assert SHAPE[10, 2] > SHAPE[152, 2]  # the forehead is above the chin


def test_the_calm_face_has_no_features():
    look = Look.at(seen())
    assert features(look, mean([look])) == pytest.approx(0, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_features_of_a_mirror_image_are_the_mirrored_features(seed):
    rng = np.random.default_rng(seed)
    calm = SHAPE + rng.normal(0, 0.004, SHAPE.shape)
    points = calm + rng.normal(0, 0.02, SHAPE.shape)
    guesses, before = rng.uniform(0, 1, (2, len(ACTIONS)))
    turn, at_rest = (head_turn(*rng.uniform(-25, 25, 3)) for _ in range(2))
    flip = np.array([-1.0, 1.0, 1.0])
    M = np.diag(flip)

    def told(now: SeenFace, then: SeenFace) -> np.ndarray:
        return features(Look.at(now), mean([Look.at(then)]))

    here = told(seen(points, turn, guesses), seen(calm, at_rest, before))
    there = told(
        seen(points[TWINS] * flip, M @ turn @ M, guesses[MIRROR]),
        seen(calm[TWINS] * flip, M @ at_rest @ M, before[MIRROR]),
    )
    assert there == pytest.approx(mirrored(here, MIRROR), abs=1e-6)
    assert mirrored(mirrored(here, MIRROR), MIRROR) == pytest.approx(here)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_whatever_is_seen_weights_are_weights(seed):
    rng = np.random.default_rng(seed)
    solver = FaceSolver()
    for k in range(3):
        points = SHAPE + rng.normal(0, 0.1, SHAPE.shape)
        turn = head_turn(*rng.uniform(-60, 60, 3))
        found = solver.solve(seen(points, turn, rng.uniform(0, 1, len(ACTIONS))), k / 30)
        assert found.weights.min() >= 0
        assert found.weights.max() <= 1
        assert np.isfinite([*found.head_deg, *found.gaze_deg]).all()


def test_lids_follow_their_gap():
    solver = FaceSolver()
    solver.learn([seen()], 60.0)
    blinks = [ACTIONS.index("eyeBlinkLeft"), ACTIONS.index("eyeBlinkRight")]
    told = [solver.solve(seen(shut(SHAPE, s)), 0.0).weights[blinks].mean() for s in (0, 0.4, 0.9)]
    assert told[0] == pytest.approx(0, abs=1e-6)
    assert 0.1 < told[1] < told[2]
    look, rest = Look.at(seen(shut(SHAPE, 0.6))), mean([Look.at(seen())])
    assert lids(look, rest, np.array([0.0, 1.0])) == pytest.approx([0.6, 0.6], abs=0.02)
    assert lids(look, rest, np.array([0.2, 0.6])) == pytest.approx([1, 1], abs=0.02)
    assert lids(Look.at(seen()), rest, np.array([0.2, 0.6])) == pytest.approx([0, 0])


def test_lids_that_never_quite_shut_are_shut_after_a_blink_or_two():
    blinks, told = Blinks(), list[float]()
    for _ in range(4):
        peaks = [blinks(np.full(2, lid)).max() for lid in (0.0, 0.3, 0.6, 0.3, 0.0)]
        told.append(max(peaks))
    assert told[0] < 0.9
    assert told[-1] == pytest.approx(1.0)
    assert blinks(np.zeros(2)).max() == 0


def test_irises_turn_the_gaze_and_looks_agree():
    solver = FaceSolver()
    solver.learn([seen()], 60.0)
    ahead = solver.solve(seen(), 0.0).gaze_deg
    points = SHAPE.copy()
    points[468:478, 0] += 0.03
    left = solver.solve(seen(points), 0.1)
    assert left.gaze_deg[0] > ahead[0] + 5
    look = dict(zip(("inL", "outL", "inR", "outR"), looks_of((15.0, 0.0))[:4], strict=True))
    assert look == {"inL": 0.0, "outL": 0.5, "inR": 0.5, "outR": 0.0}
    assert iris(Look.at(seen(points)))[0] > iris(Look.at(seen()))[0]


def test_a_gaze_behind_shut_lids_stays():
    solver = FaceSolver()
    solver.learn([seen()], 60.0)
    before = solver.solve(seen(), 0.0).gaze_deg
    points = shut(SHAPE, 1.0)
    points[468:478] += [0.05, 0, -0.05]
    assert solver.solve(seen(points), 0.1).gaze_deg == before


def test_rest_is_the_calmest_of_what_was_seen_until_the_key_is_pressed():
    smile, jaw = ACTIONS.index("mouthSmileLeft"), ACTIONS.index("jawOpen")
    loud = CALM.copy()
    loud[[smile, jaw]] = 0.9
    neutral = Neutral()
    for k in range(20):  # begins with a laugh, then is calm
        rest = neutral(Look.at(seen(guesses=loud)), k / 10)
        assert rest.guesses[smile] < 0.25  # nobody looks like that at rest
    for k in range(20, 120):
        rest = neutral(Look.at(seen(guesses=CALM)), k / 10)
    assert rest.guesses[smile] < 0.1
    for k in range(120, 200):
        rest = neutral(Look.at(seen(guesses=loud)), k / 10)
    assert rest.guesses[smile] < 0.1  # laughing again teaches nothing
    neutral.take()
    for k in range(int(10 * KEY_S) + 2):
        rest = neutral(Look.at(seen(guesses=loud)), 20 + k / 10)
    assert rest.guesses[smile] == pytest.approx(0.9)
    for k in range(60):
        rest = neutral(Look.at(seen(guesses=CALM)), 22 + k / 10)
    assert rest.guesses[smile] == pytest.approx(0.9)  # the key holds


def test_the_key_takes_half_a_second_of_a_film_that_begins_again_meanwhile():
    smile = ACTIONS.index("mouthSmileLeft")
    loud = CALM.copy()
    loud[smile] = 0.9
    neutral = Neutral()
    for time_s in (0.0, 59.8):
        neutral(Look.at(seen(guesses=CALM)), time_s)
    neutral.take()
    neutral(Look.at(seen(guesses=CALM)), 59.9)
    for k in range(int(10 * KEY_S) + 2):
        rest = neutral(Look.at(seen(guesses=loud)), k / 10)
    assert neutral.fixed
    assert rest.guesses[smile] > 0.6


def test_the_key_takes_offsets_away():
    """Somebody whose face looks like a smile at rest."""
    looks = CALM.copy()
    looks[ACTIONS.index("mouthSmileLeft")] = 0.5
    solver = FaceSolver()
    solver.learn([seen()], 60.0)
    before = solver.solve(seen(guesses=looks), 0.0).weights
    solver.take_neutral()
    for k in range(20):
        after = solver.solve(seen(guesses=looks), k / 30).weights
    still = [not action.startswith("eyeLook") for action in ACTIONS]
    assert before[still].max() > 0.05
    assert after[still].max() < 1e-6


def test_who_looks_strange_all_the_time_looks_like_that():
    smile = ACTIONS.index("mouthSmileLeft")
    heavy = CALM.copy()
    heavy[smile] = 0.6
    rest = mean([Look.at(seen(guesses=heavy))])
    assert relaxed(rest, 0.0).guesses[smile] < 0.3
    assert relaxed(rest, 300.0).guesses[smile] == pytest.approx(0.6)
    moved = relaxed(rest, 0.0).points - rest.points
    assert 0 < np.abs(moved).max() < 0.2
    calm = mean([Look.at(seen())])
    assert relaxed(calm, 0.0).points == pytest.approx(calm.points)
