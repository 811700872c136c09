"""Whose hand and face is whose, and one metric frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from dope_people import FOCAL_PX, SIZE_PX, parts, person_m

from studio.perception.dope.assemble import assemble
from studio.perception.dope.kinds import FACE, HEAD, LEFT_HAND, RIGHT_HAND, WRISTS

_PLACES = ((-0.9, 0.0, 3.6), (0.0, 0.1, 4.4), (0.9, 0.0, 3.4))


def _crowd() -> dict[str, list]:
    told = [parts(person_m(k, at)) for k, at in zip((5, 0, 6), _PLACES, strict=True)]
    every = {kind: [part for one in told for part in one[kind]] for kind in told[0]}
    every["hand"].reverse()
    every["face"].reverse()
    return every


def test_hands_and_faces_go_to_their_bodies() -> None:
    people = assemble(_crowd())
    assert len(people) == 3
    for person, truth in zip(people, (person_m(k, at) for k, at in zip((5, 0, 6), _PLACES,
                                                                        strict=True)),
                             strict=True):  # fmt: skip
        expected = parts(truth)
        assert person.left_hand is not None
        assert person.right_hand is not None
        assert person.face is not None
        np.testing.assert_allclose(person.left_hand.xy_px, expected["hand"][0].xy_px)
        np.testing.assert_allclose(person.right_hand.xy_px, expected["hand"][1].xy_px)
        np.testing.assert_allclose(person.face.xy_px, expected["face"][0].xy_px)


def test_a_hand_taken_for_the_other_side_still_finds_its_wrist() -> None:
    told = parts(person_m())
    told["hand"] = [replace(hand, family=1) for hand in told["hand"]]
    person = assemble(told)[0]
    assert person.left_hand is not None
    assert person.left_hand.family == 0


def test_a_hand_far_from_every_wrist_stays_alone() -> None:
    told = parts(person_m())
    hand = told["hand"][0]
    told["hand"][0] = replace(hand, xy_px=hand.xy_px + np.array([0.0, 60.0]))
    people = assemble(told)
    assert people[0].left_hand is None
    assert people[0].right_hand is not None
    assert people[1].body is None
    assert people[1].left_hand is not None


def test_parts_alone_are_people_too() -> None:
    told = parts(person_m())
    assert [list(p.parts) for p in assemble({"face": told["face"]})] == [["face"]]
    assert [list(p.parts) for p in assemble({"hand": told["hand"]})] == [
        ["left_hand", "right_hand"]
    ]
    both = assemble({"hand": told["hand"], "face": told["face"]})
    assert [list(p.parts) for p in both] == [["left_hand", "right_hand", "face"]]
    xy, sure = both[0].points()
    assert np.isnan(xy[:13]).all()
    assert not sure[:13].any()
    assert not assemble({})


def test_wrists_are_joined_to_hands() -> None:
    told = parts(person_m())
    hand = told["hand"][0]
    told["hand"][0] = replace(hand, xy_px=hand.xy_px + np.array([2.0, 1.0]))
    person = assemble(told)[0]
    xy, _ = person.points()
    np.testing.assert_allclose(xy[WRISTS[1]], xy[LEFT_HAND.start])


def test_one_metric_frame_for_all_parts() -> None:
    for at in _PLACES:
        truth = person_m(5, at)
        found = assemble(parts(truth))[0].xyz_m(SIZE_PX, FOCAL_PX)
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found[WRISTS[0]], found[RIGHT_HAND.start], atol=1e-9)
        np.testing.assert_allclose(found[WRISTS[1]], found[LEFT_HAND.start], atol=1e-9)
        gap = np.linalg.norm(found[FACE.start :].mean(0) - found[HEAD])
        assert gap < 0.15
        # Scaled orthography knows the distance to a few parts in a hundred.
        assert np.linalg.norm(found - truth, axis=1).mean() < 0.06 * at[2]
        own = found - found.mean(0) - (truth - truth.mean(0))
        assert np.linalg.norm(own, axis=1).mean() < 0.06


def test_without_a_focal_length_the_pose_is_the_same_but_the_distance() -> None:
    truth = person_m()
    person = assemble(parts(truth))[0]
    near, far = person.xyz_m(SIZE_PX, 300.0), person.xyz_m(SIZE_PX, 600.0)
    assert far[:, 2].mean() > 1.9 * near[:, 2].mean()
    np.testing.assert_allclose(near - near.mean(0), far - far.mean(0), atol=1e-6)
