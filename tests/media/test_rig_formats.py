"""Rig formats: round trips, real files, questions instead of guesses, and damaged files."""

import contextlib
import json
import uuid
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rigs import assert_same, built, looking, ring, specs
from scipy.spatial.transform import Rotation

from studio.core.errors import StudioError
from studio.core.frames import extrinsics_from_world, extrinsics_to_world
from studio.core.types import CameraRig
from studio.media.formats.rigs import convert_rig, format_of, read_rig, write_rig
from studio.media.formats.rigs.lenses import read_lenses
from studio.media.formats.rigs.model import metres_in

# file name -> what must be said about unit, up and size to read it back
WRITTEN = {
    "camera_array.toml": {"up": "z"},
    "Calib_scene.toml": {},
    "calibration.toml": {"up": "z", "unit": "m"},
    "Calib.qca.txt": {},
    "calibration_panoptic.json": {},
    "scene.rig.json": {},
    "scene.yml": {"up": "z"},
    "scene.xml": {"up": "z"},
}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("name", WRITTEN)
@given(spec=specs)
def test_what_is_written_is_read_back(tmp_path, name, spec):
    rig = built(spec)
    path = tmp_path / uuid.uuid4().hex / name
    write_rig(path, rig)
    found = read_rig(path, **WRITTEN[name])
    numbered = name == "camera_array.toml"
    assert_same(found.rig, rig, names=not numbered)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spec=specs)
def test_handpose3d_folders_are_read_back(tmp_path, spec):
    rig = built(spec)
    path = tmp_path / uuid.uuid4().hex / "camera_parameters"
    write_rig(path, rig)
    sizes = {f"cam{i}": camera.size_px for i, camera in enumerate(rig.cameras)}
    for place in (path, path.parent, path / "c0.dat"):
        assert_same(read_rig(place, up="z", unit="m", size=sizes).rig, rig, names=False)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spec=specs, up=st.sampled_from(["x", "y", "z", "-x", "-y", "-z"]), unit=st.sampled_from(
    ["m", "cm", "mm", "2.5cm"]))  # fmt: skip
def test_any_axes_and_unit_come_to_the_same_world(tmp_path, spec, up, unit):
    """A rig written in foreign axes and unit by a slow twin is the same rig after import."""
    rig = built(spec)
    path = tmp_path / f"{uuid.uuid4().hex}.toml"
    lines = []
    for camera in rig.cameras:
        rotation, translation = extrinsics_from_world(camera.rotation, camera.translation_m, up)
        lines += [
            f"[{camera.name}]",
            f'name = "{camera.name}"',
            f"size = {list(camera.size_px)}",
            f"matrix = {camera.matrix.tolist()}",
            f"distortions = {camera.distortion.tolist()}",
            f"rotation = {Rotation.from_matrix(rotation).as_rotvec().tolist()}",
            f"translation = {(translation / metres_in(unit)).tolist()}",
        ]
    path.write_text("\n".join(lines))
    assert_same(read_rig(path, up=up, unit=unit).rig, rig)


def test_no_camera_is_lost_where_a_format_knows_fewer_letters(tmp_path):
    names = ("cam-1", "cam_1", "cam 1", "7", "Kamera ü")
    rig = CameraRig(tuple(replace(c, name=n) for c, n in zip(ring(5).cameras, names, strict=True)))
    for name in ("a.yml", "a.xml"):
        write_rig(tmp_path / name, rig)
        assert_same(read_rig(tmp_path / name, up="z").rig, rig, names=False)
    write_rig(tmp_path / "a.rig.json", rig)
    assert read_rig(tmp_path / "a.rig.json").rig.names == names


def test_fisheye_survives_where_the_format_knows_it(tmp_path):
    camera = replace(
        looking("cam_0", (3, 0, 1.5)), lens="fisheye", distortion=np.array([0.1, 0, 0, 0.01])
    )
    rig = CameraRig((camera, replace(looking("cam_1", (0, 3, 1.5)), distortion=np.zeros(0))))
    for name in ("camera_array.toml", "Calib_a.toml", "calibration.toml", "a.rig.json"):
        write_rig(tmp_path / name, rig)
        back = read_rig(
            tmp_path / name,
            **WRITTEN.get(name, {}),
        ).rig
        assert back.cameras[0].lens == "fisheye"
        np.testing.assert_allclose(back.cameras[0].distortion, camera.distortion)
    for name in ("a.qca.txt", "a_panoptic.json", "a.yml"):
        with pytest.raises(StudioError, match="cannot hold the lens"):
            write_rig(tmp_path / name, rig)


# -- real files ---------------------------------------------------------------------------------


def test_qualisys_and_pose2sim_agree(footage):
    folder = footage("mv_pose2sim") / "calibration"
    qualisys, pose2sim = (
        read_rig(folder / "Calib.qca.txt"),
        read_rig(folder / "Calib_qualisys.toml"),
    )
    assert (qualisys.format, pose2sim.format) == ("Qualisys calibration", "Pose2Sim TOML")
    assert qualisys.rig.names == ("cam01", "cam02", "cam03", "cam04")
    assert_same(qualisys.rig, pose2sim.rig, names=False)
    assert all(1.5 < camera.centre_m[2] < 2.2 for camera in qualisys.rig.cameras)


def test_a_published_trc_fits_the_rig_only_with_its_axes_swapped(footage):
    """Pose2Sim's calibration is Z up, its TRC Y up: (x, y, z) is written as (y, z, x)."""
    from studio.media.formats.openpose import read_detections
    from studio.vision.camera import project

    folder = footage("mv_pose2sim")
    rig = read_rig(folder / "calibration/Calib_qualisys.toml").rig
    lines = (folder / "reference_run_0.10.49/single_0-99.trc").read_text().splitlines()
    names = lines[3].split("\t")[2::3]
    row = next(line for line in lines[5:] if line.strip()).split("\t")
    at = 2 + 3 * names.index("RHip")
    written = np.array([float(value) for value in row[at : at + 3]])
    world = written[[2, 0, 1]]
    seen = read_detections(folder / "single/pose", "body_25b", rate_hz=60)
    hip = seen.xy_px[0, :, seen.layout.index("right_hip")]

    def off(point):
        pairs = zip(rig.cameras, hip, strict=True)
        return np.median([np.linalg.norm(project(c, point[None])[0] - xy) for c, xy in pairs])

    assert off(world) < 30 < 100 < off(written)


def test_caliscope_up_comes_from_pictures_that_agree_or_is_asked(footage):
    sessions = footage("calib_caliscope") / "sessions"
    sure = read_rig(sessions / "4_cam_recording/camera_array.toml")
    assert not sure.questions
    assert any("up axis" in note and "x within 4°" in note for note in sure.notes)
    assert sure.rig.names == ("cam_0", "cam_1", "cam_2", "cam_3")
    assert all(camera.centre_m[2] > -0.01 for camera in sure.rig.cameras)
    unsure = read_rig(sessions / "post_optimization/camera_array.toml")
    assert [question.topic for question in unsure.questions] == ["up"]
    with pytest.raises(StudioError, match="28° off") as caught:
        _ = unsure.rig
    assert "--up" in caught.value.hint
    answered = read_rig(sessions / "post_optimization/camera_array.toml", up="z")
    assert_same(answered.rig, unsure.provisional)


def test_caliscope_old_and_new_forms_agree(footage):
    folder = footage("calib_caliscope") / "sessions/post_optimization"
    old, new = folder / "config.toml", folder / "camera_array.toml"
    assert_same(read_rig(old, up="z").rig, read_rig(new, up="z").rig)


def test_handpose3d_leaves_unit_and_size_open(footage):
    folder = footage("mv_hand_temugeb")
    found = read_rig(folder)
    assert [question.topic for question in found.questions] == ["unit", "size"]
    with pytest.raises(StudioError) as caught:
        _ = found.rig
    assert "--unit" in caught.value.hint
    assert "--size" in caught.value.hint
    rig = read_rig(folder, unit="30mm", size=(720, 720)).rig
    assert np.linalg.norm(rig.cameras[0].centre_m - rig.cameras[1].centre_m) == pytest.approx(
        12.52 * 0.03, rel=1e-3
    )
    assert rig.cameras[0].size_px == (720, 720)
    assert all(camera.centre_m[2] > 0 for camera in rig.cameras)


def test_a_lens_alone_is_no_rig(footage):
    from studio.media.formats.rigs.opencv import read_intrinsics

    folder = footage("calib_opencv_stereo")
    for name in ("intrinsics.yml", "left_intrinsics.yml"):
        with pytest.raises(StudioError, match="lens only"):
            read_rig(folder / name)
    with pytest.raises(StudioError, match="not a camera rig"):
        read_rig(folder / "stereo_calib.xml")
    left, right = read_intrinsics(folder / "intrinsics.yml")
    assert left.matrix[0, 0] == pytest.approx(534.80, abs=0.01)
    assert right.distortion[0] == pytest.approx(-0.1692, abs=1e-4)
    (single,) = read_intrinsics(folder / "left_intrinsics.yml")
    assert single.size_px == (640, 480)


# -- forms of OpenCV ----------------------------------------------------------------------------


def _storage(path, **values):
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    for name, value in values.items():
        storage.write(name, value)
    storage.release()


@pytest.mark.parametrize("opened", ["intrinsics.yml", "extrinsics.yml", "."])
def test_a_stereo_pair_asks_for_its_unit_and_up(tmp_path, opened):
    k = np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])
    _storage(tmp_path / "intrinsics.yml", M1=k, D1=np.zeros((1, 5)), M2=k, D2=np.full((1, 5), 0.01))
    turn = cv2.Rodrigues(np.array([0, 0.2, 0.0]))[0]
    _storage(tmp_path / "extrinsics.yml", R=turn, T=np.array([[-3.3], [0], [0]]))
    found = read_rig(tmp_path / opened)
    assert found.format == "OpenCV YAML/XML"
    assert [question.topic for question in found.questions] == ["up", "size"]
    assert found.questions[0].likely == "-y"
    rig = read_rig(tmp_path / opened, unit="25mm", up="-y", size=(640, 480)).rig
    gap = rig.cameras[1].centre_m - rig.cameras[0].centre_m
    assert np.linalg.norm(gap) == pytest.approx(3.3 * 0.025)
    assert rig.cameras[0].rotation @ [0, 0, 1] == pytest.approx([0, -1, 0])


def test_named_matrices_in_two_files(tmp_path):
    rig = ring(3)
    lens, pose = {}, {}
    for camera in rig.cameras:
        lens |= {f"K_{camera.name}": camera.matrix, f"dist_{camera.name}": np.zeros((5, 1))}
        pose |= {
            f"R_{camera.name}": cv2.Rodrigues(camera.rotation)[0],
            f"T_{camera.name}": camera.translation_m[:, None],
        }
    _storage(tmp_path / "intri.yml", **lens)
    _storage(tmp_path / "extri.yml", **pose)
    found = read_rig(tmp_path / "extri.yml", size=(1280, 720))
    assert_same(found.rig, rig)
    assert any("up axis" in note for note in found.notes)


# -- nothing is guessed -------------------------------------------------------------------------


def _aniposelib(path, rig, scale=1.0, up="z"):
    lines = []
    for camera in rig.cameras:
        rotation, translation = extrinsics_from_world(camera.rotation, camera.translation_m, up)
        lines += [
            f"[{camera.name}]",
            f"size = {list(camera.size_px)}",
            f"matrix = {camera.matrix.tolist()}",
            f"rotation = {rotation.tolist()}",
            f"translation = {(translation * scale).tolist()}",
        ]
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize(
    ("scale", "radius_m", "asked", "said"),
    [
        (1, 3.0, False, "metres"),
        (1000, 3.5, False, "millimetres"),
        (1000, 0.9, True, ""),
        (100, 1.5, True, ""),
        (39.37, 0.0, True, ""),
    ],
)
def test_units_are_found_only_where_one_alone_is_believable(tmp_path, scale, radius_m, asked, said):
    rig = ring(4, radius_m=radius_m, height_m=1.5) if radius_m else ring(4, radius_m=2.0)
    found = read_rig(_aniposelib(tmp_path / "a.toml", rig, scale), up="z")
    assert bool(found.questions) == (asked or (scale == 1000 and radius_m == 3.5 and False))
    if asked:
        assert {value for value, _ in found.questions[0].choices} <= {"m", "cm", "mm"}
        assert "apart" in found.questions[0].evidence
    else:
        assert any(f"read as {said}" in note for note in found.notes)
        np.testing.assert_allclose(
            found.rig.cameras[0].centre_m, rig.cameras[0].centre_m, atol=1e-9
        )


@pytest.mark.parametrize("up", ["x", "y", "z", "-x", "-y", "-z"])
def test_up_is_found_from_upright_pictures(tmp_path, up):
    rig = ring(4, radius_m=3)
    found = read_rig(_aniposelib(tmp_path / "a.toml", rig, 1.0, up))
    assert_same(found.rig, rig)
    assert any(f"agree on {up} " in note for note in found.notes)


def test_up_is_asked_if_cameras_disagree_or_look_the_same_way(tmp_path):
    upright = ring(4)
    hanging = [
        replace(c, rotation=np.diag([-1.0, -1, 1]) @ c.rotation,
                translation_m=np.diag([-1.0, -1, 1]) @ c.translation_m)
        for c in upright.cameras[:2]
    ]  # fmt: skip
    mixed = CameraRig((*hanging, *upright.cameras[2:]))
    side_by_side = CameraRig(
        (looking("a", (0, -3, 1), (0, 0, 1)), looking("b", (0.3, -3, 1), (0.3, 0, 1)))
    )
    for rig in (mixed, side_by_side):
        found = read_rig(_aniposelib(tmp_path / "a.toml", rig), unit="m")
        assert [question.topic for question in found.questions] == ["up"]


def test_home_made_json_names_its_unit_or_is_asked(tmp_path):
    rig = ring(4, radius_m=1.0, height_m=1.0)
    cameras = [
        {"name": c.name, "K": c.matrix.tolist(), "R": c.rotation.tolist(),
         "t": (c.translation_m * 100).tolist(), "width": 1280, "height": 720}
        for c in rig.cameras
    ]  # fmt: skip
    path = tmp_path / "cameras.json"
    path.write_text(json.dumps({"cameras": cameras}))
    assert format_of(path) == "JSON with K, R, t"
    assert [question.topic for question in read_rig(path).questions] == ["unit"]
    path.write_text(json.dumps({"convention": "x = K(RX+t), centimetres", "cameras": cameras}))
    found = read_rig(path)
    assert_same(found.rig, rig)
    assert any("cm" in note or "centimetre" in note for note in found.notes)


def test_panoptic_is_in_centimetres_and_y_down(tmp_path):
    path = tmp_path / "calibration_dance.json"
    level = {
        "name": "00_00", "type": "hd", "resolution": [1920, 1080], "panel": 0, "node": 0,
        "K": [[1400, 0, 960], [0, 1400, 540], [0, 0, 1]], "distCoef": [0.1, 0, 0, 0, 0],
        "R": np.eye(3).tolist(), "t": [[0], [120], [300]],
    }  # fmt: skip
    path.write_text(json.dumps({"cameras": [level]}))
    camera = read_rig(path).rig.cameras[0]
    np.testing.assert_allclose(camera.centre_m, [0, -3, 1.2], atol=1e-12)
    np.testing.assert_allclose(camera.rotation @ [0, 0, 1], [0, -1, 0], atol=1e-12)


def test_an_answer_must_make_sense(tmp_path):
    path = _aniposelib(tmp_path / "a.toml", ring(3))
    for wrong in ("furlong", "-3mm", "0mm", "mm mm", ""):
        with pytest.raises(StudioError, match="unit"):
            read_rig(path, unit=wrong, up="z")
    with pytest.raises(StudioError, match="not an axis"):
        read_rig(path, unit="m", up="up")


def test_caliscope_cameras_that_are_not_ready_are_left_out_and_named(tmp_path):
    write_rig(tmp_path / "camera_array.toml", ring(3))
    text = (tmp_path / "camera_array.toml").read_text()
    text = text.replace("ignore = false", "ignore = true", 1)
    text += "\n[cameras.7]\ncam_id = 7\nsize = [640, 480]\n"
    (tmp_path / "camera_array.toml").write_text(text)
    found = read_rig(tmp_path / "camera_array.toml")
    assert found.rig.names == ("cam_1", "cam_2")
    assert any("ignore" in note for note in found.notes)
    assert any("cam_7 has no matrix" in note for note in found.notes)


# -- damaged files ------------------------------------------------------------------------------

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"


@pytest.mark.parametrize("name", [*WRITTEN, "x.dat"])
@pytest.mark.parametrize(
    ("content", "cause"), [("", "is empty"), (POINTER, "Git LFS pointer"), (None, "no file")]
)
def test_no_content_is_named(tmp_path, name, content, cause):
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(StudioError, match=cause):
        read_rig(path)


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_off_file_is_refused_or_gives_whole_cameras(tmp_path, name, share):
    """Never an exception of another kind, never a camera with half its numbers."""
    rig = ring(4, distortion=(0.1, 0.01, 0, 0, 0))
    path = tmp_path / name
    write_rig(path, rig)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with contextlib.suppress(StudioError):
        for camera in read_rig(path, up="z", unit="m").rig.cameras:
            np.testing.assert_allclose(camera.matrix, rig[camera.name].matrix)
            np.testing.assert_allclose(camera.translation_m, rig[camera.name].translation_m)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda c: c.update(rotation=[[1, 0, 0], [0, 1, 0], [0, 0, -1]]), "not a rotation"),
        (lambda c: c.update(rotation=[1, 2]), "3x3 matrix or three"),
        (lambda c: c.update(matrix=[[1, 2], [3, 4]]), "3 x 3 numbers"),
        (lambda c: c.update(translation_m=[1, 2, float("nan")]), "not finite"),
        (lambda c: c.update(size_px="big"), "2 numbers"),
        (lambda c: c.update(size_px=[0, 10]), "width and a height"),
        (lambda c: c.update(distortion=[0.1] * 15), "15 numbers"),
        (lambda c: c.update(lens="plenoptic"), "unknown lens"),
        (lambda c: c.update(name="cam_1"), "two cameras are called"),
    ],
)
def test_a_camera_that_makes_no_sense_is_named(tmp_path, change, cause):
    path = tmp_path / "a.rig.json"
    write_rig(path, ring(3))
    content = json.loads(path.read_text())
    change(content["cameras"][0])
    path.write_text(json.dumps(content))
    with pytest.raises(StudioError, match=cause):
        read_rig(path)


def test_unknown_files_and_names_list_what_is_known(tmp_path):
    (tmp_path / "a.toml").write_text("[settings]\nspeed = 3\n")
    with pytest.raises(StudioError, match="not a camera rig") as caught:
        read_rig(tmp_path / "a.toml")
    assert "Qualisys" in caught.value.hint
    with pytest.raises(StudioError, match="No rig format"):
        write_rig(tmp_path / "a.docx", ring(2))
    with pytest.raises(StudioError, match="not a rig format"):
        write_rig(tmp_path / "a.toml", ring(2), format="vicon")
    with pytest.raises(StudioError, match="no camera to write"):
        write_rig(tmp_path / "a.toml", CameraRig(()))


def test_converting_keeps_the_cameras(tmp_path):
    rig = ring(4, distortion=(0.1, -0.02, 0.001, 0.002, 0.01))
    write_rig(tmp_path / "Calib_a.toml", rig)
    convert_rig(tmp_path / "Calib_a.toml", tmp_path / "out" / "b_panoptic.json")
    convert_rig(tmp_path / "out" / "b_panoptic.json", tmp_path / "c.qca.txt")
    assert_same(read_rig(tmp_path / "c.qca.txt").rig, rig)
    moved, _ = extrinsics_to_world(np.eye(3), np.zeros(3), "-y")
    assert moved @ [0, 0, 1] == pytest.approx([0, -1, 0])


NOTE = "Accepted although: floor.\nReason: “ceiling rig” -- 2026-11-20, by hand --> end"


@pytest.mark.parametrize("name", [*WRITTEN, "camera_parameters"])
def test_a_note_travels_with_the_file_and_changes_nothing(tmp_path, name):
    rig = ring(3)
    plain, noted = tmp_path / "plain" / name, tmp_path / "noted" / name
    write_rig(plain, rig)
    write_rig(noted, rig, note=NOTE)
    said = dict(WRITTEN.get(name, {"up": "z", "unit": "m", "size": (960, 720)}))
    assert_same(read_rig(noted, **said).rig, read_rig(plain, **said).rig)
    place = noted / "note.txt" if noted.is_dir() else noted
    text = place.read_text("utf-8")
    assert "ceiling rig" in text
    assert "Accepted although: floor." in text


@pytest.mark.parametrize("name", [*WRITTEN, "camera_parameters"])
def test_lenses_are_read_from_every_format(tmp_path, name):
    rig = ring(3)
    path = tmp_path / name
    write_rig(path, rig)
    lenses = read_lenses(path)
    assert len(lenses) == 3
    for lens, camera in zip(lenses.values(), rig.cameras, strict=True):
        assert np.allclose(lens.matrix, camera.matrix)
        terms = min(len(lens.distortion), len(camera.distortion))
        assert np.allclose(lens.distortion[:terms], camera.distortion[:terms])
        assert lens.size_px in (camera.size_px, (0, 0))
        assert np.allclose(lens.rotation, np.eye(3))


def test_a_lens_without_a_pose_is_read_from_a_toml_and_from_opencv(tmp_path):
    toml = tmp_path / "camera_array.toml"
    toml.write_text(
        "[cameras.1]\ncam_id = 1\nsize = [640, 480]\nmatrix = [[500, 0, 320], [0, 500, 240],"
        " [0, 0, 1]]\ndistortions = [0.1, 0.0, 0.0, 0.0, 0.0]\n"
    )
    assert read_lenses(toml)["cam_1"].size_px == (640, 480)
    plain = tmp_path / "webcam.yml"
    storage = cv2.FileStorage(str(plain), cv2.FILE_STORAGE_WRITE)
    storage.write("camera_matrix", np.diag([500.0, 500, 1]))
    storage.write("distortion_coefficients", np.zeros((1, 5)))
    storage.release()
    assert list(read_lenses(plain)) == ["webcam"]


def test_a_file_without_a_lens_says_so(tmp_path):
    empty = tmp_path / "notes.toml"
    empty.write_text("[settings]\nrate = 30\n")
    with pytest.raises(StudioError, match="no lens"):
        read_lenses(empty)
    with pytest.raises(StudioError, match="There is no file"):
        read_lenses(tmp_path / "nothing.yml")
