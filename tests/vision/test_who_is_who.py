"""Several people in several cameras: who is who, ghosts refused, identities kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from walking_people import COCO, REST, crowd_of, walker

from studio.core.errors import StudioError
from studio.core.types import CameraRig
from studio.vision.camera import project
from studio.vision.people.affinity import covered, fit_pairs, fit_people
from studio.vision.people.follow import Follower
from studio.vision.people.persons import detections_of, find_people
from studio.vision.people.score import score
from studio.vision.people.seen import look
from studio.vision.people.slack import slack_of
from studio.vision.ring import ring_rig

RIG = ring_rig(4)
LIMBS = ((5, 7), (6, 8), (7, 9), (8, 10), (11, 13), (12, 14), (13, 15), (14, 16))


def crossing() -> list[np.ndarray]:
    """Two who pass each other at arm's length in the middle."""
    return [walker((-1.2, 0.2), (1.2, 0.2), 45), walker((1.2, -0.2), (-1.2, -0.2), 45, 0.93)]


def apart(found: np.ndarray, truth: np.ndarray) -> float:
    return float(np.nanmean(np.linalg.norm(found - truth, axis=-1)))


def test_people_who_cross_keep_their_identities() -> None:
    truth = crossing()
    found = find_people(RIG, crowd_of(RIG, truth))
    assert len(found.persons) == 2
    order = np.argmin([apart(p.xyz_m[:5], truth[0][:5]) for p in found.persons])
    for person, true in zip((found.persons[order], found.persons[1 - order]), truth, strict=True):
        assert person.there.all()
        assert apart(person.xyz_m, true) < 0.015
        assert person.cameras > 3.5


def test_nobody_is_made_of_two_people() -> None:
    """Each detection is used once, and by the person that it shows."""
    truth = crossing()
    crowd = crowd_of(RIG, truth)
    found = find_people(RIG, crowd)
    first, second = (p.places for p in found.persons)
    used = (first >= 0) & (second >= 0)
    assert used.mean() > 0.8
    assert not (first == second)[used].any()


@pytest.mark.parametrize("seeing", [(0,), (0, 1)])
def test_a_ghost_that_other_cameras_should_see_is_refused(seeing: tuple[int, ...]) -> None:
    people = [*crossing(), walker((0.0, 1.1), (0.0, 1.1), 45)]
    hidden = [(2, view) for view in range(4) if view not in seeing]
    found = find_people(RIG, crowd_of(RIG, people, hidden))
    assert len(found.persons) == 2
    assert (found.refused > 0) == (len(seeing) > 1)


def test_two_cameras_are_enough_where_there_are_only_two() -> None:
    rig = CameraRig(RIG.cameras[:2])
    truth = [walker((-0.8, -0.6), (-0.6, 0.6), 30), walker((0.7, 0.5), (0.6, -0.6), 30)]
    found = find_people(rig, crowd_of(rig, truth))
    assert len(found.persons) == 2
    assert all(min(apart(p.xyz_m, true) for true in truth) < 0.02 for p in found.persons)


def test_who_leaves_and_comes_back_is_the_same_person() -> None:
    going, staying = walker((-1.2, 0.6), (1.2, 0.6), 65), walker((0, -0.8), (0.3, -0.8), 65, 0.9)
    going[15:45] = np.nan
    found = find_people(RIG, crowd_of(RIG, [going, staying]))
    assert len(found.persons) == 2
    back = found.persons[1]
    assert back.there[:14].all()
    assert not back.there[20:44].any()
    assert back.there[47:].all()


def test_a_stranger_who_comes_later_is_somebody_else() -> None:
    first, later = walker((-1.2, 0.6), (1.2, 0.6)), walker((-1.2, 0.6), (1.2, 0.6), size=0.8)
    first[20:], later[:40] = np.nan, np.nan
    assert len(find_people(RIG, crowd_of(RIG, [first, later])).persons) == 2


def test_left_and_right_taken_for_each_other_are_turned_back() -> None:
    truth = crossing()
    crowd = crowd_of(RIG, truth)
    twin = np.array(COCO.mirror)
    xy = crowd.xy_px.copy()
    xy[:, 2] = xy[:, 2][..., twin, :]
    found = find_people(RIG, replace(crowd, xy_px=xy))
    person = found.persons[0]
    seen = person.places[:, 2] >= 0
    assert person.mirrored[seen, 2].mean() > 0.8
    assert person.mirrored[:, [0, 1, 3]].mean() < 0.1
    own = detections_of(replace(crowd, xy_px=xy), person)
    true = min(truth, key=lambda t: apart(person.xyz_m, t))
    off = np.linalg.norm(own.xy_px[:, 2] - project(RIG.cameras[2], true), axis=-1)
    assert np.nanmedian(off) < 4


def test_the_best_supported_are_kept_if_there_are_at_most_so_many() -> None:
    short = walker((0.5, 1.0), (0.5, 1.0), 45)
    short[15:] = np.nan
    found = find_people(RIG, crowd_of(RIG, [short, *crossing()]), people=2)
    assert len(found.persons) == 2
    assert all(person.there.all() for person in found.persons)


def test_moments_that_hang_by_little_are_told() -> None:
    near = [walker((-1.2, 0.04), (1.2, 0.04)), walker((1.2, -0.04), (-1.2, -0.04))]
    doubts = find_people(RIG, crowd_of(RIG, near)).doubts
    assert doubts
    assert all(0.6 < doubt.time_s < 1.4 for doubt in doubts)
    assert not find_people(RIG, crowd_of(RIG, [near[0], near[1] + np.array([0, 1.2, 0])])).doubts


def test_a_single_moment_is_enough() -> None:
    found = find_people(RIG, crowd_of(RIG, [person[:1] for person in crossing()]))
    assert (len(found.persons), found.refused) == (2, 0)


def test_one_camera_cannot_match_anybody() -> None:
    rig = CameraRig(RIG.cameras[:1])
    with pytest.raises(StudioError, match="single camera"):
        find_people(rig, crowd_of(rig, crossing()))


def test_nobody_is_found_in_empty_pictures() -> None:
    nobody = [np.full((10, 17, 3), np.nan)]
    assert find_people(RIG, crowd_of(RIG, nobody)).persons == ()


def test_rays_of_one_person_meet_and_of_two_do_not() -> None:
    people = [walker((-0.5, 0.4), (0, 0), 1), walker((0.6, 0.1), (0, 0), 1, size=0.9)]
    crowd = crowd_of(RIG, people, sigma=0.0)
    seen = look(RIG, crowd)
    nodes = np.argwhere(seen.there[0])
    off, xyz, pairs = fit_pairs(seen, 0, nodes)
    fit, _ = fit_people(seen, 0, np.stack([p[0] for p in people]))
    who = np.array([fit[view, :, place].argmin() for view, place in nodes])
    same_view = nodes[:, None, 0] == nodes[None, :, 0]
    same = (who[:, None] == who) & ~same_view
    assert np.isinf(off[same_view]).all()
    possible = same & np.isfinite(off)
    assert off[possible].max() < 1e-6
    assert off[~same & ~same_view].min() > 0.02
    for (i, j), points in zip(pairs, xyz, strict=True):
        if who[i] == who[j]:
            assert apart(points, people[who[i]][0]) < 1e-6


def test_who_stands_before_another_covers_them() -> None:
    centre = RIG.cameras[0].centre_m
    way = -centre[:2] / np.linalg.norm(centre[:2])
    behind = REST + np.array([*(0.8 * way), 0.0])
    seen = look(RIG, crowd_of(RIG, [REST[None]]))
    hidden = covered(seen, np.stack([REST, behind]))
    assert hidden[0, 1] > 0.4
    assert hidden[0, 0] == 0
    assert hidden[1].max() < 0.2


def test_scores_count_parts_ghosts_and_exchanges() -> None:
    truth = np.stack(crossing())
    there = np.ones(truth.shape[:2], bool)
    perfect = score(truth, there, truth.copy(), LIMBS, 11)
    assert (perfect.parts, perfect.ghosts, perfect.switches) == (1.0, 0, 0)
    assert perfect.kept == perfect.meetings == 1
    exchanged = truth.copy()
    exchanged[:, 22:] = exchanged[::-1, 22:]
    swapped = score(truth, there, exchanged, LIMBS, 11)
    assert (swapped.parts, swapped.switches, swapped.kept) == (1.0, 2, 0)
    ghost = np.concatenate([truth, truth[:1] + np.array([0, 0, 5.0])])
    ghost[2, 8:] = np.nan
    haunted = score(truth, there, ghost, LIMBS, 11)
    assert (haunted.ghosts, haunted.ghost_frames) == (1, 8)
    half = truth.copy()
    half[0] = np.nan
    assert score(truth, there, half, LIMBS, 11).parts == pytest.approx(0.5)


@pytest.mark.parametrize("degrees", [1.5, 3.0])
def test_a_turned_camera_is_noticed_and_matched_more_loosely(degrees: float) -> None:
    truth = crossing()
    rig = ring_rig(5)
    crowd = crowd_of(rig, truth)
    turn = Rotation.from_rotvec(np.radians([0.0, degrees, 0.0])).as_matrix()
    first = rig.cameras[0]
    moved = replace(first, rotation=turn @ first.rotation,
                    translation_m=turn @ first.translation_m)  # fmt: skip
    bumped = CameraRig((moved, *rig.cameras[1:]))
    found = find_people(bumped, crowd)
    assert found.turned_deg[0] == pytest.approx(degrees, abs=0.3)
    assert not any(found.turned_deg[1:])
    assert len(found.persons) == 2
    for person in found.persons:
        off = min(apart(person.xyz_m, true) for true in truth)
        assert off < 0.02
        assert (person.places[:, 0] >= 0).mean() > 0.9


def test_healthy_cameras_are_believed() -> None:
    dice = np.random.default_rng(3)
    crowd = crowd_of(RIG, crossing())
    noisy = replace(crowd, xy_px=crowd.xy_px + dice.normal(0, 4, crowd.xy_px.shape))
    assert find_people(RIG, noisy).turned_deg == (0.0,) * 4


def test_two_cameras_cannot_tell_which_of_them_is_turned() -> None:
    rig = CameraRig(RIG.cameras[:2])
    seen = look(rig, crowd_of(rig, crossing()))
    assert not slack_of(seen, Follower(seen).run()).any()
