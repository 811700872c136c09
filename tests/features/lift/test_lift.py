"""Lifting as an engine, a step, a command."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.core.errors import Cancelled, StudioError
from studio.core.types import Camera, Crowd, Detections, Motion, Skeleton
from studio.document.data import crowd_arrays, detections_arrays, motion_arrays, motion_from
from studio.document.folder import Assets
from studio.document.project import (
    CameraItem,
    Clip,
    DetectionsItem,
    MotionItem,
    Project,
    Recipe,
    RigItem,
    TakeItem,
)
from studio.features.lift.command import main as command
from studio.features.lift.engine import METHODS, OUT, Inputs, lift
from studio.features.lift.film import assumed
from studio.features.lift.finish import STATURE, stature_m
from studio.features.lift.params import Params
from studio.features.lift.pose_errors import distance
from studio.features.lift.several import Everybody
from studio.features.lift.several import lift as lift_all
from studio.features.lift.step import Step
from studio.human.layouts import layout
from studio.jobs import Context, run
from studio.media.formats.trc import read_trc
from studio.synth.moving.bodies import TARGET, Bodies, turn_matrices
from studio.synth.moving.keyposes import MOVING
from studio.vision.camera import project
from studio.vision.report import rigid_bones
from studio.vision.ring import ring_rig
from studio.vision.trajectory import bone_spread

FRAMES = 40


@pytest.fixture(scope="module")
def truth():
    """Somebody who swings their arms and turns on the spot, 1.5 s at 30 Hz."""
    bodies = Bodies("test", 2)
    time = torch.arange(FRAMES) / 30
    q = torch.zeros(1, FRAMES, len(MOVING), 4)
    q[..., 3] = 1.0
    for side, sign in (("L", 1.0), ("R", -1.0)):
        q[..., MOVING.index(f"upperarm01.{side}"), 0] = sign * 0.3 * torch.sin(3 * time)
        q[..., MOVING.index(f"lowerleg01.{side}"), 0] = 0.15 * (1 + sign * torch.sin(3 * time))
    q[..., 0, 2] = 0.2 * torch.sin(time)
    points = bodies.pose(torch.tensor([0]), turn_matrices(q), torch.zeros(1, FRAMES, 52))
    xyz = points[0, :, : len(TARGET)].double().numpy()
    xyz[..., 2] -= xyz[..., 2].min()
    nil = np.zeros(xyz.shape[:2])
    return Motion(OUT, np.arange(FRAMES) / 30, xyz, nil, nil, nil.astype(int), nil > 0)


@pytest.fixture(scope="module")
def rig():
    return ring_rig(3)


@pytest.fixture(scope="module")
def found(truth, rig):
    rng = np.random.default_rng(0)
    xy = np.stack([project(c, truth.xyz_m) for c in rig.cameras], 1)
    xy += rng.normal(0, 0.5, xy.shape)
    return Detections(rig.names, truth.times_s, OUT, xy, np.full(xy.shape[:3], 0.9))


@pytest.fixture(scope="module")
def lifted(found, rig, truth):
    live = []
    inputs = Inputs(found, rig.cameras, truth=truth)
    return run(lift(Params(camera=rig.names[0]), inputs, Context()), live.append), live


def test_a_calibrated_camera_lifts_into_the_world(lifted, truth):
    result, live = lifted
    motion = result.motion
    assert result.calibrated
    assert np.isfinite(motion.xyz_m).all()
    off = distance(motion, truth)
    assert off.aligned_mm < 80
    assert off.rooted_mm < 130
    assert off.placed_mm < 800  # one camera cannot tell a small person from a distant one
    assert off.frames == FRAMES
    assert result.facts[0].label == "From triangulated"
    assert [s.time_s for s in live] == pytest.approx(truth.times_s)
    assert all(isinstance(s, Skeleton) and np.isfinite(s.xyz_m).all() for s in live)


def test_bones_are_fixed_and_both_sides_alike(lifted, found, rig):
    limbs = rigid_bones(OUT)
    assert bone_spread(lifted[0].motion.xyz_m, limbs).max() < 1e-6
    loose = run(lift(Params(camera=rig.names[0], fixed_bones=False, compare=False),
                     Inputs(found, rig.cameras), Context()))  # fmt: skip
    assert bone_spread(loose.motion.xyz_m, limbs).max() > 1e-4
    assert [row.method for row in loose.compared] == ["recurrent"]


def test_ways_are_compared_in_one_order(lifted):
    rows = lifted[0].compared
    assert tuple(row.method for row in rows) == METHODS
    assert all(row.off is not None and row.reprojection_px > 0 for row in rows)
    assert all(row.fact().label.endswith(row.method) for row in rows)


def test_a_known_height_scales_the_person(found, rig):
    made = {}
    for height in (1.5, 1.9):
        params = Params(camera=rig.names[0], compare=False, height_m=height)
        result = run(lift(params, Inputs(found, rig.cameras), Context()))
        made[height] = stature_m(result.motion.xyz_m)
        assert "taller" in " ".join(result.notes)
    assert made[1.5] == pytest.approx(1.5, rel=0.02)
    assert made[1.9] == pytest.approx(1.9, rel=0.02)
    assert STATURE > 1


def test_without_calibration_the_person_stands_on_the_floor(found):
    size = ((found.cameras[0], (1920, 1080)),)
    inputs = Inputs(found, sizes_px=size)
    live = []
    params = Params(camera=found.cameras[0], compare=False)
    result = run(lift(params, inputs, Context()), live.append)
    xyz = result.motion.xyz_m
    assert not result.calibrated
    feet = xyz[:, list(OUT.parts["feet"]), 2].min(1)
    assert abs(np.quantile(feet, 0.05)) < 1e-6
    head, pelvis = OUT.index("nose"), OUT.index("pelvis")
    assert (xyz[:, head, 2] > xyz[:, pelvis, 2] + 0.3).all()
    assert np.abs(np.median(xyz[:, pelvis, :2], axis=0)).max() < 1e-6
    first = live[0].xyz_m
    assert np.linalg.norm(first[pelvis] - xyz[0, pelvis]) < 0.5  # live ones stand there too
    seen = project(result.camera, xyz)
    off = np.linalg.norm(seen - found.xy_px[:, 0], axis=-1)[:, :25]
    assert np.median(off) == pytest.approx(np.nanmedian(result.motion.reprojection_px[:, :25]))
    assert any("not calibrated" in note for note in result.notes)


def test_the_field_of_view_decides_how_far_away_somebody_is(found):
    away = {}
    for angle in (30.0, 80.0):
        params = Params(camera=found.cameras[0], compare=False, field_of_view_deg=angle)
        result = run(lift(params, Inputs(found), Context()))
        away[angle] = np.linalg.norm(result.camera.centre_m)
    assert away[30.0] > 2 * away[80.0]


def test_an_assumed_camera_spans_its_angle():
    camera = assumed("phone", (1080, 1920), 60.0)
    assert 2 * np.degrees(np.arctan(1920 / 2 / camera.matrix[1, 1])) == pytest.approx(60)
    assert camera.rotation @ [0, 1, 0] == pytest.approx([0, 0, 1])


def test_frames_without_a_body_are_gaps(found, rig):
    sure = found.confidence.copy()
    sure[10:20, 0] = 0.0
    params = Params(camera=rig.names[0], compare=False)
    result = run(lift(params, Inputs(replace(found, confidence=sure), rig.cameras), Context()))
    there = np.isfinite(result.motion.xyz_m).all((1, 2))
    assert there.tolist() == [True] * 10 + [False] * 10 + [True] * (FRAMES - 20)
    assert result.facts[-1].verdict == "look"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"camera": "nobody"}, "no camera"),
        ({"min_confidence": 0.95}, "sees no body"),
    ],
)
def test_what_cannot_be_lifted_is_told(found, rig, change, said):
    with pytest.raises(StudioError, match=said):
        run(lift(Params(**change), Inputs(found, rig.cameras), Context()))


def test_it_can_be_cancelled(found, rig):
    context = Context()
    context.cancel()
    with pytest.raises(Cancelled):
        run(lift(Params(), Inputs(found, rig.cameras), context))


def test_distances_know_a_turned_and_scaled_twin(truth):
    turn = np.array([[0, -1.0, 0], [1, 0, 0], [0, 0, 1]])
    twin = replace(truth, xyz_m=1.1 * truth.xyz_m @ turn.T + [1.0, 2.0, 0.0])
    off = distance(twin, truth)
    assert off.aligned_mm == pytest.approx(0, abs=1e-6)
    assert off.rooted_mm > 100
    assert off.placed_mm > 1000
    later = replace(truth, times_s=truth.times_s + 100)
    assert distance(later, truth) is None


def _project(found: Detections, rig, assets: Assets, accepted: bool = True) -> Project:
    made = replace_rig(RigItem.of("rig", rig), accepted)
    clips = tuple(Clip(camera=c, path=f"{c}.mp4", size_px=(1280, 720), rate_hz=30, frames=FRAMES)
                  for c in found.cameras)  # fmt: skip
    take = TakeItem(name="take", clips=clips, rig=made.id)
    item = DetectionsItem(name="dance", take=take.id, layout=OUT.name, cameras=found.cameras,
                          data=assets.put_arrays(detections_arrays(found)))  # fmt: skip
    return Project(items=(made, take, item))


def replace_rig(rig: RigItem, accepted: bool) -> RigItem:
    return rig.model_copy(update={"accepted": accepted})


def test_the_step_packs_a_motion_like_triangulation_does(found, rig, truth, tmp_path):
    assets, step = Assets(tmp_path), Step()
    project = _project(found, rig, assets)
    detections = project.newest(DetectionsItem)
    three = MotionItem(name="three", take=detections.take, layout=OUT.name,
                       data=assets.put_arrays(motion_arrays(truth)),
                       recipe=Recipe(feature="triangulate", params={}))  # fmt: skip
    project = project.with_items([three])
    assert step.missing(project, ()) == ()
    inputs = step.inputs(project, (), assets)
    assert inputs.truth is not None
    assert [c.name for c in inputs.cameras] == list(rig.names)
    params = Params(camera=rig.names[1], compare=False)
    result = run(lift(params, inputs, Context()))
    packed = step.pack(inputs, params, result, assets, 1.0)
    (item,) = packed.items
    assert isinstance(item, MotionItem)
    assert item.rig == project.newest(RigItem).id
    assert item.recipe.feature == "lift"
    again = motion_from(assets.arrays(item.data), layout(item.layout))
    assert again.xyz_m == pytest.approx(result.motion.xyz_m, abs=1e-5)
    assert packed.facts[0].label == "From triangulated"


def test_an_assumed_camera_enters_the_project_but_is_not_trusted(found, rig, tmp_path):
    assets, step = Assets(tmp_path), Step()
    project = _project(found, rig, assets, accepted=False)
    inputs = step.inputs(project, (), assets)
    assert inputs.cameras == ()
    assert dict(inputs.sizes_px)[rig.names[0]] == (1280, 720)
    result = run(lift(Params(compare=False), inputs, Context()))
    packed = step.pack(inputs, Params(), result, assets, 1.0)
    made = next(item for item in packed.items if isinstance(item, RigItem))
    motion = next(item for item in packed.items if isinstance(item, MotionItem))
    assert not made.accepted
    assert motion.rig == made.id
    assert made.cameras == (CameraItem.of(result.camera),)
    after = project.with_items(packed.items)
    assert after.usable_rig() is None
    assert step.inputs(after, (), assets).cameras == ()


def test_the_command_reads_what_doppel_pose_writes(found, tmp_path, capsys):
    source = tmp_path / "detections.npz"
    np.savez(source, cameras=np.array(found.cameras), layout=np.array(OUT.name),
             times_s=found.times_s, xy_px=found.xy_px, confidence=found.confidence)  # fmt: skip
    out = tmp_path / "lifted.trc"
    command(source, out, size=(1280, 720), json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["frames"] == FRAMES
    assert not told["calibrated"]
    assert {row["method"] for row in told["ways"]} == set(METHODS)
    assert len(read_trc(out)) == FRAMES
    command(source, tmp_path / "lifted.csv", size=(1280, 720), params=Params(compare=False))
    assert "Reprojection" in capsys.readouterr().out


def test_the_command_refuses_what_it_cannot_read_or_write(found, tmp_path):
    bad = tmp_path / "bad.npz"
    bad.write_bytes(b"no")
    with pytest.raises(StudioError, match="holds no detections"):
        command(bad, tmp_path / "out.trc")
    with pytest.raises(StudioError, match="have no bones"):
        command(bad, tmp_path / "out.bvh")


def test_one_calibrated_camera_is_that_of_the_one_video(found):
    from studio.features.lift.command import _named

    one = replace(
        found, cameras=found.cameras[:1], xy_px=found.xy_px[:, :1],
        confidence=found.confidence[:, :1],
    )  # fmt: skip
    camera = Camera("int_cam", (1280, 720), np.eye(3), np.zeros(0), np.eye(3), np.zeros(3))
    assert _named((camera,), one)[0].name == one.cameras[0]
    assert _named((camera,), found) == (camera,)


def test_nothing_goes_on_over_a_cut(found, rig):
    """One camera, then another in the same film: the second shot is what it is alone."""
    half = FRAMES // 2
    xy = found.xy_px[:, :1].copy()
    xy[half:, 0] = 0.8 * found.xy_px[half:, 1] + [150.0, -60.0]
    film = replace(found, cameras=("film",), xy_px=xy, confidence=found.confidence[:, :1])
    params = Params(compare=False, fixed_bones=False, follow=0)
    sizes = (("film", (1920, 1080)),)
    whole = run(lift(params, Inputs(film, sizes_px=sizes), Context()))
    assert [start for start, _ in whole.shots] == [0, half]
    assert any("cut 1 time." in note for note in whole.notes)
    later = replace(film, times_s=film.times_s[half:], xy_px=xy[half:],
                    confidence=film.confidence[half:])  # fmt: skip
    alone = run(lift(params, Inputs(later, sizes_px=sizes), Context()))
    ours = whole.motion.xyz_m[half:] - whole.motion.xyz_m[half:, [OUT.index("pelvis")]]
    theirs = alone.motion.xyz_m - alone.motion.xyz_m[:, [OUT.index("pelvis")]]
    assert ours[:, :25] == pytest.approx(theirs[:, :25], abs=0.02)
    for start, camera in whole.shots:
        seen = project(camera, whole.motion.xyz_m[start : start + half, :25])
        off = np.linalg.norm(seen - xy[start : start + half, 0, :25], axis=-1)
        assert np.median(off) < 0.04 * 1920


@pytest.fixture(scope="module")
def crowd(truth, rig):
    """Two people, one a metre and a half beside the other, who comes late; and a passer-by."""
    beside = truth.xyz_m + np.array([1.5, 0.0, 0.0])
    xy = np.stack([project(rig.cameras[0], xyz) for xyz in (truth.xyz_m, beside)], 1)[:, None]
    sure = np.full(xy.shape[:-1], 0.9)
    track = np.tile([3, 8], (FRAMES, 1, 1))
    xy[:10, 0, 1], sure[:10, 0, 1], track[:10, 0, 1] = np.nan, 0.0, -1
    track[:4, 0, 1], sure[:4, 0, 1], xy[:4, 0, 1] = 11, 0.9, 400.0 + xy[20:24, 0, 1]
    return Crowd(rig.names[:1], truth.times_s, OUT, xy, sure, track)


def _inputs(crowd, rig, cameras=()):
    main = Detections(crowd.cameras, crowd.times_s, OUT, crowd.xy_px[:, :, 0],
                      crowd.confidence[:, :, 0])  # fmt: skip
    return Inputs(main, cameras, ((crowd.cameras[0], (1920, 1080)),), crowd=crowd)


@pytest.mark.parametrize("calibrated", [True, False])
def test_several_people_are_lifted_into_one_world(crowd, rig, calibrated):
    inputs = _inputs(crowd, rig, rig.cameras if calibrated else ())
    made = run(lift_all(Params(people=0, compare=False), inputs, Context()))
    assert isinstance(made, Everybody)
    assert made.facts[0].text.startswith("2 people")
    one, two = made.persons
    there = np.isfinite(two.motion.xyz_m).all((1, 2))
    assert there.tolist() == [False] * 10 + [True] * (FRAMES - 10)
    assert two.camera == one.camera
    gap = (two.motion.xyz_m - one.motion.xyz_m)[20:, OUT.index("pelvis")]
    assert 0.7 < np.median(np.linalg.norm(gap, axis=1)) < 2.6
    for place, person in enumerate(made.persons):
        seen = project(person.camera, person.motion.xyz_m[20:, :25])
        off = np.linalg.norm(seen - crowd.xy_px[20:, 0, place, :25], axis=-1)
        assert np.median(off) < 0.03 * 1920


def test_the_main_person_is_lifted_alone_where_one_is_wanted(crowd, rig):
    made = run(lift_all(Params(compare=False), _inputs(crowd, rig), Context()))
    assert not isinstance(made, Everybody)
    limited = run(lift_all(Params(people=2, compare=False), _inputs(crowd, rig), Context()))
    assert isinstance(limited, Everybody)
    assert len(limited.persons) == 2


def test_each_of_several_people_becomes_an_item(crowd, rig, tmp_path):
    assets, step = Assets(tmp_path), Step()
    made = replace_rig(RigItem.of("rig", rig), accepted=True)
    clips = (Clip(camera=rig.names[0], path="a.mp4", size_px=(1280, 720), rate_hz=30,
                  frames=FRAMES),)  # fmt: skip
    take = TakeItem(name="take", clips=clips, rig=made.id)
    main = _inputs(crowd, rig).detections
    item = DetectionsItem(name="dance", take=take.id, layout=OUT.name, cameras=main.cameras,
                          data=assets.put_arrays(detections_arrays(main)),
                          people=assets.put_arrays(crowd_arrays(crowd)))  # fmt: skip
    inputs = step.inputs(Project(items=(made, take, item)), (), assets)
    params = Params(people=0, compare=False)
    result = run(lift_all(params, inputs, Context()))
    packed = step.pack(inputs, params, result, assets, 1.0)
    motions = [m for m in packed.items if isinstance(m, MotionItem)]
    assert [m.person.number for m in motions] == [1, 2]
    assert len({m.person.group for m in motions}) == 1
    assert {m.rig for m in motions} == {made.id}
    assert all(m.facts[0].label == "People" for m in motions)


def test_the_command_follows_the_main_of_several_people_in_files(crowd, rig, tmp_path, capsys):
    people = [
        [*np.nan_to_num(np.concatenate([crowd.xy_px[f, 0, p],
                                        crowd.confidence[f, 0, p, :, None]], -1)).ravel()]
        for f in range(FRAMES) for p in (0, 1)
    ]  # fmt: skip
    folder = tmp_path / "cam_json"
    folder.mkdir()
    for f in range(FRAMES):
        told = [{"pose_keypoints_2d": row[:75]} for row in people[2 * f : 2 * f + 2]]
        (folder / f"cam_{f:012d}_keypoints.json").write_text(json.dumps({"people": told}))
    command(folder, tmp_path / "out.trc", size=(1280, 720), json=True,
            params=Params(people=1, compare=False))  # fmt: skip
    assert json.loads(capsys.readouterr().out)["frames"] == FRAMES
    assert (tmp_path / "out.trc").is_file()
