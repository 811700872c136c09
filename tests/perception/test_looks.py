"""The colours of people in pictures: the same in every camera, of nobody else, kept with them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from walking_people import COCO, REST

from studio.core.types import Camera
from studio.human.convert import conversion
from studio.human.layouts import layout
from studio.perception.cache import DetectionCache
from studio.perception.detector import Person2D
from studio.perception.looks import PATCHES, looks_of, with_looks
from studio.vision.camera import project
from studio.vision.ring import ring_rig

RIG = ring_rig(4)
RED, BLUE = (200, 40, 40), (40, 60, 190)
_LIMBS = ((5, 7, 12), (7, 9, 10), (6, 8, 12), (8, 10, 10), (11, 13, 16), (13, 15, 12),
          (12, 14, 16), (14, 16, 12))  # fmt: skip


def standing(x_m: float, y_m: float) -> np.ndarray:
    return REST + np.array([x_m, y_m, 0.0])


def found(camera: Camera, xyz_m: np.ndarray) -> Person2D:
    return Person2D(COCO, project(camera, xyz_m), np.full(17, 0.9))


def painted(
    camera: Camera, people: list[tuple[np.ndarray, tuple[int, int, int]]], light: float = 1.0
) -> tuple[np.ndarray, list[Person2D]]:
    """A picture of people in overalls of one colour, far ones first, and where they are."""
    width, height = camera.size_px
    rgb = np.full((height, width, 3), 128, np.float32)
    far = [-float(np.linalg.norm(camera.centre_m - xyz[0])) for xyz, _ in people]
    for at in np.argsort(far).tolist():
        xyz, colour = people[at]
        xy = project(camera, xyz)
        scale = 0.9 * camera.matrix[0, 0] / -far[at] / 100
        points = [tuple(row) for row in np.rint(xy).astype(int).tolist()]
        trunk = np.array([points[i] for i in (5, 6, 12, 11)], np.int32)
        cv2.fillPoly(rgb, [trunk], colour)
        for a, b, thick in _LIMBS:
            cv2.line(rgb, points[a], points[b], colour, max(round(scale * thick), 1))
        head = np.rint(xy[:5].mean(0)).astype(int).tolist()
        cv2.circle(rgb, (head[0], head[1]), max(round(11 * scale), 1), (224, 172, 140), -1)
    return np.clip(light * rgb, 0, 255).astype(np.uint8), [found(camera, xyz) for xyz, _ in people]


def test_the_same_person_in_two_cameras_is_nearer_than_two_people() -> None:
    people = [(standing(-0.5, -0.5), RED), (standing(0.6, 0.2), BLUE)]
    told = [
        np.log(looks_of(*painted(camera, people, light)) + 0.05).reshape(2, -1)
        for camera, light in zip(RIG.cameras, (1.0, 0.8, 1.1, 0.7), strict=True)
    ]
    compared = 0
    for one in range(4):
        for other in range(one):
            off = np.abs(told[one][:, None] - told[other])
            known = np.isfinite(off).sum(-1)
            if (known >= 6).all():
                apart = np.nanmedian(off, axis=-1)
                assert 2 * np.diag(apart).sum() < apart[0, 1] + apart[1, 0]
                compared += 1
    assert compared >= 4


def test_a_patch_has_the_colour_that_is_worn() -> None:
    look = looks_of(*painted(RIG.cameras[0], [(standing(0, 0), RED)]))[0]
    worn = [PATCHES.index(name) for name in PATCHES if name != "head"]
    np.testing.assert_allclose(look[worn] * 255, np.tile(RED, (6, 1)), atol=6)
    np.testing.assert_allclose(look[0] * 255, (224, 172, 140), atol=6)


def test_exchanged_sides_look_the_same() -> None:
    rgb, people = painted(RIG.cameras[1], [(standing(0, 0), RED)])
    twin = replace(people[0], xy_px=people[0].xy_px[list(COCO.mirror)])
    np.testing.assert_allclose(looks_of(rgb, [twin]), looks_of(rgb, people), atol=0.03)


def test_who_is_hidden_takes_no_colour_from_who_stands_before_them() -> None:
    camera = RIG.cameras[0]
    towards = camera.centre_m[:2] / np.linalg.norm(camera.centre_m[:2])
    people = [(standing(*(0.5 * towards)), RED), (standing(*(-0.5 * towards)), BLUE)]
    behind = looks_of(*painted(camera, people))[1]
    known = np.isfinite(behind[:, 0])
    assert known.mean() < 0.5
    assert (behind[known & (np.arange(len(PATCHES)) > 0), 2] > 0.5).all()


def test_what_was_not_found_or_lies_outside_is_not_known() -> None:
    rgb, people = painted(RIG.cameras[0], [(standing(0, 0), RED)])
    no_legs = people[0].confidence.copy()
    no_legs[13:] = 0.0
    look = looks_of(rgb, [replace(people[0], confidence=no_legs)])[0]
    known = {name for name, row in zip(PATCHES, look, strict=True) if np.isfinite(row).all()}
    assert known == set(PATCHES) - {"thighs", "shins"}
    away = replace(people[0], xy_px=people[0].xy_px + 5000)
    assert np.isnan(looks_of(rgb, [away])).all()
    assert looks_of(rgb, []).shape == (0, len(PATCHES), 3)


@pytest.mark.parametrize("name", ["whole_body", "halpe_26"])
def test_other_layouts_tell_the_same(name: str) -> None:
    wanted = layout(name)
    rgb, people = painted(RIG.cameras[0], [(standing(0, 0), BLUE)])
    matrix = conversion(COCO, wanted)
    lacks = np.isnan(matrix).any(1)
    xy = np.nan_to_num(matrix) @ people[0].xy_px
    xy[lacks] = np.nan
    other = Person2D(wanted, xy, np.where(lacks, 0.0, 0.9))
    np.testing.assert_allclose(looks_of(rgb, [other])[0, 1:], looks_of(rgb, people)[0, 1:])


def test_looks_are_kept_with_detections(tmp_path) -> None:
    rgb, people = painted(RIG.cameras[0], [(standing(-0.5, -0.5), RED), (standing(0.6, 0), BLUE)])
    kept = DetectionCache(tmp_path).open("film", "detector")
    numbers = np.arange(2)
    kept.put(numbers, [with_looks(rgb, people), ()], COCO)
    again = kept.get(numbers, COCO)
    assert again is not None
    for one, look in zip(again[0], looks_of(rgb, people), strict=True):
        assert one.looks is not None
        np.testing.assert_allclose(one.looks, look, atol=1e-3)
    kept.put(numbers, [people, ()], COCO)
    again = kept.get(numbers, COCO)
    assert again is not None
    assert again[0][0].looks is None
