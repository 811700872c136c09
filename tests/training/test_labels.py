"""The folder of labels: what is written comes back, and what is wrong is said."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.core.pictures import read_picture, write_picture
from studio.training.labels import LabelFolder, LabelledPerson

RGB = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> LabelFolder:
    return LabelFolder.create(tmp_path / "mine", "Filmed by us, everybody agreed.")


def test_maps_items_and_points_come_back(folder: LabelFolder) -> None:
    name = folder.add(RGB, "walk 1")
    parts = np.random.default_rng(1).integers(0, 9, (40, 60), dtype=np.uint8)
    occlusion = np.random.default_rng(2).integers(0, 256, (40, 60), dtype=np.uint8)
    item = np.dstack([RGB, occlusion])
    xy = np.full((17, 2), np.nan)
    xy[3] = (12.5, 30.25)
    folder.save_map(name, "parts", parts)
    folder.save_map(name, "occlusion", occlusion)
    folder.save_item(name, item)
    folder.save_keypoints(name, [LabelledPerson("coco_17", xy)])
    again = LabelFolder.open(folder.path)
    assert again.origin == "Filmed by us, everybody agreed."
    np.testing.assert_array_equal(again.picture(name), RGB)
    np.testing.assert_array_equal(again.map(name, "parts"), parts)
    np.testing.assert_array_equal(again.map(name, "occlusion"), occlusion)
    np.testing.assert_array_equal(again.item(name), item)
    people = again.keypoints(name)
    assert people is not None
    np.testing.assert_array_equal(people[0].xy_px, xy)
    assert again.map(name, "mask") is None
    assert again.labelled("parts") == (name,)
    assert again.labelled("mask") == ()
    assert again.problems() == ()


def test_names_are_made_unique_and_sorted_as_people_count(folder, tmp_path: Path) -> None:
    write_picture(tmp_path / "frame 10.png", RGB)
    write_picture(tmp_path / "frame 9.jpg", RGB)
    added = [folder.add(tmp_path / "frame 10.png"), folder.add(tmp_path / "frame 9.jpg"),
             folder.add(tmp_path / "frame 9.jpg"), folder.add(RGB, "a/../b")]  # fmt: skip
    assert added == ["frame 10", "frame 9", "frame 9 (2)", "a_.._b"]
    assert folder.names() == ("a_.._b", "frame 9", "frame 9 (2)", "frame 10")


def test_an_existing_folder_is_opened_and_a_full_one_refused(folder, tmp_path: Path) -> None:
    folder.add(RGB, "one")
    assert LabelFolder.create(folder.path).names() == ("one",)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("x", "utf-8")
    with pytest.raises(StudioError, match="not empty"):
        LabelFolder.create(tmp_path / "other")
    with pytest.raises(StudioError, match="no folder of labels"):
        LabelFolder.open(tmp_path / "other")


@pytest.mark.parametrize(
    ("index", "said"),
    [("{", "damaged"), ('{"format": "x"}', "damaged"), ('{"format": 99}', "newer Doppel"),
     ("[]", "damaged")],
)  # fmt: skip
def test_a_broken_index_is_explained(folder: LabelFolder, index: str, said: str) -> None:
    (folder.path / "labels.json").write_text(index, "utf-8")
    with pytest.raises(StudioError, match=said):
        LabelFolder.open(folder.path)


def test_what_does_not_fit_is_named(folder: LabelFolder) -> None:
    name = folder.add(RGB, "one")
    with pytest.raises(StudioError, match="30 x 20, its picture 60 x 40"):
        folder.save_map(name, "parts", np.zeros((20, 30), np.uint8))
    write_picture(folder.path / "parts" / "one.png", np.full((40, 60), 77, np.uint8))
    write_picture(folder.path / "mask" / "one.png", np.zeros((4, 6), np.uint8))
    with pytest.raises(StudioError, match="has the value 77"):
        folder.map(name, "parts")
    (folder.path / "keypoints").mkdir()
    point_files = ['{"layout": "coco_17", "people": [{"xy_px": [[1, 2]]}]}', "{", "[1]",
                   '{"layout": "no such", "people": []}']  # fmt: skip
    for text in point_files:
        (folder.path / "keypoints" / "one.json").write_text(text, "utf-8")
        with pytest.raises(StudioError):
            folder.keypoints(name)
    (folder.path / "keypoints" / "one.json").write_text(
        json.dumps({"layout": "coco_17", "people": []}), "utf-8"
    )
    assert len(folder.problems()) == 1
    assert len(folder.problems(("mask",))) == 1
    with pytest.raises(StudioError, match="no picture “two”"):
        folder.picture("two")


@pytest.mark.parametrize("suffix", [".png", ".webp", ".jpg"])
def test_pictures_keep_their_channels(tmp_path: Path, suffix: str) -> None:
    smooth = cv2.resize(RGB[:4, :6], (60, 40), interpolation=cv2.INTER_CUBIC)
    write_picture(tmp_path / f"a{suffix}", smooth, 100)
    np.testing.assert_allclose(read_picture(tmp_path / f"a{suffix}").astype(int), smooth, atol=16)
    rgba = read_picture(tmp_path / f"a{suffix}", "rgba")
    assert rgba.shape == (40, 60, 4)
    assert (rgba[..., 3] == 255).all()


def test_what_is_no_picture_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture at all")
    with pytest.raises(StudioError, match="not a picture"):
        read_picture(tmp_path / "a.png")
    with pytest.raises(StudioError, match="no file"):
        read_picture(tmp_path / "b.png")
    with pytest.raises(StudioError, match="cannot be written"):
        write_picture(tmp_path / "a.xyz", RGB)
