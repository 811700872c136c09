"""Bringing in footage: what is found is linked, checked, stored, and told in facts."""

import json
import time

import numpy as np
import pytest
from tests_media import film, pose, ring, write_take

from studio.cli import main
from studio.core.errors import Cancelled, StudioError
from studio.core.types import CameraRig, Detections, Frame
from studio.document.data import detections_from
from studio.document.folder import Assets, ProjectFolder
from studio.document.project import DetectionsItem, Project, RigItem, TakeItem
from studio.features.capture.engine import capture
from studio.features.capture.found import Known
from studio.features.capture.params import Params
from studio.features.capture.step import Step
from studio.human.layouts import layout
from studio.jobs import Context, run
from studio.media.formats.rigs import write_rig

NAMES = ("cam01", "cam02", "cam03")


@pytest.fixture
def session(tmp_path):
    """Three cameras, a rig that calls them cam_1 to cam_3, and detections."""
    root = tmp_path / "walk"
    for name in NAMES:
        film(root / "videos" / f"{name}.mp4", 12, (96, 64), 25)
    write_take(root / "pose", "halpe_26", 12, NAMES)
    cameras = ring(4, size_px=(96, 64), focal_px=80.0).cameras[1:]
    write_rig(root / "Calib_scene.toml", CameraRig(cameras))
    return root


def bring(*paths, known=None, **params):
    live = []
    found = run(capture(Params(paths=paths, **params), known or Known(), Context()), live.append)
    return found, live


def test_everything_is_found_and_linked(session, tmp_path):
    found, live = bring(session)
    assert all(isinstance(frame, Frame) for frame in live)
    assert [frame.camera for frame in live] == list(NAMES)
    (take,), (rig,), (detections,) = found.takes, found.rigs, found.detections
    assert take.item.name == "walk"
    assert take.item.rig == rig.item.id
    assert [clip.camera for clip in take.item.clips] == ["cam_1", "cam_2", "cam_3"]
    assert {(clip.size_px, clip.frames) for clip in take.item.clips} == {((96, 64), 12)}
    assert detections.take == take.item.id
    assert detections.detections.cameras == ("cam_1", "cam_2", "cam_3")
    assert detections.detections.layout == layout("halpe_26")
    np.testing.assert_allclose(detections.detections.times_s, np.arange(12) / 25)
    assert [fact.label for fact in found.facts] == ["Footage", "Calibration", "Detections"]
    assert all(fact.verdict == "good" for fact in found.facts)


def test_a_project_holds_what_was_found(session, tmp_path):
    assets = Assets(tmp_path / "assets")
    found, _ = bring(session)
    packed = Step().pack(Known(), Params(), found, assets, 0.1)
    project = Project().with_items(packed.items)
    project = Project.model_validate_json(project.model_dump_json())
    item = project.newest(DetectionsItem)
    back = detections_from(assets.arrays(item.data), layout(item.layout), item.cameras)
    assert isinstance(back, Detections)
    np.testing.assert_allclose(back.xy_px[3, 1], pose("halpe_26", x_px=306)[:, :2], atol=1e-3)
    assert project.newest(TakeItem).rig == project.newest(RigItem).id
    assert all(entry.facts for entry in project.items)


def test_a_rig_that_comes_later_finds_its_take(session):
    first, _ = bring(session / "videos")
    assert first.takes[0].item.rig is None
    project = Project().with_items([first.takes[0].item])
    known = Step().inputs(project, (), Assets(session / "assets"))
    second, _ = bring(session / "Calib_scene.toml", known=known)
    (take,) = second.takes
    assert take.item.id == first.takes[0].item.id
    assert take.item.rig == second.rigs[0].item.id
    assert take.item.clips[0].camera == "cam_1"
    known = Known((take.item,), (second.rigs[0].item,))
    third, _ = bring(session / "pose", known=known)
    assert third.detections[0].take == take.item.id
    assert third.detections[0].detections.times_s[1] == pytest.approx(1 / 25)


def test_videos_of_another_size_are_told_and_mended(session):
    for name in NAMES:
        film(session / "videos" / f"{name}.mp4", 12, (192, 128))
    found, _ = bring(session)
    (rig,) = found.rigs
    assert len(rig.problems) == 3
    fact = next(fact for fact in found.facts if fact.label == "Calibration")
    assert fact.verdict == "look"
    assert "192 x 128" in fact.blame
    mended, _ = bring(session, mend=True)
    assert mended.rigs[0].problems == ()
    assert {camera.size_px for camera in mended.rigs[0].item.cameras} == {(192, 128)}
    assert "detected at the calibrated size" in mended.facts[2].blame
    assert "Mended (scale)" in next(f for f in mended.facts if f.label == "Calibration").blame


def test_takes_of_different_sizes_get_a_mended_rig_each(session):
    for name in NAMES:
        film(session / "run" / f"{name}.mp4", 12, (192, 128))
    found, _ = bring(session)
    assert len(found.rigs) == 1
    assert {problem.size_px for problem in found.rigs[0].problems} == {(192, 128)}
    mended, _ = bring(session, mend=True)
    rigs = {rig.item.id: rig.item for rig in mended.rigs}
    assert len(rigs) == 2
    for take in mended.takes:
        (size,) = {clip.size_px for clip in take.item.clips}
        assert {camera.size_px for camera in rigs[take.item.rig].cameras} == {size}


def test_rates_and_lengths_that_differ_are_told(session):
    film(session / "videos" / "cam02.mp4", 13, (96, 64), 30)
    found, _ = bring(session)
    assert "Frame rates differ: cam01 has 25 Hz, cam02 30 Hz" in found.facts[0].blame
    film(session / "videos" / "cam02.mp4", 22, (96, 64), 25)
    found, _ = bring(session)
    assert "Lengths differ" in found.facts[0].blame


def test_detections_of_another_length_are_told(session):
    write_take(session / "pose", "halpe_26", 40, NAMES)
    found, _ = bring(session)
    assert "40 frames, but the videos have 12" in found.facts[2].blame


def test_an_open_question_is_a_fact_and_no_rig(session):
    write_rig(session / "camera_parameters", ring(3))
    (session / "Calib_scene.toml").unlink()
    (session / "videos" / "cam03.mp4").rename(session / "videos" / "cam00.mp4")
    found, _ = bring(session)
    (rig,) = found.open_rigs
    assert [question.topic for question in rig.imported.questions] == ["unit"]
    assert rig.item is None
    assert next(f for f in found.facts if f.label == "Calibration").verdict == "stop"
    answered, _ = bring(session, unit="m", up="z")
    assert answered.rigs[0].item.cameras[0].size_px == (96, 64)


def test_one_damaged_file_does_not_spoil_the_rest(session):
    (session / "videos" / "cam02.mp4").write_bytes(b"")
    found, _ = bring(session)
    assert len(found.takes[0].item.clips) == 2
    assert any("cam02.mp4” is empty" in text for text in found.left_out)
    with pytest.raises(StudioError, match="is empty"):
        bring(session / "videos" / "cam02.mp4")


def test_a_wrong_layout_stops_the_import(session):
    with pytest.raises(StudioError, match="coco_17 has") as caught:
        bring(session, layout="coco_17")
    assert "halpe_26" in caught.value.hint


@pytest.mark.parametrize(
    ("params", "cause"),
    [({}, "Nothing was chosen"), ({"size": "huge"}, "not a picture size")],
)
def test_params_that_make_no_sense(session, params, cause):
    paths = (session / "Calib_scene.toml",) if params else ()
    with pytest.raises(StudioError, match=cause):
        bring(*paths, **params)


def test_a_project_or_nothing_usable_is_refused(tmp_path):
    folder = ProjectFolder(tmp_path / "Dance.doppel")
    folder.save(Project())
    with pytest.raises(StudioError, match="is a Doppel project"):
        bring(folder.path)
    (tmp_path / "letter.docx").write_text("Dear")
    with pytest.raises(StudioError, match="no use for"):
        bring(tmp_path / "letter.docx")


def test_a_model_or_a_motion_is_kept_and_told_where_it_is_of_use(tmp_path):
    glb = b"glTF\x02\0\0\0\x0c\0\0\0"
    for name, content, said in (
        ("chair.glb", glb, "Try on"),
        ("walk.bvh", b"HIERARCHY\nROOT hips", "no step reads"),
    ):
        (tmp_path / name).write_bytes(content)
        found, _ = bring(tmp_path / name)
        (fact,) = found.facts
        assert (fact.text, fact.verdict) == (f"1: {name}", "look")
        assert said in fact.blame


def test_a_damaged_model_is_refused(tmp_path):
    (tmp_path / "chair.glb").write_bytes(b"glTF\x02\0\0\0\xff\0\0\0{")
    with pytest.raises(StudioError, match="cut off"):
        bring(tmp_path / "chair.glb")


def test_cancel_takes_less_than_a_second(session):
    context = Context()
    engine = capture(Params(paths=(session,)), Known(), context)
    next(engine)
    context.cancel()
    started = time.perf_counter()
    with pytest.raises(Cancelled):
        run(engine)
    assert time.perf_counter() - started < 1


# -- the command --------------------------------------------------------------------------------


def test_the_command_fills_a_project(session, tmp_path, capsys):
    project = tmp_path / "Walk.doppel"
    assert main(["capture", str(session), "--project", str(project), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["detections"][0]["layout"] == "halpe_26"
    assert told["rigs"][0]["format"] == "Pose2Sim TOML"
    items = ProjectFolder(project).open().project.items
    assert [item.kind for item in items] == ["rig", "take", "detections"]
    assert main(["capture", str(session / "videos"), "--project", str(project)]) == 0
    assert "Footage" in capsys.readouterr().out
    assert len(ProjectFolder(project).open().project.all(TakeItem)) == 2


def test_the_command_names_the_flags_that_answer(session, capsys):
    write_rig(session / "camera_parameters", ring(3))
    assert main(["capture", str(session / "camera_parameters"), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert "--unit" in told["hint"]
    assert "--size" in told["hint"]


def test_the_real_session(footage):
    folder = footage("mv_pose2sim")
    found, live = bring(folder / "single", folder / "calibration" / "Calib_qualisys.toml")
    assert len(live) == 4
    assert found.takes[0].item.rig == found.rigs[0].item.id
    assert [problem.camera for problem in found.rigs[0].problems] == ["cam_01", "cam_02"]
    assert found.detections[0].detections.cameras == ("cam_01", "cam_02", "cam_03", "cam_04")
    assert found.detections[0].detections.layout.name == "body_25b"
