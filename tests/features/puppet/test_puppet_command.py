"""``doppel puppet``: films and cameras in, curves out; what it refuses, and why."""

from __future__ import annotations

import csv
import json
import os
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from studio.cli import main
from studio.core.errors import StudioError
from studio.features.puppet.engine import Inputs, Params, perform_live
from studio.features.puppet.step import Step, facts_of
from studio.features.puppet.taking import looked_through
from studio.human.rig import ACTIONS
from studio.jobs import Context, run
from studio.live.lanes import Lasted
from studio.media.clip import ClipReader
from studio.media.video import open_clip
from studio.media.writer import VideoWriter

FOOTAGE = Path(os.environ.get("DOPPEL_FOOTAGE", ""))
TRUE = FOOTAGE / "face_ict_reenactment"
needs_true = pytest.mark.skipif(
    not TRUE.is_dir(), reason="the footage face_ict_reenactment is not here"
)


def empty_film(path: Path, frames: int = 12) -> Path:
    with VideoWriter(path, (96, 64), 25.0) as writer:
        for _ in range(frames):
            writer.write(np.full((64, 96, 3), 90, np.uint8))
    return path


def rows_of(path: Path) -> tuple[list[str], np.ndarray]:
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    return head, np.array(rows, float)


@needs_true
def test_a_film_gives_a_row_of_curves_for_every_frame(tmp_path, capsys):
    """The first forty frames of a head whose expressions are known."""
    film, out = tmp_path / "cut.mp4", tmp_path / "F.csv"
    with open_clip(TRUE / "driver_A.mp4") as clip, VideoWriter(film, clip.size_px, 25.0) as writer:
        for frame in islice(clip, 40):
            writer.write(frame.rgb)
    assert main(["puppet", str(film), "--curves", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["count"] == told["with_somebody"] == 40
    assert told["written"] == [str(out)]
    head, rows = rows_of(out)
    assert head == ["time_s", *ACTIONS, "yaw", "pitch", "roll"]
    assert rows.shape == (40, 56)
    assert np.diff(rows[:, 0]) == pytest.approx(0.04, abs=1e-3)
    truth = json.loads((TRUE / "ground_truth_coefficients.json").read_text("utf-8"))["driver_A"]
    smile = rows[:, 1 + ACTIONS.index("mouthSmileLeft")]
    blink = rows[:, 1 + ACTIONS.index("eyeBlinkRight")]
    assert np.corrcoef(smile, truth["coefficients"]["mouthSmile_L"][:40])[0, 1] > 0.9
    assert np.corrcoef(blink, truth["coefficients"]["eyeBlink_R"][:40])[0, 1] > 0.9
    yaw = np.array(truth["head_yaw_pitch_roll_deg"])[:40, 0]
    assert np.abs(rows[:, 53] - yaw - np.median(rows[:, 53] - yaw)).max() < 4


@needs_true
def test_a_mirror_swaps_the_sides(tmp_path):
    film = tmp_path / "cut.mp4"
    with open_clip(TRUE / "driver_A.mp4") as clip, VideoWriter(film, clip.size_px, 25.0) as writer:
        for frame in islice(clip, 8):
            writer.write(frame.rgb)
    plain, mirrored = tmp_path / "a.csv", tmp_path / "b.csv"
    assert main(["puppet", str(film), "--curves", str(plain)]) == 0
    flags = ["--mirror", "--gains", "jawOpen", "0"]
    assert main(["puppet", str(film), "--curves", str(mirrored), *flags]) == 0
    (head, a), (_, b) = rows_of(plain), rows_of(mirrored)
    left, right = head.index("eyeSquintLeft"), head.index("eyeSquintRight")
    assert b[:, left] == pytest.approx(a[:, right])
    assert b[:, head.index("yaw")] == pytest.approx(-a[:, head.index("yaw")])
    assert (b[:, head.index("jawOpen")] == 0).all()


def test_a_film_without_a_face_is_performed_at_rest(tmp_path, capsys):
    out = tmp_path / "F.csv"
    film = empty_film(tmp_path / "empty.mp4")
    assert main(["puppet", str(film), "--curves", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["with_somebody"] == 0
    _, rows = rows_of(out)
    assert len(rows) == 12
    assert rows[:, 1 + ACTIONS.index("jawOpen")].max() == 0


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        ([], "to go"),
        (["--curves", "F.txt"], "does not end in"),
        (["--curves", "F.csv", "--seconds", "2"], "to its end"),
        (["--curves", "F.csv", "--gains", "grimace", "1"], "no expression"),
        (["--curves", "F.csv", "--limits", "jawOpen", "0.9", "0.1"], "must rise"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path, monkeypatch, capsys, flags, why):
    monkeypatch.chdir(tmp_path)
    empty_film(tmp_path / "empty.mp4")
    assert main(["puppet", "empty.mp4", *flags]) == 1
    assert why in capsys.readouterr().err
    assert not (tmp_path / "F.csv").exists()


def test_what_is_no_film_and_no_camera_is_said(tmp_path, capsys):
    assert main(["puppet", str(tmp_path / "none.mp4"), "--curves", str(tmp_path / "F.csv")]) == 1
    assert "There is no" in capsys.readouterr().err


def test_the_engine_needs_a_camera():
    with pytest.raises(StudioError, match="No camera is open"):
        run(perform_live(Params(), Inputs(), Context()))


def test_how_it_went_is_judged():
    good = facts_of(Lasted(300, 299, 0, 10.0, 30.0, {"face": 12.0}))
    assert [fact.verdict for fact in good] == ["good", "good", "good"]
    bad = facts_of(Lasted(50, 10, 200, 10.0, 300.0, {"face": 90.0}))
    assert [fact.verdict for fact in bad] == ["look", "stop", "look"]
    assert "face 90 ms" in bad[0].blame
    with pytest.raises(TypeError):
        Step().pack(Inputs(), Params(), object(), None, 1.0)  # pyright: ignore[reportArgumentType]


def test_a_long_film_is_looked_through_here_and_there(tmp_path):
    with open_clip(empty_film(tmp_path / "long.mp4", 400)) as clip:
        assert isinstance(clip, ClipReader)
        seen = [frame.time_s for frame in looked_through(clip, Context())]
    assert len(seen) == 150
    assert seen[0] == 0
    assert seen[-1] == pytest.approx(399 / 25, abs=0.01)


def test_a_film_of_the_avatar_has_a_picture_for_every_frame(tmp_path, capsys, monkeypatch):
    """Nobody is in the film: the avatar rests, before the colour that was asked for."""
    from avatar_people import sticks

    from studio.media.formats.gltf import write_glb

    write_glb(tmp_path / "sticks.glb", sticks())
    film, out = empty_film(tmp_path / "empty.mp4"), tmp_path / "out" / "F.mp4"
    told = ["--avatar", str(tmp_path / "sticks.glb"), "--background", "#2040c0", "--no-body"]
    assert main(["puppet", str(film), "--out", str(out), *told, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["written"] == [str(out)]
    with open_clip(out) as clip:
        pictures = [frame.rgb.astype(int) for frame in clip]
    assert len(pictures) == 12
    assert pictures[5][3, 3] == pytest.approx([32, 64, 192], abs=12)
    assert (np.abs(pictures[5] - (32, 64, 192)).sum(-1) > 60).any()


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (["--out", "F.gif"], r"\.mp4"),
        (["--out", "F.mp4", "--background", "#12"], "no background"),
        (["--out", "F.mp4", "--background", "gone.png"], "no picture"),
        (["--out", "F.mp4", "--avatar", "gone.glb"], "no file"),
    ],
)  # fmt: skip
def test_a_film_that_cannot_be_made_is_refused_before_the_work(
    tmp_path, capsys, monkeypatch, told, words
):
    import re

    monkeypatch.chdir(tmp_path)
    film = empty_film(tmp_path / "empty.mp4")
    assert main(["puppet", str(film), *told]) != 0
    said = capsys.readouterr()
    assert re.search(words, said.out + said.err)
