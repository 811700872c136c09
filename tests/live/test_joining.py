"""Bodies at full rate; hands and faces come later and go along."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pytest
from moments import film

from studio.core.types import Keypoints
from studio.human.layouts import layout
from studio.jobs import Context, run
from studio.live.joining import FRESH_S, GONE_S, Whole, joined
from studio.live.moment import Moment
from studio.live.opening import opened
from studio.live.tracking import follow
from studio.perception.detector import Person2D

WHOLE = layout("whole_body")
BODY = list(WHOLE.parts["body"]) + list(WHOLE.parts["feet"])
LEFT = list(WHOLE.parts["left_hand"])


def _seen(x: float, *, parts: bool, track: int = 0) -> Person2D:
    """Somebody at x, with hands and face or without."""
    xy = np.full((len(WHOLE), 2), float(x))
    xy[:, 1] = np.arange(len(WHOLE))
    sure = np.ones(len(WHOLE))
    if not parts:
        other = np.setdiff1d(np.arange(len(WHOLE)), BODY)
        xy[other], sure[other] = np.nan, 0.0
    return Person2D(WHOLE, xy, sure, track)


def _points(x: float, time_s: float, *, parts: bool, track: int = 0) -> Keypoints:
    return _seen(x, parts=parts, track=track).keypoints("cam", time_s)


def test_parts_go_along_with_the_body_and_are_believed_less_and_less():
    whole = Whole(10.0, (_points(100, 10.0, parts=True),))
    (one,) = joined([_points(130, 10.1, parts=False)], 10.1, whole)
    assert one.xy_px[LEFT, 0] == pytest.approx(130)
    assert one.confidence[LEFT] == pytest.approx(1)
    (late,) = joined([_points(130, 10.3, parts=False)], 10.0 + (FRESH_S + GONE_S) / 2, whole)
    assert late.confidence[LEFT] == pytest.approx(0.5)
    assert late.confidence[BODY] == pytest.approx(1)
    (gone,) = joined([_points(130, 11.0, parts=False)], 11.0, whole)
    assert np.isnan(gone.xy_px[LEFT]).all()
    (other,) = joined([_points(130, 10.1, parts=False, track=4)], 10.1, whole)
    assert np.isnan(other.xy_px[LEFT]).all()


def test_a_hand_whose_wrist_is_not_seen_any_more_is_not_carried():
    body = _points(130, 10.1, parts=False)
    body.xy_px[WHOLE.index("left_wrist")] = np.nan
    whole = Whole(10.0, (_points(100, 10.0, parts=True),))
    (one,) = joined([body], 10.1, whole)
    assert np.isnan(one.xy_px[LEFT]).all()
    assert np.isfinite(one.xy_px[list(WHOLE.parts["right_hand"])]).all()


def test_hands_and_a_face_without_a_body_are_told_for_a_while():
    whole = Whole(10.0, (_points(100, 10.0, parts=True),))
    assert len(joined([], 10.1, whole)) == 1
    assert joined([], 10.6, whole) == ()
    assert joined([], 9.9, whole) == ()  # a film that began again


class Quick:
    """Bodies at once, hands and faces slowly."""

    layout = WHOLE
    identity = "quick"
    in_two = True

    def __init__(self) -> None:
        self.closed = False

    def bodies(self, rgb: np.ndarray, time_s: float = 0.0) -> tuple[Person2D, ...]:
        return (_seen(float(rgb.mean()), parts=False),)

    def parts(self, rgb: np.ndarray, people: Sequence[Person2D]) -> tuple[Person2D, ...]:
        time.sleep(0.1)
        return tuple(_seen(float(one.xy_px[0, 0]), parts=True) for one in people)

    def detect(self, rgb: np.ndarray, time_s: float = 0.0) -> tuple[Person2D, ...]:
        raise AssertionError("it is found in two")

    def follow(self, people: Sequence[Person2D]) -> None:
        pass

    def close(self) -> None:
        self.closed = True


def test_bodies_do_not_wait_for_hands(tmp_path):
    made: list[Quick] = []

    def make() -> Quick:
        made.append(Quick())
        return made[-1]

    seen: list[Moment] = []

    class Listener:
        def tell(self, moment: Moment) -> None:
            seen.append(moment)

    context = Context()
    with opened([str(film(tmp_path / "cam.mp4", 60, 30.0))], context) as cameras:
        run(follow(cameras, make, context, outlets=lambda: (Listener(),)))
    with_hands = [one for one in seen if one.people[0].confidence[LEFT[0]] > 0]
    assert len(made) == 2
    assert all(one.closed for one in made)
    assert not seen[0].people[0].confidence[LEFT].any()  # told before they were looked for
    assert with_hands
    assert set(seen[-1].stages_ms) == {"grab", "find", "solve", "hands and faces"}
    for one in with_hands:
        hand, body = one.people[0].xy_px[LEFT, 0], one.people[0].xy_px[BODY[0], 0]
        assert hand == pytest.approx(body)  # where the body is now
