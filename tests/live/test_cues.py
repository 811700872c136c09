"""What somebody's points say: gestures, raised hands, talking, where the head looks."""

from __future__ import annotations

import json

import numpy as np
import pytest
from moments import moment

from studio.core.types import Keypoints, Skeleton
from studio.human.layouts import layout
from studio.live.cues import Cues, Reader, gesture, looking, talking
from studio.live.outlets.messages import packets, pose_line
from studio.live.outlets.osc import unpacked

OF = layout("openpose_137")


def hand(*out: bool, thumb: tuple[float, float] | None = None, turn_deg: float = 0.0) -> np.ndarray:
    """A hand that points up (y down), its fingers straight or rolled in; where the thumb ends."""
    points = np.zeros((21, 2))
    tip = np.array(thumb if thumb else (-0.25, -0.9))
    points[1:5] = np.array([-0.3, -0.3]) + np.linspace(0, 1, 4)[:, None] * (tip - [-0.3, -0.3])
    for finger, straight in enumerate(out):
        x = -0.3 + 0.2 * finger
        ys = (-1.0, -1.45, -1.75, -2.0) if straight else (-1.0, -1.3, -1.05, -0.8)
        points[5 + 4 * finger : 9 + 4 * finger] = [(x, y) for y in ys]
    angle = np.radians(turn_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return 40 * points @ turn.T + 200


@pytest.mark.parametrize("turn_deg", [0.0, 35.0, -70.0])
@pytest.mark.parametrize(
    ("out", "name"),
    [
        ((True, True, True, True), "open"), ((False, False, False, False), "fist"),
        ((True, False, False, False), "pointing"), ((True, True, False, False), "victory"),
        ((False, True, False, True), ""),
    ],
)  # fmt: skip
def test_gestures_are_told_however_the_hand_is_turned(out, name, turn_deg):
    assert gesture(hand(*out, turn_deg=turn_deg)) == name


def test_thumbs_point_up_and_down_and_fingers_pinch():
    fist = (False,) * 4
    assert gesture(hand(*fist, thumb=(-1.0, -1.9))) == "thumb_up"
    assert gesture(hand(*fist, thumb=(-1.0, 1.4))) == "thumb_down"
    assert gesture(hand(*fist, thumb=(-1.6, -0.4))) == "fist"  # aside: neither
    pinch = hand(*(True,) * 4, thumb=(-0.5, -1.3))
    pinch[8] = pinch[4] + 2
    assert gesture(pinch) == "pinch"
    assert gesture(np.zeros((21, 2))) == ""


def test_talking_is_lips_that_come_and_go():
    assert talking([0.05, 0.3, 0.06, 0.25, 0.02, 0.3])
    assert not talking([0.05, 0.3, 0.6, 0.7, 0.3, 0.05])  # a yawn
    assert not talking([0.3 + 0.02 * (k % 2) for k in range(20)])  # open, with a detector's noise
    assert not talking([])


def person(opening: float, left: np.ndarray, lifted: bool) -> Keypoints:
    xy, sure = np.full((137, 2), np.nan), np.zeros(137)
    told = {"left_shoulder": (300, 200), "left_wrist": (320, 100 if lifted else 400),
            "face_60": (200, 100), "face_64": (240, 100), "face_62": (220, 100),
            "face_66": (220, 100 + 40 * opening)}  # fmt: skip
    for name, place in told.items():
        xy[OF.index(name)], sure[OF.index(name)] = place, 0.9
    points = list(OF.parts["left_hand"])
    xy[points], sure[points] = left, 0.9
    return Keypoints("cam", 0.0, OF, xy, sure, 3)


def test_gestures_last_before_they_are_told_and_who_left_is_forgotten():
    reader, told = Reader(), list[Cues]()
    openings = [0.02, 0.3] * 6
    for number, opening in enumerate(openings):
        shown = hand(True, True, True, True) if number != 8 else hand(*(False,) * 4)
        (cues,) = reader.read(number / 12, [person(opening, shown, number > 5)])
        told.append(cues)
    assert [one.left_hand for one in told[:3]] == ["", "", "open"]
    assert told[8].left_hand == "open"  # one wrong moment
    assert [one.raised for one in told[5:7]] == [(), ("left",)]
    assert told[1].talking is False
    assert told[-1].talking is True
    assert told[-1].mouth == pytest.approx(0.3)
    assert told[-1].right_hand == ""
    (again,) = reader.read(9.0, [person(0.3, hand(True, True, True, True), True)])
    assert (again.left_hand, again.talking) == ("", False)


def test_a_head_looks_from_its_ears_to_its_eyes():
    xyz = np.full((137, 3), np.nan)
    told = {"left_ear": (0.08, 0, 1.7), "right_ear": (-0.08, 0, 1.7),
            "left_eye": (0.05, -0.1, 1.7), "right_eye": (-0.01, -0.1, 1.7)}  # fmt: skip
    for name, place in told.items():
        xyz[OF.index(name)] = place
    assert looking(Skeleton(0.0, OF, xyz, np.full(137, np.nan))) == pytest.approx((0, -1, 0))
    xyz[OF.index("left_ear")] = np.nan
    assert looking(Skeleton(0.0, OF, xyz, np.full(137, np.nan))) is None


def test_other_programs_are_told():
    cues = Cues("open", "", ("left",), 0.1234, True, (0.0, -1.0, 0.0))
    one = moment(2)
    object.__setattr__(one, "cues", (cues,))
    (seen,) = json.loads(pose_line(one))["people"]
    assert seen["cues"] == {"left_hand": "open", "right_hand": "", "raised": ["left"],
                            "mouth": 0.123, "talking": True, "looks": [0, -1, 0]}  # fmt: skip
    heard = [one for packet in packets(one) for one in unpacked(packet)]
    assert ("/doppel/hand", (2, "left", "open", 1)) in heard
    assert ("/doppel/hand", (2, "right", "", 0)) in heard
    assert dict(heard)["/doppel/mouth"] == pytest.approx((2, 0.1234, 1))
    assert dict(heard)["/doppel/looks"] == pytest.approx((2, 0, -1, 0))
