"""What clothes tell beside geometry: learned from the take, believed as far as it tells apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from walking_people import crowd_of, walker

from studio.core.types import Crowd
from studio.vision.camera import project
from studio.vision.people.follow import Follower, Track
from studio.vision.people.looks import Look, Looks, colours_of, learn, sightings, unlike_looks
from studio.vision.people.mend import mend
from studio.vision.people.persons import find_people
from studio.vision.people.seen import look
from studio.vision.ring import ring_rig

RIG = ring_rig(4)
PATCHES = 7


def crossing() -> list[np.ndarray]:
    return [walker((-1.2, 0.2), (1.2, 0.2), 60), walker((1.2, -0.2), (-1.2, -0.2), 60)]


def dressed(crowd: Crowd, truth: list[np.ndarray], worn: np.ndarray, seed: int = 0) -> Crowd:
    """With colours (people, patches, 3), each camera's in a light of its own; who is who is told
    by where they were drawn."""
    dice = np.random.default_rng(seed)
    light = np.exp(dice.normal(0, 0.3, (4, 1)) + dice.normal(0, 0.1, (4, 3)))
    looks = np.full((*crowd.track.shape, PATCHES, 3), np.nan)
    for view, camera in enumerate(RIG.cameras):
        at = np.stack([project(camera, xyz)[:, :5].mean(1) for xyz in truth])
        for frame in range(len(crowd.times_s)):
            for place in np.flatnonzero((crowd.confidence[frame, view] > 0).any(-1)).tolist():
                here = crowd.xy_px[frame, view, place, :5].mean(0)
                who = int(
                    np.nan_to_num(np.linalg.norm(at[:, frame] - here, axis=-1), nan=1e9).argmin()
                )
                shade = np.exp(dice.normal(0, 0.1, (PATCHES, 1)))
                looks[frame, view, place] = np.clip(worn[who] * light[view] * shade, 0, 1)
    return replace(crowd, looks=looks)


def clothes(*colours: tuple[float, float, float]) -> np.ndarray:
    return np.array([np.tile(colour, (PATCHES, 1)) for colour in colours])


def learned(worn: np.ndarray) -> tuple[Crowd, list[Track], Looks | None]:
    truth = crossing()
    crowd = dressed(crowd_of(RIG, truth), truth, worn)
    tracks = Follower(look(RIG, crowd)).run()
    assert crowd.looks is not None
    return crowd, tracks, learn(colours_of(crowd.looks), crowd.times_s, tracks)


APART = clothes((0.6, 0.15, 0.15), (0.15, 0.2, 0.6))
ALIKE = clothes((0.3, 0.3, 0.35), (0.3, 0.3, 0.35))


def test_colours_tell_people_apart_whatever_the_cameras_light() -> None:
    _, tracks, looks = learned(APART)
    assert looks is not None
    one, other = (sightings(looks.told, np.array(t.frames), np.stack(t.places)) for t in tracks[:2])
    assert unlike_looks(looks, Look.of(one[:20].reshape(-1, 21)),
                        Look.of(other[20:].reshape(-1, 21))) > 2  # fmt: skip
    assert unlike_looks(looks, Look.of(one[:20].reshape(-1, 21)),
                        Look.of(one[20:].reshape(-1, 21))) < -0.5  # fmt: skip
    same = np.linalg.norm(np.nanmedian(one, 0) - np.nanmedian(one, (0, 1)), axis=-1)
    assert same.max() < 0.3


def test_where_all_are_dressed_alike_looks_tell_nothing() -> None:
    assert learned(ALIKE)[2] is None


def test_dressed_alike_changes_nothing_of_who_is_who() -> None:
    truth = crossing()
    crowd = crowd_of(RIG, truth)
    plain = find_people(RIG, crowd).persons
    told = find_people(RIG, dressed(crowd, truth, ALIKE)).persons
    for one, other in zip(plain, told, strict=True):
        np.testing.assert_array_equal(one.places, other.places)


def test_an_unknown_patch_says_nothing() -> None:
    looks = learned(APART)[2]
    assert looks is not None
    assert looks.unlike(np.full(21, np.nan), 2.0) == 0.0


def test_exchanged_identities_are_put_back_by_looks_alone() -> None:
    crowd, tracks, looks = learned(APART)
    seen = replace(look(RIG, crowd), looks=looks)
    before = [np.stack(track.places) for track in tracks]
    middle = 30
    tracks[0].exchange(tracks[1], middle)
    assert not np.array_equal(np.stack(tracks[0].places), before[0])
    assert mend(replace(seen, looks=None), tracks) == 0
    assert mend(seen, tracks) == 1
    agree = [(np.stack(t.places) == b).all(1).mean() for t, b in zip(tracks, before, strict=True)]
    assert min(agree) > 0.9
    assert mend(seen, tracks) == 0


@pytest.mark.parametrize(("worn", "people"), [(APART[:1], 1), (APART, 2)])
def test_who_comes_back_is_known_by_their_clothes(worn: np.ndarray, people: int) -> None:
    """Somebody of the same build comes after somebody left: by limbs they are one."""
    staying = walker((0, -0.8), (0.3, -0.8), 90, 0.9)
    first, second = walker((-1.2, 0.6), (1.2, 0.6), 90), walker((1.2, 0.6), (-1.2, 0.6), 90)
    first[35:] = np.nan
    second[:55] = np.nan
    grey = clothes((0.4, 0.4, 0.4))
    truth = [first, second, staying]
    both = np.concatenate([worn, worn] if people == 1 else [worn])
    told = dressed(crowd_of(RIG, truth), truth, np.concatenate([both, grey]))
    assert len(find_people(RIG, told).persons) == people + 1
