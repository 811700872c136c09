"""Detection as a feature: on real footage, as a step of a project, as a command."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from studio.cli import main as doppel
from studio.core.errors import StudioError
from studio.document.folder import Assets
from studio.document.project import Clip, DetectionsItem, Project, TakeItem
from studio.features.pose.engine import Inputs, Params, detect
from studio.features.pose.step import Step
from studio.jobs import Context, run
from studio.media.films import Film, Films
from studio.weights import find, folder

QUICK = Params(quality="fast", hands=False, face=False)


@pytest.fixture
def videos(footage, tmp_path, monkeypatch) -> tuple[Path, ...]:
    """Two cameras of a real take; the installed networks, but an empty cache of detections."""
    clips = tuple(footage("mv_pose2sim") / "single" / "videos" / f"cam0{i}.mp4" for i in (2, 3))
    try:
        find("pose_landmarker_lite")
    except StudioError as error:
        pytest.skip(str(error))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "weights").symlink_to(folder(), target_is_directory=True)
    monkeypatch.setenv("DOPPEL_CACHE_DIR", str(tmp_path / "cache"))
    return clips


def project(videos: tuple[Path, ...], out_s: float | None = 0.1) -> Project:
    clips = tuple(
        Clip(camera=v.stem, path=str(v), size_px=(1080, 1920), rate_hz=60, frames=100)
        for v in videos
    )
    return Project().with_items([TakeItem(name="Balance", clips=clips, out_s=out_s)])


def test_a_project_gets_its_keypoints(videos, tmp_path):
    """From a take to an item: found in every picture of the range, told in facts, kept."""
    step, assets = Step(), Assets(tmp_path / "P.doppel" / "assets")
    before = project(videos)
    assert step.missing(before, ()) == ()
    inputs = step.inputs(before, (), assets)
    live: list[object] = []
    result = run(detect(QUICK, inputs, Context()), live.append)
    assert result.found == (1.0, 1.0)
    assert live
    packed = step.pack(inputs, QUICK, result, assets, 1.5)
    (item,) = packed.items
    assert isinstance(item, DetectionsItem)
    assert item.take == before.newest(TakeItem).id
    assert item.cameras == ("cam02", "cam03")
    assert item.recipe.params["quality"] == "fast"
    assert "100.0 %" in packed.facts[0].text
    stored = assets.arrays(item.data)
    assert stored["xy_px"].shape == (7, 2, 553, 2)
    again = run(detect(QUICK, inputs, Context()))
    assert again.reused == 1
    np.testing.assert_array_equal(again.detections.xy_px, result.detections.xy_px)


def test_person_is_where_openpose_saw_him(videos, footage):
    """The joints of a real take lie near those that OpenPose published for it."""
    inputs = Inputs(Films(tuple(Film(v.stem, v) for v in videos), out_s=0.05))
    result = run(detect(Params(hands=False, face=False), inputs, Context()))
    folders = footage("mv_pose2sim") / "single" / "pose"
    published_names = {"left_shoulder": 5, "right_hip": 12, "left_knee": 13, "right_ankle": 16}
    for view, video in enumerate(videos):
        file = sorted((folders / f"{video.stem}_json").glob("*.json"))[0]
        people = json.loads(file.read_text())["people"]
        points = np.array([p["pose_keypoints_2d"] for p in people]).reshape(len(people), -1, 3)
        published = points[points[..., 2].sum(1).argmax()]
        for name, at in published_names.items():
            ours = result.detections.xy_px[0, view, result.detections.layout.index(name)]
            assert np.linalg.norm(ours - published[at, :2]) < 60, (video.stem, name)


def test_without_a_take_it_says_so(tmp_path):
    (missing,) = Step().missing(Project(), ())
    assert missing.action == "capture"
    with pytest.raises(StudioError, match="no take"):
        Step().inputs(Project(), (), Assets(tmp_path))


def test_command_writes_what_openpose_readers_read(videos, tmp_path, capsys):
    from studio.media.formats.openpose import read_detections
    from studio.media.video import open_clip

    paths = [tmp_path / video.stem for video in videos]
    for video, path in zip(videos, paths, strict=True):
        path.mkdir()
        with open_clip(video) as clip:
            for number in range(4):
                cv2.imwrite(str(path / f"{number}.png"), clip.frame(number).rgb[..., ::-1])
    out = tmp_path / "out"
    code = doppel(["pose", *map(str, paths), "--out", str(out), "--quality", "fast",
                   "--rate-hz", "60", "--no-hands", "--no-face", "--json"])  # fmt: skip
    answer = json.loads(capsys.readouterr().out)
    assert code == 0
    assert answer["found"] == {"cam02": 1.0, "cam03": 1.0}
    assert answer["frames"] == 4
    with np.load(out / "detections.npz") as kept:
        assert kept["xy_px"].shape == (4, 2, 553, 2)
        wrist = kept["xy_px"][0, 0, list(kept["points"]).index("left_wrist")]
    read = read_detections(out, "openpose_137", rate_hz=60.0)
    assert len(read.cameras) == 2
    np.testing.assert_allclose(read.xy_px[0, 0, read.layout.index("left_wrist")], wrist, atol=0.01)


def test_command_explains_user_errors(tmp_path, capsys):
    a, b = tmp_path / "a" / "cam.mp4", tmp_path / "b" / "cam.mp4"
    assert doppel(["pose", str(a), str(b), "--out", str(tmp_path)]) == 1
    assert "same name" in capsys.readouterr().err
    assert doppel(["pose", str(a), "--out", str(tmp_path), "--json"]) == 1
    assert "error" in json.loads(capsys.readouterr().out)


def test_nobody_in_the_take_is_an_error(videos, tmp_path):
    pictures = tmp_path / "empty"
    pictures.mkdir()
    for i in range(2):
        cv2.imwrite(str(pictures / f"{i}.png"), np.full((240, 320, 3), 90, np.uint8))
    inputs = Inputs(Films((Film("empty", pictures, rate_hz=30),)))
    with pytest.raises(StudioError, match="Nobody was found"):
        run(detect(QUICK, inputs, Context()))
