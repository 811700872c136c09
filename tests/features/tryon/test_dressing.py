"""Films and pictures in which things are worn: the command, from its words to its files."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.features.tryon.command import Wanted
from studio.features.tryon.command import main as command
from studio.media.video import open_clip

FOOTAGE = Path(os.environ.get("DOPPEL_FOOTAGE", ""))
FILM = FOOTAGE / "face_liveportrait_subset/driving/d0.mp4"
GLASSES = FOOTAGE / "tryon_khronos/SunglassesKhronos.glb"
footage = pytest.mark.skipif(
    not (FILM.is_file() and GLASSES.is_file()), reason="the footage is not here"
)


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "wall.png"
    cv2.imwrite(str(path), np.full((120, 160, 3), 120, np.uint8))
    return path


def test_something_must_be_worn(picture, tmp_path):
    with pytest.raises(StudioError, match="What is to be worn"):
        command(picture, tmp_path / "out.png")


def test_a_picture_becomes_a_picture(picture, tmp_path):
    with pytest.raises(StudioError, match="A picture becomes a picture"):
        command(picture, tmp_path / "out.mp4", params=Wanted(items=("one.glb",)))


def test_an_item_that_is_not_there_is_told_and_nothing_is_written(picture, tmp_path):
    out = tmp_path / "out.png"
    with pytest.raises(StudioError, match="none"):
        command(picture, out, params=Wanted(items=(str(tmp_path / "none.glb"),)), json=True)
    assert not out.exists()


@footage
def test_glasses_are_worn_in_a_picture_and_told_in_a_map(tmp_path, capsys):
    with open_clip(FILM) as clip:
        rgb = next(iter(clip)).rgb
    source, out, maps = tmp_path / "face.png", tmp_path / "out.png", tmp_path / "maps"
    cv2.imwrite(str(source), rgb[..., ::-1])
    command(source, out, maps, Wanted(items=(str(GLASSES),)), json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["with_somebody"] == told["frames"] == 1
    worn = cv2.imread(str(out))[..., ::-1].astype(int)
    seen = cv2.imread(str(maps / "SunglassesKhronos_000001.png"), cv2.IMREAD_GRAYSCALE)
    changed = np.abs(worn - rgb).max(-1) > 20
    assert 0.01 < (seen > 200).mean() < 0.3
    assert changed[seen > 200].mean() > 0.8
    assert changed[300:].mean() < 0.05


@footage
def test_a_film_becomes_a_film_of_as_many_frames(tmp_path, capsys):
    source, out = tmp_path / "short.mp4", tmp_path / "out.mp4"
    writer = cv2.VideoWriter(str(source), cv2.VideoWriter.fourcc(*"mp4v"), 25, (512, 512))
    with open_clip(FILM) as clip:
        for _, frame in zip(range(4), clip, strict=False):
            writer.write(np.ascontiguousarray(frame.rgb[..., ::-1]))
    writer.release()
    command(source, out, params=Wanted(items=(str(GLASSES),)), json=True)
    assert json.loads(capsys.readouterr().out)["with_somebody"] == 4
    with open_clip(out) as clip:
        shown = [frame.rgb for frame in clip]
    assert len(shown) == 4
    assert shown[3].shape == (512, 512, 3)
    assert shown[3][230:280, 170:220].mean() < 60
