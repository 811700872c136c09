"""2D detections: layouts told apart, frames joined by number, the main person followed."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import person, pose, write_frame, write_take

from studio.core.errors import StudioError
from studio.human.layouts import layout
from studio.media.formats.openpose import guess_layout, read_detections, read_people
from studio.vision.people.main import main_person

BODIES = ["body_25", "body_25b", "halpe_26", "coco_17", "coco_133"]


@pytest.mark.parametrize("name", BODIES)
def test_a_layout_is_found_and_read(tmp_path, name):
    folder = write_take(tmp_path, name)
    assert guess_layout(folder).layout == name
    found = read_detections(folder, name, rate_hz=25)
    assert found.layout == layout(name)
    assert found.cameras == ("cam01", "cam02")
    np.testing.assert_allclose(found.times_s, np.arange(12) / 25)
    np.testing.assert_allclose(found.xy_px[5, 1], pose(name, x_px=310)[:, :2])
    assert (found.confidence == 0.9).all()
    assert read_detections(folder).layout.name == name


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("wrong", BODIES)
def test_a_wrong_layout_is_refused_with_the_right_one_named(tmp_path, name, wrong):
    """Trap: BODY_25B read as HALPE_26 silently loses a heel; as BODY_25 it makes a monster."""
    if name == wrong:
        return
    folder = write_take(tmp_path, name, frames=3)
    with pytest.raises(StudioError) as caught:
        read_detections(folder, wrong)
    assert f"--layout {name}" in caught.value.hint


def test_the_real_detections_are_body_25b_and_nothing_else(footage):
    folder = footage("mv_pose2sim") / "single/pose"
    fit = guess_layout(folder)
    assert fit.layout == "body_25b"
    assert fit.margin > 2
    for wrong in ("halpe_26", "body_25", "coco_17", "coco_133", "openpose_137", "hand_21"):
        with pytest.raises(StudioError, match="body_25b"):
            read_detections(folder, wrong)


def test_the_main_person_of_real_footage_is_the_tracked_one(footage):
    """Chosen from everybody, the person is the one that the published tracking chose."""
    folder = footage("mv_pose2sim") / "single_openpose_v0.2.6"
    chosen = read_detections(folder / "pose-2d", "body_25b")
    published = read_detections(folder / "pose-2d-tracked", "body_25b")
    same = np.isclose(np.nan_to_num(chosen.xy_px), np.nan_to_num(published.xy_px)).all((2, 3))
    assert same.mean() > 0.99


def test_missing_points_files_and_cameras_that_start_later(tmp_path):
    folder = write_take(tmp_path, "coco_17", frames=6)
    (folder / "cam01_json" / f"cam01_{3:012d}_keypoints.json").unlink()
    (folder / "cam02_json" / f"cam02_{0:012d}_keypoints.json").unlink()
    body = pose("coco_17")
    body[4] = 0
    write_frame(folder / "cam01_json", f"cam01_{5:012d}_keypoints.json", [person(body=body)])
    write_frame(folder / "cam02_json", f"cam02_{5:012d}_keypoints.json", [])
    found = read_detections(folder, "coco_17", rate_hz=10)
    assert len(found.times_s) == 6
    assert not (found.confidence[3, 0] > 0).any()
    assert np.isnan(found.xy_px[3, 0]).all()
    assert not (found.confidence[0, 1] > 0).any()
    assert not (found.confidence[5, 1] > 0).any()
    assert np.isnan(found.xy_px[5, 0, 4]).all()
    assert found.confidence[5, 0, 4] == 0
    assert (found.confidence[5, 0] > 0).sum() == 16


def test_numbers_in_names_join_frames_and_odd_files_are_left_out(tmp_path):
    for number in range(7, 12):
        write_frame(tmp_path / "cam1", f"cam1.{number}.json", [person(body=pose("coco_17"))])
    write_frame(tmp_path / "cam1", "del_000001_0.json", [])
    found = read_people(tmp_path, "coco_17")
    assert found.numbers.tolist() == [7, 8, 9, 10, 11]
    assert found.times_s[0] == 0
    assert any("1 files" in note for note in found.notes)


def test_whole_bodies_and_hands_and_faces(tmp_path):
    body, face = pose("body_25"), pose("face_70")
    left, right = pose("left_hand_21"), pose("right_hand_21")
    for number in range(4):
        write_frame(
            tmp_path / "cam", f"{number}.json",
            [person(body=body, left=left, right=right, face=face)],
        )  # fmt: skip
    assert guess_layout(tmp_path).layout == "openpose_137"
    whole = read_detections(tmp_path, "openpose_137")
    np.testing.assert_allclose(whole.xy_px[2, 0], np.concatenate([body, left, right, face])[:, :2])
    np.testing.assert_allclose(read_detections(tmp_path, "right_hand_21").xy_px[0, 0], right[:, :2])
    np.testing.assert_allclose(read_detections(tmp_path, "face_70").xy_px[0, 0], face[:, :2])
    np.testing.assert_allclose(read_detections(tmp_path, "body_25").xy_px[0, 0], body[:, :2])


def test_hands_alone(tmp_path):
    for number in range(4):
        hand = pose("left_hand_21")
        write_frame(tmp_path / "cam", f"{number}.json", [person(left=hand)])
    assert guess_layout(tmp_path).layout == "left_hand_21"
    np.testing.assert_allclose(read_detections(tmp_path, "hand_21").xy_px[0, 0], hand[:, :2])


def test_alphapose_results(tmp_path):
    entries = [
        {"image_id": f"{n}.jpg", "keypoints": pose("halpe_26", x_px=300 + n).ravel().tolist(),
         "score": 2.8}
        for n in range(5)
    ]  # fmt: skip
    (tmp_path / "results.json").write_text(json.dumps(entries))
    found = read_detections(tmp_path / "results.json", "halpe_26")
    np.testing.assert_allclose(found.xy_px[4, 0], pose("halpe_26", x_px=304)[:, :2])


# -- several people -----------------------------------------------------------------------------


@given(st.lists(st.booleans(), min_size=20, max_size=20), st.sets(st.integers(1, 18), max_size=4))
def test_the_main_person_is_followed_however_files_are_ordered(swapped, gone):
    """A small bystander and a large walker, in any order; the walker is sometimes not detected."""
    walker = [pose("coco_17", 200 + 5 * n, height_px=500) for n in range(20)]
    other = [pose("coco_17", 900, height_px=200) for _ in range(20)]
    xy = np.full((20, 2, 17, 2), np.nan)
    confidence = np.zeros((20, 2, 17))
    for n in range(20):
        mine, theirs = (1, 0) if swapped[n] else (0, 1)
        xy[n, theirs], confidence[n, theirs] = other[n][:, :2], 0.9
        if n not in gone:
            xy[n, mine], confidence[n, mine] = walker[n][:, :2], 0.9
    chosen = main_person(xy, confidence)
    expected = [-1 if n in gone else int(swapped[n]) for n in range(20)]
    assert chosen.tolist() == expected


def test_a_person_by_place(tmp_path):
    for number in range(3):
        people = [person(body=pose("coco_17", 900, height_px=200)), person(body=pose("coco_17"))]
        write_frame(tmp_path / "cam", f"{number}.json", people)
    np.testing.assert_allclose(
        read_detections(tmp_path, "coco_17").xy_px[0, 0], pose("coco_17")[:, :2]
    )
    small = read_detections(tmp_path, "coco_17", person=0).xy_px[0, 0]
    np.testing.assert_allclose(small, pose("coco_17", 900, height_px=200)[:, :2])
    with pytest.raises(StudioError, match="no person 2"):
        read_detections(tmp_path, "coco_17", person=2)


def test_nobody_anywhere_gives_no_main_person():
    chosen = main_person(np.full((5, 2, 17, 2), np.nan), np.zeros((5, 2, 17)))
    assert chosen.tolist() == [-1] * 5


# -- what can be wrong --------------------------------------------------------------------------

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("", "is empty"),
        ('{"version": 1.3, "people": [{"pose_key', "damaged or cut off"),
        (POINTER, "Git LFS pointer"),
        ('{"version": 1.3}', "no list of people"),
        ('{"people": [{"pose_keypoints_2d": [1, 2, 3, 4]}]}', "not x, y, confidence"),
        ('{"people": [{"pose_keypoints_2d": ["a", 2, 3]}]}', "not x, y, confidence"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, content, cause):
    folder = write_take(tmp_path, "coco_17", frames=3)
    path = folder / "cam01_json" / f"cam01_{1:012d}_keypoints.json"
    path.write_text(content)
    with pytest.raises(StudioError, match=cause) as caught:
        read_detections(folder)
    assert path.name in caught.value.message
    assert caught.value.hint


def test_folders_without_detections_say_so(tmp_path):
    with pytest.raises(StudioError, match="no 2D detections"):
        read_detections(tmp_path)
    (tmp_path / "cam_json").mkdir()
    (tmp_path / "cam_json" / "0.json").write_text(POINTER)
    with pytest.raises(StudioError, match="LFS pointers"):
        read_detections(tmp_path)
    with pytest.raises(StudioError, match="no folder"):
        read_detections(tmp_path / "gone")
    write_frame(tmp_path / "nobody", "0.json", [])
    with pytest.raises(StudioError, match="Nobody"):
        read_detections(tmp_path / "nobody")


def test_unknown_counts_mixtures_and_normalised_coordinates(tmp_path):
    write_frame(tmp_path / "a", "0.json", [person(body=np.full((19, 3), 100.0))])
    with pytest.raises(StudioError, match="19 points a person, which no known layout has"):
        read_detections(tmp_path / "a")
    write_frame(tmp_path / "b", "0.json", [person(body=pose("coco_17"))])
    write_frame(tmp_path / "b", "1.json", [person(body=pose("halpe_26"))])
    with pytest.raises(StudioError, match="mixes"):
        read_detections(tmp_path / "b")
    body = pose("coco_17")
    body[:, :2] /= 1000
    write_frame(tmp_path / "c", "0.json", [person(body=body)])
    with pytest.raises(StudioError, match="normalised"):
        read_detections(tmp_path / "c")
    with pytest.raises(StudioError, match="not a frame rate"):
        read_people(write_take(tmp_path / "d", "coco_17", 2), rate_hz=0)


def test_a_person_taken_for_two_halves_is_made_whole(footage):
    """In frame 37 of the first camera a detector found an upper and a lower half."""
    people = read_people(footage("mv_pose2sim") / "single" / "pose", "body_25b")
    seen = (people.main().confidence[:, 0] > 0).sum(-1)
    assert (people.confidence[37, 0] > 0.3).sum(-1).max() < 20
    assert seen[37] >= 23
    assert seen.min() >= 20
