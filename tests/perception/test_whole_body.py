"""The whole-body detector on real pictures: who is found, where, and how surely."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.perception.whole_body import (
    FACE,
    LEFT_HAND,
    RIGHT_HAND,
    Networks,
    Options,
    WholeBodyDetector,
)
from studio.weights import find
from studio.weights.detectors import whole_body

_LITERT = ("WARNING: Logging before InitGoogle", "W0000")


@pytest.fixture(scope="module")
def detector():
    try:
        find("pose_landmarker_full")
    except StudioError as error:
        pytest.skip(str(error))
    with whole_body(Options("balanced")) as found:
        yield found


def picture(path) -> np.ndarray:
    return cv2.imread(str(path))[..., ::-1].copy()


@pytest.fixture(scope="module")
def person(footage):
    return picture(footage("body_sith_subset") / "images" / "007.png")


def test_all_parts_of_a_standing_person(detector, person):
    detector.follow([])
    (found,) = detector.detect(person)
    assert found.xy_px.shape == (553, 2)
    assert np.isfinite(found.xy_px).all()
    for part in ("body", "feet", "left_hand", "right_hand", "face"):
        assert found.part_confidence(part) > 0.5, part
    index = found.layout.index
    left, right = found.xy_px[index("left_wrist")], found.xy_px[index("right_wrist")]
    assert left[0] > right[0]  # seen from the front, the person's left is on the right
    for place, wrist in ((LEFT_HAND, left), (RIGHT_HAND, right)):
        assert np.linalg.norm(found.xy_px[place][0] - wrist) < 25
    nose = found.xy_px[index("nose")]
    assert np.linalg.norm(found.xy_px[FACE][1] - nose) < 15


def test_mirrored_picture_gives_the_mirrored_person(detector, person):
    """Left and right change sides, and nothing moves much."""
    detector.follow([])
    (plain,) = detector.detect(person)
    detector.follow([])
    (mirrored,) = detector.detect(np.ascontiguousarray(person[:, ::-1]))
    back = mirrored.xy_px[list(plain.layout.mirror)] * [-1, 1] + [person.shape[1] - 1, 0]
    apart = np.linalg.norm(back - plain.xy_px, axis=1)
    tall = np.ptp(plain.xy_px[:33, 1])
    assert np.median(apart[:33]) < 0.01 * tall
    assert np.median(apart[FACE]) < 0.01 * tall


def test_points_move_with_the_person(detector, person):
    """Pixel for pixel: the person shifted by (40, 25) has points shifted by as much."""
    detector.follow([])
    (before,) = detector.detect(person)
    (after,) = detector.detect(np.roll(person, (25, 40), axis=(0, 1)))
    moved = np.median(after.xy_px[:33] - before.xy_px[:33], axis=0)
    np.testing.assert_allclose(moved, [40, 25], atol=1.5)
    assert after.track == before.track


def test_small_person_far_away_still_has_hands_and_face(detector, person):
    """A person 160 px tall in a big dark room."""
    room = np.zeros((1000, 1600, 3), np.uint8)
    room[400:600, 900:1100] = cv2.resize(person, (200, 200), interpolation=cv2.INTER_AREA)
    detector.follow([])
    (found,) = detector.detect(room)
    assert found.part_confidence("body") > 0.5
    assert np.isfinite(found.xy_px[FACE]).all()
    low, high = found.xy_px[:33].min(0), found.xy_px[:33].max(0)
    assert (low > [900, 400]).all()
    assert (high < [1100, 600]).all()


def test_nobody_in_an_empty_picture(detector):
    detector.follow([])
    assert detector.detect(np.full((480, 640, 3), 90, np.uint8)) == ()


@pytest.mark.parametrize("name", ["astronaut.png", "obama.jpg", "painting_joconde.jpg"])
def test_face_is_found_in_portraits_and_paintings(detector, footage, name):
    detector.follow([])
    (found,) = detector.detect(picture(footage("face_public_domain") / name))
    assert found.part_confidence("face") > 0.5


def test_hands_alone_are_followed_without_a_body(detector, footage):
    """A hand over a desk: found in every picture, on one side, and steady."""
    video = cv2.VideoCapture(str(footage("mv_hand_temugeb") / "media" / "cam0_test.mp4"))
    video.set(cv2.CAP_PROP_POS_FRAMES, 100)
    with whole_body(Options("balanced", body=False, face=False)) as hands_only:
        found = [hands_only.detect(video.read()[1][..., ::-1].copy()) for _ in range(8)]
    video.release()
    assert all(len(people) == 1 for people in found)
    xy = np.stack([people[0].xy_px for people in found])
    assert np.isnan(xy[:, :33]).all()
    seen = [np.isfinite(xy[:, place]).all() for place in (LEFT_HAND, RIGHT_HAND)]
    assert sorted(seen) == [False, True]


def test_going_on_from_kept_points_is_the_same_as_going_on(detector, person):
    detector.follow([])
    detector.detect(person)
    second = detector.detect(np.roll(person, 12, axis=1))
    detector.follow([])
    kept = detector.detect(person)
    detector.follow([])
    detector.follow(kept)
    resumed = detector.detect(np.roll(person, 12, axis=1))
    np.testing.assert_array_equal(second[0].xy_px, resumed[0].xy_px)


def test_damaged_network_is_explained(tmp_path):
    broken = tmp_path / "pose.task"
    broken.write_bytes(b"not a network")
    detector = WholeBodyDetector(Networks(broken, broken, broken))
    with pytest.raises(StudioError, match=r"pose\.task"):
        detector.detect(np.zeros((64, 64, 3), np.uint8))


def test_a_detector_that_is_never_closed_ends_without_complaint(detector, tmp_path):
    """The interpreter's end says nothing of a network that could not be freed."""
    script = (
        "import numpy as np; from studio.weights.detectors import whole_body;"
        "d = whole_body(); d.detect(np.zeros((64, 64, 3), np.uint8))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    # Where an allocation happens to lie makes LiteRT warn of it now and then, harmlessly.
    said = [line for line in done.stderr.splitlines() if not line.startswith(_LITERT)]
    assert (done.returncode, said) == (0, [])
