"""People who are not upright are found in turned pictures, and told where they are."""

from __future__ import annotations

import numpy as np
import pytest
from dope_people import SIZE_PX, parts, person_m, seen_px

from studio.perception.dope.askew import TURNS_DEG, Look, Turned, distinct
from studio.perception.dope.assemble import Whole
from studio.perception.dope.detector import DopeDetector, Settings
from studio.perception.dope.finder import MODES
from studio.perception.dope.ppi import Part
from studio.perception.heatmaps.marker import Marked

_LEANING_DEG = 40.0
_DOTS = np.array([[160.0, 60.0], [160.0, 180.0]])  # red and green


def _turn(deg: float) -> np.ndarray:
    angle = np.radians(deg)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _leaning(deg: float = _LEANING_DEG) -> np.ndarray:
    """Somebody (139, 3) who leans clockwise, as the camera sees it."""
    xyz = person_m(5, (0.0, 0.0, 4.0))
    xyz[:, :2] = xyz[:, :2] @ _turn(deg).T
    return xyz


def _picture() -> np.ndarray:
    rgb = np.zeros((SIZE_PX[1], SIZE_PX[0], 3), np.uint8)
    for channel, (x, y) in enumerate(_DOTS.astype(int)):
        rgb[y - 2 : y + 3, x - 2 : x + 3, channel] = 250
    return rgb


def _seen_in(rgb: np.ndarray) -> Turned:
    """How a picture is turned, by its dots."""
    rows, columns = np.mgrid[: rgb.shape[0], : rgb.shape[1]]
    weights = [np.maximum(rgb[..., k].astype(float) - rgb[..., 1 - k] - 40, 0) for k in (0, 1)]
    red, green = (np.array([(w * columns).sum(), (w * rows).sum()]) / w.sum() for w in weights)
    across, down = (green - red) / np.linalg.norm(green - red)
    turn = np.array([[down, across], [-across, down]])
    return Turned(rgb, np.column_stack([turn, red - turn @ _DOTS[0]]))


class _Finder:
    """Sees somebody the better, the less they lean."""

    mode = MODES["balanced"]

    def __init__(self) -> None:
        self.looks = 0

    def find(self, rgb: np.ndarray) -> dict[str, list[Part]]:
        self.looks += 1
        into = _seen_in(rgb).into
        out: dict[str, list[Part]] = {}
        lean = np.degrees(np.arctan2(into[1, 0], into[0, 0])) + _LEANING_DEG
        for kind, told in parts(_leaning(), max(1 - abs(lean) / 90, 0.01)).items():
            out[kind] = []
            for part in told:
                xyz = part.xyz_m.copy()
                xyz[:, :2] = xyz[:, :2] @ into[:, :2].T
                xy = part.xy_px @ into[:, :2].T + into[:, 2]
                out[kind].append(Part(kind, xy, xyz, part.seen, part.score, part.family))
        return out


class _Marker:
    """Marks where the points are, whatever the box."""

    def mark(self, rgb: np.ndarray, box: tuple[float, ...]) -> Marked:
        from studio.human.convert import convert

        told = convert(np.column_stack([seen_px(_leaning()), np.ones(139)]), "dope_139", "coco_133")
        into = _seen_in(rgb).into
        xy = np.nan_to_num(told[:, :2] @ into[:, :2].T + into[:, 2])
        return Marked(xy, np.nan_to_num(told[:, 2]), np.full(133, 2.0))


def test_somebody_who_leans_is_told_where_they_are() -> None:
    finder = _Finder()
    detector = DopeDetector(finder, _Marker(), Settings())  # pyright: ignore
    (person,) = detector.detect(_picture())
    assert finder.looks == len(TURNS_DEG)  # once upright, once each other way
    told = person.xy_px[5:17]
    truth = seen_px(_leaning())[:12][::-1]
    np.testing.assert_allclose(told, truth, atol=1.0)
    assert person.confidence[5:17].min() > 0.9  # as sure as whoever stands
    assert person.space is not None
    known = _leaning()[:13]
    shape = person.space.xyz_m[:13]
    np.testing.assert_allclose(shape - shape.mean(0), known - known.mean(0), atol=0.05)


def test_only_the_turn_that_served_is_looked_at_besides_in_the_next_pictures() -> None:
    finder = _Finder()
    detector = DopeDetector(finder, _Marker(), Settings())  # pyright: ignore
    detector.detect(_picture(), 0.0)
    before = finder.looks
    (person,) = detector.detect(_picture(), 0.1)
    assert finder.looks == before + 2
    np.testing.assert_allclose(person.xy_px[5:17], seen_px(_leaning())[:12][::-1], atol=1.0)
    detector.follow(())
    detector.detect(_picture(), 0.2)
    assert finder.looks > before + 4


def test_pictures_are_not_turned_where_there_is_no_time() -> None:
    finder = _Finder()
    DopeDetector(finder, _Marker(), Settings(askew=False)).detect(_picture())  # pyright: ignore
    assert finder.looks == 1


@pytest.mark.parametrize("deg", [-45.0, 15.0, 30.0])
def test_a_turned_picture_shows_all_of_it_and_knows_the_way_back(deg: float) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (60, 90, 3), np.uint8)
    rgb[:8] = rgb[-8:] = 0
    turned = Turned.by(rgb, deg)
    corners = np.array([[0.0, 0.0], [89.0, 0.0], [89.0, 59.0], [0.0, 59.0]])
    there = corners @ turned.into[:, :2].T + turned.into[:, 2]
    assert (there > -1).all()
    assert (there < np.array(turned.rgb.shape[1::-1])).all()
    np.testing.assert_allclose(turned.back(there), corners, atol=1e-9)
    assert there[1, 1] > there[0, 1] if deg > 0 else there[1, 1] < there[0, 1]  # clockwise
    part = parts(person_m())["body"][0]
    moved = turned.whole(Whole(body=part)).body
    assert moved is not None
    np.testing.assert_allclose(moved.xyz_m[:, 2], part.xyz_m[:, 2])
    np.testing.assert_allclose(moved.xyz_m[:, :2], part.xyz_m[:, :2] @ _turn(-deg).T, atol=1e-9)


def test_of_several_looks_at_somebody_one_is_kept_and_bodies_come_before_lone_faces() -> None:
    plain = Turned.by(_picture(), 0.0)

    def look(deg: float, score: float, at_px: float = 0.0, *, alone: bool = False) -> Look:
        found = parts(person_m(), score)
        body, face = (part[0].moved(lambda xy: xy + np.array([at_px, 0.0])) for part in
                      (found["body"], found["face"]))  # fmt: skip
        whole = Whole(face=face) if alone else Whole(body=body, face=face)
        return Look(plain, deg, whole, np.zeros((133, 3)), None)

    surest, other = look(15.0, 0.6), look(0.0, 0.9, 120.0, alone=True)
    upper = look(0.0, 0.5)
    kept = distinct([upper, surest, look(30.0, 0.9, alone=True), other])
    assert [one.whole for one in kept] == [surest.whole, other.whole]
    assert kept[0].upright is upper  # believed almost as much: what it tells of space is told
    assert distinct([look(0.0, 0.3), surest])[0].upright is None
    assert distinct([look(15.0, 0.2)]) == []  # a turned picture alone shows it, and unsurely
