"""People followed from picture to picture, smoothed, as keypoints of the studio."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from dope_people import parts, person_m

from studio.perception.detector import Detector
from studio.perception.dope.detector import DopeDetector, Settings
from studio.perception.dope.finder import MODES
from studio.perception.dope.kinds import TORSO
from studio.perception.heatmaps.marker import Marked
from studio.perception.lifting.lifter import Lifter

_RGB = np.zeros((240, 320, 3), np.uint8)
_TORSO = list(TORSO)


class _Finder:
    """Finds whoever it is told to."""

    mode = MODES["fast"]

    def __init__(self) -> None:
        self.people: list[np.ndarray] = []
        self.noise_px = 0.0
        self._dice = np.random.default_rng(0)

    def find(self, rgb: np.ndarray) -> dict[str, list]:
        assert rgb.shape == _RGB.shape
        out: dict[str, list] = {"body": [], "hand": [], "face": []}
        for xyz in self.people:
            for kind, told in parts(xyz).items():
                for part in told:
                    part.xy_px[:] += self.noise_px * self._dice.normal(size=part.xy_px.shape)
                out[kind] += told
        return out


def _detector(finder: _Finder, **settings: object) -> DopeDetector:
    return DopeDetector(finder, None, Settings(**settings))  # pyright: ignore


def test_people_keep_their_tracks_while_they_walk_past_each_other() -> None:
    finder = _Finder()
    detector: Detector = _detector(finder, people=4)
    seen: dict[int, list[float]] = {}
    for k in range(25):
        x = -1.1 + 2.2 * k / 24
        finder.people = [person_m(5, (x, 0.0, 3.0)), person_m(0, (-x, 0.0, 5.5))]
        for person in detector.detect(_RGB, k / 25):
            seen.setdefault(person.track, []).append(float(np.nanmean(person.xy_px[5:17, 0])))
    assert sorted(seen) == [0, 1]
    for track, xs in seen.items():
        assert len(xs) == 25
        steps = np.diff(xs)
        assert (steps > 0).all() or (steps < 0).all(), track


def test_points_are_cocos_with_confidence_and_absent_parts_without() -> None:
    finder = _Finder()
    finder.people = [person_m()]
    person = _detector(finder).detect(_RGB)[0]
    assert person.layout.name == "coco_133"
    found = np.isfinite(person.xy_px).all(1)
    np.testing.assert_array_equal(found, person.confidence > 0)
    names = person.layout.points
    missing = {names[k] for k in np.flatnonzero(~found)}
    assert missing == {"left_ear", "right_ear", *(f"{side}_{toe}" for side in ("left", "right")
                       for toe in ("big_toe", "small_toe", "heel"))}  # fmt: skip
    without = _detector(finder, hands=False, face=False).detect(_RGB)[0]
    assert not without.confidence[list(person.layout.parts["left_hand"])].any()
    assert not without.confidence[list(person.layout.parts["face"])].any()


def test_one_euro_calms_somebody_who_stands_still() -> None:
    finder = _Finder()
    finder.people, finder.noise_px = [person_m()], 1.0

    def tremble(smooth_hz: float) -> float:
        detector = _detector(finder, smooth_hz=smooth_hz)
        xy = np.stack([detector.detect(_RGB, k / 30)[0].xy_px[5:17] for k in range(40)])
        return float(np.abs(np.diff(xy[10:], axis=0)).mean())

    assert tremble(1.0) < 0.6 * tremble(0.0)


def test_somebody_who_was_away_for_a_moment_is_still_the_same() -> None:
    finder = _Finder()
    detector = _detector(finder)
    finder.people = [person_m()]
    first = detector.detect(_RGB, 0.0)[0].track
    finder.people = []
    assert detector.detect(_RGB, 0.1) == ()
    finder.people = [person_m()]
    assert detector.detect(_RGB, 0.2)[0].track == first
    detector.follow(())
    assert detector.detect(_RGB, 0.3)[0].track == 0


def test_the_most_prominent_come_first_and_no_more_than_wanted() -> None:
    finder = _Finder()
    finder.people = [person_m(5, (-0.8, 0.0, 6.0)), person_m(5, (0.8, 0.0, 3.0))]
    found = _detector(finder, people=1).detect(_RGB)
    assert len(found) == 1
    assert np.nanmean(found[0].xy_px[5:17, 0]) > 160


def test_who_is_found_is_marked_closer_and_stands_between_both() -> None:
    finder = _Finder()
    finder.people = [person_m()]
    plain = _detector(finder).detect(_RGB)[0].xy_px

    class _Marker:
        def __init__(self) -> None:
            self.boxes: list[tuple[float, ...]] = []

        def mark(self, rgb: np.ndarray, box: tuple[float, ...]) -> Marked:
            self.boxes.append(box)
            spread = np.full(133, 8.0)
            spread[9], spread[10] = 1e-3, 1e6  # a wrist that is sure, another that is anywhere
            xy = plain + 2.0
            xy[7:9, 0] += 200.0  # elbows somewhere else, of which the map is sure of one
            sure = np.r_[np.isfinite(plain[:17, 0]), np.zeros(116)]
            sure[8] = 0.2
            self.told = Marked(xy, sure, spread)
            return self.told

    marker = _Marker()
    person = DopeDetector(finder, marker, Settings(askew=False)).detect(_RGB)[0]  # pyright: ignore
    box, closer = marker.boxes
    low, high = np.nanmin(plain, 0), np.nanmax(plain, 0)
    room = 0.12 * (high - low).max()
    np.testing.assert_allclose(box, [*(low - room), *(high + room)], atol=0.5)
    sure = np.nan_to_num(marker.told.sure) > 0.5
    seen = marker.told.xy_px[sure]
    np.testing.assert_allclose(closer, [*seen.min(0), *seen.max(0)])
    known = np.isfinite(plain[:17, 0])
    known[7:11] = False
    moved = person.xy_px[:17][known] - plain[:17][known]
    assert ((moved > 0.2) & (moved < 1.8)).all()
    assert np.ptp(moved) < 1e-4
    np.testing.assert_allclose(person.xy_px[9], plain[9] + 2.0, atol=1e-3)
    np.testing.assert_allclose(person.xy_px[7], plain[7] + (202.0, 2.0), atol=1e-3)
    np.testing.assert_allclose(person.xy_px[[8, 10]], plain[[8, 10]], atol=1e-3)
    np.testing.assert_allclose(person.xy_px[23:91], plain[23:91])  # the face as it was found


def test_who_is_marked_surely_comes_before_a_larger_ghost() -> None:
    finder = _Finder()
    ghost, person = person_m(5, (-0.9, 0.0, 2.8)), person_m(5, (0.9, 0.0, 4.5))
    finder.people = [ghost, person]

    class _Marker:
        def mark(self, rgb: np.ndarray, box: tuple[float, ...]) -> Marked:
            xy, sure = (80.0, 0.3) if box[0] + box[2] < 320 else (240.0, 0.9)
            return Marked(np.full((133, 2), xy), np.full(133, sure), np.ones(133))

    detector = DopeDetector(finder, _Marker(), Settings(askew=False))  # pyright: ignore
    found = detector.detect(_RGB)
    assert len(found) == 1
    assert np.nanmean(found[0].xy_px[5:17, 0]) > 200


def test_people_come_with_one_metric_frame_for_all_their_parts() -> None:
    finder = _Finder()
    truth = person_m(5, (0.4, 0.1, 3.0))
    finder.people = [truth]
    (person,) = _detector(finder).detect(_RGB)
    space = person.space
    assert space is not None
    assert space.layout.name == "dope_139"
    assert space.size_px == (320, 240)
    shape, known = (xyz - xyz[[4, 5, 10, 11]].mean(0) for xyz in (space.xyz_m, truth))
    off = np.linalg.norm(shape - known, axis=1)
    assert off[:55].max() < 0.03  # body and hands; the face's depth is taken from the head
    assert off.max() < 0.12
    assert (space.confidence > 0.5).all()
    (without,) = _detector(finder, hands=False, face=False).detect(_RGB)
    assert without.space is not None
    assert np.isfinite(without.space.xyz_m[:13]).all()
    assert np.isnan(without.space.xyz_m[13:]).all()
    assert not without.space.confidence[13:].any()


def test_lifting_mends_how_deep_a_body_is() -> None:
    finder, truth = _Finder(), person_m()
    finder.people = [truth]
    crooked = [replace(part, xyz_m=part.xyz_m * [1.0, 1.0, -2.0])
               for part in parts(truth)["body"]]  # fmt: skip
    finder.find = lambda rgb: {"body": crooked, "hand": [], "face": []}

    def off(lifter: Lifter | None) -> float:
        detector = DopeDetector(finder, None, Settings(), lifter=lifter)  # pyright: ignore
        person = detector.detect(_RGB)[0]
        assert person.space is not None
        body = person.space.xyz_m[:13]
        gap = (body - body[_TORSO].mean(0)) - (truth[:13] - truth[_TORSO].mean(0))
        return float(np.linalg.norm(gap, axis=1).mean())

    assert off(Lifter.load()) < 0.7 * off(None)
