"""3D from single pictures: a motion in the world, kept by the project, written to files."""

from __future__ import annotations

import json

import numpy as np
import pytest
from dope_people import FOCAL_PX, SIZE_PX, person_m, seen_px

from studio.cli import main as doppel
from studio.core.card import find_card
from studio.core.types import Camera, Crowd, Detections, Monocular
from studio.document.data import monocular_of, motion_of
from studio.document.folder import Assets
from studio.document.project import DetectionsItem, MotionItem, RigItem
from studio.features.pose.engine import Inputs, Params
from studio.features.pose.space import Alone, motions
from studio.features.pose.step import Step
from studio.human.layouts import layout
from studio.media.films import Films
from studio.media.formats.people_json import write_people
from studio.perception.take import TakeDetections

POINTS = layout("dope_139")
FRAMES = 12
LENS = np.array([[FOCAL_PX, 0, 159.5], [0, FOCAL_PX, 119.5], [0, 0, 1]])


def truth() -> np.ndarray:
    """Somebody who goes to the right (frames, 139, 3), before the camera."""
    return np.stack([person_m(5, (-0.5 + k / FRAMES, 0.1, 3.5)) for k in range(FRAMES)])


def told(xyz: np.ndarray) -> tuple[Monocular, Detections]:
    """What a camera tells of people (frames, places, 139, 3) and sees of the first."""
    frames = len(xyz)
    times = np.arange(frames) / 30
    sure = np.where(np.isfinite(xyz[..., 0]), 0.9, 0.0)
    sizes = np.array([SIZE_PX])
    deep = Monocular(("cam",), times, POINTS, sizes, np.array([FOCAL_PX]), xyz[:, None],
                     sure[:, None])  # fmt: skip
    found = Detections(("cam",), times, POINTS, seen_px(xyz[:, :1]), sure[:, :1])
    return deep, found


def camera() -> Camera:
    """A camera 1.2 m above the floor that looks along +Y."""
    turn = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    return Camera("cam", SIZE_PX, LENS, np.zeros(0), turn, -turn @ np.array([0.0, 0.0, 1.2]))


def alone_of(deep: Monocular, found: Detections, crowd: Crowd | None = None) -> list[Alone]:
    return motions(deep, found, crowd, [camera()])


def test_a_known_camera_puts_the_person_where_they_are() -> None:
    xyz = truth()
    deep, found = told(xyz[:, None])
    (one,) = alone_of(deep, found)
    assert one.calibrated
    c = camera()
    world = (xyz - c.translation_m) @ c.rotation
    hips = one.motion.xyz_m[:, [4, 5]].mean(1)
    np.testing.assert_allclose(hips[:, 0], world[:, [4, 5], 0].mean(1), atol=0.05)
    np.testing.assert_allclose(hips[:, 1], 3.5, atol=0.25)
    shape = one.motion.xyz_m - hips[:, None]
    known = world - world[:, [4, 5]].mean(1, keepdims=True)
    np.testing.assert_allclose(shape[:, :13], known[:, :13], atol=0.03)
    thigh = np.linalg.norm(one.motion.xyz_m[:, 4] - one.motion.xyz_m[:, 2], axis=-1)
    assert np.ptp(thigh) < 1e-6
    assert np.nanmedian(one.motion.reprojection_px[:, :13]) < 3.0


def test_its_error_is_the_cards_and_says_that_one_camera_told_it() -> None:
    deep, found = told(truth()[:, None])
    (one,) = alone_of(deep, found)
    named = "synthetic: body MPJPE from the torso, as told, lifted too"
    body = next(row["value"] for row in find_card("dope").figures if row["what"] == named)
    np.testing.assert_allclose(one.motion.error_m[:, :13], body / 1000)
    assert (one.motion.error_m[:, 13:] > body / 1000).all()
    (fact,) = one.facts
    assert fact.label == "3D from one camera"
    assert f"{body:.0f} mm" in fact.text


def test_an_unknown_camera_is_level_and_the_person_stands_at_the_origin() -> None:
    deep, found = told(truth()[:, None])
    (one,) = motions(deep, found, None)
    assert not one.calibrated
    assert "assumed" in one.facts[0].blame
    ankles = one.motion.xyz_m[:, [0, 1], 2].min(1)
    assert np.median(ankles) == pytest.approx(0.08, abs=1e-6)
    np.testing.assert_allclose(np.median(one.motion.xyz_m[:, [4, 5]].mean(1), 0)[:2], 0, atol=1e-6)
    seen = one.camera.rotation @ one.motion.xyz_m[0, 4] + one.camera.translation_m
    assert seen[2] == pytest.approx(3.5, abs=0.3)


def test_everybody_has_a_motion_of_their_own_and_gaps_stay_gaps() -> None:
    first, second = truth(), truth() + np.array([0.6, 0.0, 1.5])
    second[:4] = np.nan
    first[6, 13:] = np.nan  # a frame with the body alone
    deep, found = told(np.stack([first, second], 1))
    track = np.stack([np.zeros(FRAMES, int), np.where(np.arange(FRAMES) < 4, -1, 7)], 1)[:, None]
    xy = seen_px(deep.xyz_m)
    crowd = Crowd(("cam",), found.times_s, POINTS, xy, deep.confidence, track)
    one, other = alone_of(deep, found, crowd)
    assert (one.track, other.track) == (0, 7)
    assert np.isnan(other.motion.xyz_m[:4]).all()
    assert np.isfinite(other.motion.xyz_m[4:]).all()
    assert np.isnan(one.motion.xyz_m[6, 13:]).all()
    assert np.isfinite(one.motion.xyz_m[7]).all()
    deeper = np.nanmedian(other.motion.xyz_m[..., 1]) - np.nanmedian(one.motion.xyz_m[..., 1])
    assert deeper == pytest.approx(1.5, abs=0.4)


def test_several_cameras_make_no_motion_of_one() -> None:
    deep, found = told(truth()[:, None])
    two = Monocular(("a", "b"), deep.times_s, POINTS, np.repeat(deep.sizes_px, 2, 0),
                    np.repeat(deep.focal_px, 2), np.repeat(deep.xyz_m, 2, 1),
                    np.repeat(deep.confidence, 2, 1))  # fmt: skip
    assert motions(two, found, None) == []


def test_the_project_keeps_what_was_told_and_the_motion(tmp_path) -> None:
    deep, found = told(truth()[:, None])
    result = TakeDetections(found, (1.0,), (0,), 0.0, None, deep)
    assets = Assets(tmp_path / "P.doppel" / "assets")
    params = Params(backend="dope")
    packed = Step().pack(Inputs(Films(()), "Walk"), params, result, assets, 1.0)
    item, rig, motion = packed.items
    assert isinstance(item, DetectionsItem)
    assert isinstance(rig, RigItem)
    assert isinstance(motion, MotionItem)
    assert not rig.accepted
    assert motion.rig == rig.id
    assert "single pictures" in motion.name
    kept = monocular_of(item, assets)
    assert kept is not None
    np.testing.assert_allclose(kept.xyz_m, deep.xyz_m, atol=1e-6)
    np.testing.assert_allclose(kept.focal_px, FOCAL_PX)
    (one,) = motions(deep, found, None)
    np.testing.assert_allclose(motion_of(motion, assets).xyz_m, one.motion.xyz_m, atol=1e-5)
    assert any(fact.label == "3D from one camera" for fact in packed.facts)


def test_one_file_holds_everybody_in_2d_and_3d(tmp_path) -> None:
    xyz = truth()
    xyz[3] = np.nan
    deep, found = told(xyz[:, None])
    write_people(tmp_path / "people.json", found, None, deep)
    answer = json.loads((tmp_path / "people.json").read_text("utf-8"))
    (one,) = answer["cameras"]
    assert answer["layouts"]["points_m"]["points"][12] == "head"
    assert one["focal_px"] == FOCAL_PX
    assert [len(frame["people"]) for frame in one["frames"]] == [1] * 3 + [0] + [1] * 8
    person = one["frames"][5]["people"][0]
    np.testing.assert_allclose(np.array(person["points_m"])[:, :3], xyz[5], atol=1e-4)
    np.testing.assert_allclose(np.array(person["points_px"])[:, :2], seen_px(xyz[5]), atol=0.01)
    write_people(tmp_path / "flat.json", found)
    flat = json.loads((tmp_path / "flat.json").read_text("utf-8"))
    assert "points_m" not in flat["layouts"]
    assert "points_m" not in flat["cameras"][0]["frames"][0]["people"][0]


def test_motions_are_refused_where_there_can_be_none(tmp_path, capsys) -> None:
    video = tmp_path / "cam.mp4"
    assert doppel(["pose", str(video), "--motion", str(tmp_path / "m.trc")]) != 0
    assert "--backend dope" in capsys.readouterr().err
    both = [str(video), str(tmp_path / "other.mp4"), "--backend", "dope"]
    assert doppel(["pose", *both, "--motion", str(tmp_path / "m.trc")]) != 0
    assert "one camera" in capsys.readouterr().err
