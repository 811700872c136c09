"""What was dropped: single files, folders, whole projects of footage, and things of no use."""

import shutil

import cv2
import numpy as np
import pytest
from clips import film
from hypothesis import given
from hypothesis import strategies as st
from people import write_take
from rigs import ring

from studio.core.errors import StudioError
from studio.media.cameras import camera_keys, match_cameras, share_pattern
from studio.media.formats.rigs import write_rig
from studio.media.identify import gather, identify

# -- names of cameras ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "others"),
    [
        (["cam_01", "cam_02"], ["cam1", "cam2"]),
        (["cam01", "cam02"], ["Camera 1", "Camera 2"]),
        (["cam0_test", "cam1_test"], ["cam_0", "cam_1"]),
        (["Static_cam_01", "Static_cam_02"], ["cam1", "cam2"]),
        (["port_0", "port_1"], ["cam_0", "cam_1"]),
        (["take3_1", "take3_2"], ["1", "2"]),
        (["left", "right"], ["Left", "Right"]),
        (["trial 2 cam 7", "trial 2 cam 8"], ["cam07", "cam08"]),
        (["c0", "c1"], ["cam0", "cam1"]),
    ],
)
def test_names_of_the_same_cameras_match(names, others):
    assert match_cameras(names, others) == dict(zip(names, others, strict=True))
    assert match_cameras(others, names) == dict(zip(others, names, strict=True))


def test_names_of_other_cameras_do_not():
    assert match_cameras(["cam3"], ["cam1", "cam2"]) == {}
    assert match_cameras(["front", "back"], ["cam1", "cam2"]) == {}


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=6, unique=True))
def test_keys_are_distinct_and_every_name_matches_itself(names):
    assert len(set(camera_keys(names))) == len(names)
    assert match_cameras(names, names) == {name: name for name in names}


@pytest.mark.parametrize(
    ("names", "together"),
    [
        (["cam01", "cam02", "cam10"], True),
        (["left", "right"], True),
        (["clip_left", "clip_right"], True),
        (["viewA", "viewB"], True),
        (["driver_A", "target_B"], False),
        (["franck", "cap12_edit"], False),
        (["one"], False),
    ],
)
def test_names_of_one_take_share_a_pattern(names, together):
    assert share_pattern(names) is together


# -- single things ------------------------------------------------------------------------------


def test_single_files(tmp_path):
    write_rig(tmp_path / "Calib.qca.txt", ring(2))
    cv2.imwrite(str(tmp_path / "photo.jpg"), np.zeros((8, 8, 3), np.uint8))
    for name, kind in {
        "Calib.qca.txt": "rig", "photo.jpg": "image", "a.bvh": "motion", "a.trc": "motion",
        "a.c3d": "motion", "a.glb": "mesh", "a.obj": "mesh", "a.docx": "unknown",
        "notes.txt": "unknown", "settings.toml": "unknown", "data.json": "unknown",
    }.items():  # fmt: skip
        path = tmp_path / name
        begins = {".bvh": "\nHIERARCHY\n", ".c3d": "\x02P", ".glb": "glTF\x02\0\0\0\x0c\0\0\0"}
        if not path.exists():
            path.write_text(
                '{"a": 1}' if name.endswith("json") else begins.get(path.suffix, "a = 1\n")
            )
        found = identify(path)
        assert found.kind == kind, name
        assert name in found.text
        assert bool(found.reason) == (kind == "unknown")
    assert identify(film(tmp_path / "take.mp4", 3)).kind == "video"


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("gone.mp4", None, "no file"),
        ("empty.toml", b"", "is empty"),
        ("pointer.mp4", b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS pointer"),
        ("broken.toml", b"[cam\nmatrix =", "TOML is damaged"),
        ("broken.json", b'{"cameras": [', "JSON is damaged"),
        ("binary.toml", b"\xff\xfe\x00\x01" * 9, "not a text file"),
        ("page.glb", b"<!DOCTYPE html>", "is no GLB"),
        ("half.vrm", b"glTF\x02\0\0\0\xff\0\0\0rest", "cut off"),
        ("walk.bvh", b"MOTION\nFrames: 3", "is no BVH"),
        ("walk.c3d", b"\x02Q" * 9, "is no C3D"),
    ],
)
def test_useless_files_have_a_reason(tmp_path, name, content, cause):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    found = identify(tmp_path / name)
    assert found.kind == "unknown"
    assert cause in found.reason


# -- whole folders ------------------------------------------------------------------------------


@pytest.fixture
def footage_folder(tmp_path):
    """What a motion capture session looks like on disk."""
    root = tmp_path / "session"
    for trial, frames in (("walk", 20), ("jump", 30)):
        for camera in ("cam01", "cam02", "cam03"):
            film(root / trial / "videos" / f"{camera}.mp4", frames)
        write_take(root / trial / "pose", "halpe_26", frames, ("cam01", "cam02", "cam03"))
    write_rig(root / "calibration" / "Calib_scene.toml", ring(3))
    write_rig(root / "calibration" / "Calib.qca.txt", ring(3))
    (root / "README.md").write_text("Filmed on a Tuesday.")
    (root / ".cache").mkdir()
    film(root / ".cache" / "hidden.mp4", 3)
    return root


def test_a_session_is_understood_at_once(footage_folder):
    bundle = gather([footage_folder])
    assert [take.name for take in bundle.takes] == ["jump", "walk"]
    for take in bundle.takes:
        assert [camera for camera, _ in take.clips] == ["cam01", "cam02", "cam03"]
    assert [path.name for path in bundle.rigs] == ["Calib.qca.txt"]
    assert any("Calib_scene.toml” says the same" in note for note in bundle.notes)
    assert {path.parent.name for path in bundle.detections} == {"walk", "jump"}
    assert not bundle.left_out
    found = identify(footage_folder)
    assert found.kind == "folder"
    assert "“walk” (3 cameras)" in found.text
    assert "1 camera rig" in found.text


def test_loose_files_dropped_together_are_one_take(footage_folder):
    videos = sorted((footage_folder / "walk" / "videos").glob("*.mp4"))
    bundle = gather([*videos, footage_folder / "calibration" / "Calib_scene.toml"])
    assert len(bundle.takes) == 1
    assert len(bundle.takes[0].clips) == 3
    assert len(bundle.rigs) == 1


def test_clips_of_different_length_or_name_are_single_takes(tmp_path):
    film(tmp_path / "d0.mp4", 10)
    film(tmp_path / "d1.mp4", 40)
    film(tmp_path / "interview.mp4", 10)
    bundle = gather([tmp_path])
    assert [take.name for take in bundle.takes] == ["d0", "d1", "interview"]
    film(tmp_path / "d1.mp4", 10)
    (tmp_path / "interview.mp4").unlink()
    assert len(gather([tmp_path]).takes) == 1


def test_pictures_by_camera_in_folders_and_by_name(tmp_path):
    for camera in ("int_cam01_img", "int_cam02_img"):
        (tmp_path / "boards" / camera).mkdir(parents=True)
        for number in range(3):
            cv2.imwrite(str(tmp_path / "boards" / camera / f"{number}.png"), np.zeros((8, 8, 3)))
    for side in ("left", "right"):
        (tmp_path / "stereo").mkdir(exist_ok=True)
        for number in range(3):
            cv2.imwrite(str(tmp_path / "stereo" / f"{side}{number}.png"), np.zeros((8, 8, 3)))
    boards, stereo = gather([tmp_path]).takes
    assert [camera for camera, _ in boards.clips] == ["cam01", "cam02"]
    assert [camera for camera, _ in stereo.clips] == ["left", "right"]
    assert identify(tmp_path / "boards" / "int_cam01_img").kind == "image folder"


def test_one_picture_a_camera_named_as_in_the_rig(tmp_path):
    rig = ring(3)
    write_rig(tmp_path / "scene.rig.json", rig)
    for name in (*rig.names, "mask"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.zeros((8, 8, 3)))
    (take,) = gather([tmp_path]).takes
    assert [camera for camera, _ in take.clips] == list(rig.names)


def test_one_picture_a_camera_named_after_it(tmp_path):
    write_rig(tmp_path / "Calib_scene.toml", ring(3))
    for number in range(3):
        (tmp_path / "scene").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "scene" / f"cam0{number}_ext.png"), np.zeros((8, 8, 3)))
    (take,) = gather([tmp_path]).takes
    assert [(camera, path.stem) for camera, path in take.clips] == [
        ("cam_0", "cam00_ext"), ("cam_1", "cam01_ext"), ("cam_2", "cam02_ext"),
    ]  # fmt: skip


def test_nothing_of_use_has_a_reason(tmp_path):
    (tmp_path / "letter.docx").write_text("Dear")
    assert gather([tmp_path]).empty
    assert identify(tmp_path).kind == "unknown"
    assert identify(tmp_path).reason
    with pytest.raises(StudioError, match="There is no"):
        gather([tmp_path / "gone"])


def test_a_damaged_rig_among_good_things_is_named(footage_folder):
    path = footage_folder / "calibration" / "Calib.qca.txt"
    path.write_bytes(path.read_bytes()[:500])
    bundle = gather([footage_folder])
    assert [rig.name for rig in bundle.rigs] == ["Calib_scene.toml"]
    assert any("Calib.qca.txt" in text for text in bundle.left_out)


def test_a_project_is_a_project(tmp_path):
    (tmp_path / "Dance.doppel").mkdir()
    (tmp_path / "Dance.doppel" / "project.json").write_text("{}")
    assert identify(tmp_path / "Dance.doppel").kind == "project"
    assert gather([tmp_path]).projects == (tmp_path / "Dance.doppel",)
    shutil.rmtree(tmp_path / "Dance.doppel")


def test_the_real_session(footage):
    bundle = gather([footage("mv_pose2sim") / "single", footage("mv_pose2sim") / "static"])
    assert [(take.name, len(take.clips)) for take in bundle.takes] == [("single", 4), ("static", 4)]
    assert len(bundle.detections) == 2
    assert identify(footage("mv_hand_temugeb")).kind == "folder"
    assert identify(footage("mv_hand_temugeb") / "camera_parameters").kind == "rig"
