"""The avatar as a feature: engine, step, command."""

import json
from dataclasses import replace

import numpy as np
import pytest

from studio.cli import main
from studio.core.errors import Cancelled, StudioError
from studio.core.resources import resource
from studio.core.types import Camera, CameraRig, Posed
from studio.document.data import motion_arrays
from studio.document.folder import Assets
from studio.document.project import AvatarItem, MotionItem, Project
from studio.features.avatar.engine import Avatar, Inputs, avatar
from studio.features.avatar.evaluate import known_body, made_up, measured
from studio.features.avatar.look import Filmed, looked_at, sights
from studio.features.avatar.params import Params
from studio.features.avatar.step import Step
from studio.human.stored import fit_from
from studio.jobs import Context, run
from studio.media.films import Film, Films
from studio.media.formats.trc import write_trc


@pytest.fixture(scope="module")
def motion():
    return made_up("body_25", 0.002, frames=6)[0]


@pytest.fixture(scope="module")
def worked(motion):
    live: list[Posed] = []
    result = run(avatar(Params(), Inputs(motion), Context()), live.append)
    return result, live


def test_the_engine_yields_posed_people_and_returns_an_animated_one(worked, motion):
    result, live = worked
    assert isinstance(result, Avatar)
    assert len(live) == len(motion) == len(result.character.animation)
    assert all(pose.character is live[0].character for pose in live)
    assert [round(pose.time_s, 6) for pose in live] == [round(t, 6) for t in motion.times_s]
    for part in result.character.parts:
        np.testing.assert_allclose(part.weights.sum(1), 1, atol=1e-5)
        assert part.joints.max() < len(result.character.armature.names)
    assert [fact.label for fact in result.facts][:2] == ["Body height", "Distance to the keypoints"]


def test_the_engine_stops_when_cancelled(motion):
    context = Context()
    work = avatar(Params(), Inputs(motion), context)
    next(work)
    context.cancel()
    with pytest.raises(Cancelled):
        next(work)


def test_the_step_packs_an_avatar_that_can_be_read_again(worked, motion, tmp_path):
    assets, step = Assets(tmp_path), Step()
    item = MotionItem(
        name="Walk in 3D", layout="body_25", data=assets.put_arrays(motion_arrays(motion))
    )
    project = Project(items=(item,))
    assert step.missing(project, ()) == ()
    inputs = step.inputs(project, (item.id,), assets)
    assert inputs.origin.name == "Walk"
    packed = step.pack(inputs, Params(), worked[0], assets, 1.0)
    (stored,) = packed.items
    assert isinstance(stored, AvatarItem)
    assert stored.motion == item.id
    again = fit_from(assets.arrays(stored.data))
    np.testing.assert_allclose(again.turns_rad, worked[0].fit.turns_rad, atol=1e-6)


def test_an_empty_project_needs_a_motion(tmp_path):
    (missing,) = Step().missing(Project(), ())
    assert missing.action == "triangulate"
    with pytest.raises(StudioError, match="motion"):
        Step().inputs(Project(), (), Assets(tmp_path))


def test_the_command_writes_both_files(motion, tmp_path, capsys):
    write_trc(tmp_path / "walk.trc", motion)
    glb, bvh = tmp_path / "out" / "a.glb", tmp_path / "out" / "a.bvh"
    code = main(
        ["avatar", "--motion", str(tmp_path / "walk.trc"), "--out", str(glb), "--bvh", str(bvh),
         "--height", "1.8", "--json"]
    )  # fmt: skip
    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert glb.read_bytes()[:4] == b"glTF"
    assert bvh.read_text().startswith("HIERARCHY")
    assert told["frames"] == len(motion)
    assert told["height_m"] == pytest.approx(1.8, abs=0.03)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--motion", "walk.trc"], "nothing to write"),
        (["--motion", "walk.trc", "--out", "a.fbx"], "a.fbx"),
        (["--motion", "walk.mp4", "--out", "a.glb"], "walk.mp4"),
        (["--motion", "gone.trc", "--out", "a.glb"], "gone.trc"),
    ],
)
def test_the_command_explains_bad_input(arguments, words, capsys):
    assert main(["avatar", *arguments]) == 1
    assert words in capsys.readouterr().err


def test_a_known_body_is_met_within_a_centimetre(footage):
    motion, truth = known_body(footage("body_makehuman_dressed") / "male_a")
    row = measured("true joints", motion, truth)
    assert row.joints_mm is not None
    assert row.joints_mm < 10


def test_films_that_are_gone_leave_the_usual_clothes_and_say_so(worked, tmp_path):
    rig = CameraRig((looking("cam1"),))
    gone = Filmed(Films((Film("cam1", tmp_path / "gone.mp4"),)), rig)
    design, note = looked_at(gone, worked[0].fit, lambda: None)
    assert design is None
    assert note.label == "Clothes"
    assert "gone.mp4" in note.text
    assert replace(worked[0], note=note).facts[-1] is note
    loose = replace(worked[0].fit, residual_m=worked[0].fit.residual_m + 0.05)
    design, note = looked_at(gone, loose, lambda: None)
    assert design is None
    assert "mm off" in note.text


def test_pictures_are_spread_over_the_take_and_belong_to_moments_of_the_fit(worked):
    folder = resource("sample")
    films = Films(tuple(Film(f"cam{k}", folder / f"cam{k}.mp4") for k in (1, 2, 9)))
    rig = CameraRig(tuple(looking(f"cam{k}") for k in (1, 2)))
    fit = replace(worked[0].fit, times_s=np.linspace(0, 4.9, len(worked[0].fit)))
    found = list(sights(Filmed(films, rig), fit, lambda: None))
    assert {one.camera.name for one in found} == {"cam1", "cam2"}
    assert len(found) == 10
    assert len({one.frame for one in found}) == 5
    assert found[0].rgb.shape == (720, 960, 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--videos", "a.mp4"], "films and cameras"), (["--rig", "rig.toml"], "films and cameras")],
)
def test_the_command_wants_films_and_their_cameras(arguments, words, motion, tmp_path, capsys):
    write_trc(tmp_path / "walk.trc", motion)
    given = ["avatar", "--motion", str(tmp_path / "walk.trc"), "--out", str(tmp_path / "a.glb")]
    assert main([*given, *arguments]) == 1
    assert words in capsys.readouterr().err


def looking(name):
    """A camera 3 m before the origin."""
    turn = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    matrix = np.array([[900.0, 0, 480], [0, 900, 360], [0, 0, 1]])
    return Camera(name, (960, 720), matrix, np.zeros(0), turn, np.array([0, 1.0, 3.0]))
