"""Several looks at one picture, told as one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from dope_people import parts, person_m

from studio.perception.dope.finder import MODES, PoseFinder
from studio.perception.dope.looks import joined, mirrored
from studio.perception.dope.network import DopeNetwork
from studio.perception.dope.ppi import Part


def _moved(part: Part, by_px: float, score: float) -> Part:
    return replace(part, xy_px=part.xy_px + by_px, score=score)


def test_what_is_seen_in_the_mirror_is_told_as_it_is() -> None:
    seen = parts(person_m())
    (body,), hands = seen["body"], seen["hand"]
    there = mirrored(seen, 320)
    right, left = body.xy_px[:2], there["body"][0].xy_px[:2]
    np.testing.assert_allclose(left[::-1, 0], 319 - right[:, 0])
    assert {hand.family for hand in there["hand"]} == {hand.family for hand in hands}
    assert there["hand"][0].family != hands[0].family
    again = mirrored(there, 320)
    for kind, told in seen.items():
        for part, twice in zip(told, again[kind], strict=True):
            np.testing.assert_allclose(twice.xy_px, part.xy_px)
            np.testing.assert_allclose(twice.xyz_m, part.xyz_m)
            assert twice.family == part.family


def test_looks_at_one_part_are_averaged_and_a_doubtful_one_of_a_single_look_is_dropped() -> None:
    one, other = parts(person_m())["hand"]
    ghost = _moved(other, 300.0, 0.5)
    looks = [{"hand": [_moved(one, 0.0, 0.9), ghost]}, {"hand": [_moved(one, 2.0, 0.3)]}]
    (told,) = joined(looks)["hand"]
    np.testing.assert_allclose(told.xy_px, one.xy_px + 0.5)
    assert told.score == pytest.approx(0.6)
    looks[1]["hand"].append(replace(ghost, score=0.4))  # seen twice, it is somebody
    assert [part.score for part in joined(looks)["hand"]] == pytest.approx([0.6, 0.45])


def test_careful_modes_look_into_the_mirror_where_there_is_time() -> None:
    finder = PoseFinder(DopeNetwork().eval(), mode="balanced")
    shown: list[np.ndarray] = []

    def run(rgb: np.ndarray, _: object) -> list[dict[str, list[Part]]]:
        shown.append(rgb)
        return [{"body": []} for _ in rgb]

    finder._run = run  # pyright: ignore
    picture = np.random.default_rng(0).integers(0, 255, (192, 288, 3), np.uint8)
    assert finder.find(picture) == {"body": []}
    (pair,) = shown
    np.testing.assert_array_equal(pair[0], picture)
    np.testing.assert_array_equal(pair[1], picture[:, ::-1])
    assert not PoseFinder(DopeNetwork().eval(), mode="fast").mode.mirrored
    assert not PoseFinder(DopeNetwork().eval(), mirror=False).mode.mirrored
    assert MODES["balanced"].mirrored
