"""``doppel record``: files that play once, and takes that are mended without a window."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from studio.cli import main as doppel
from studio.features.record.engine import Inputs, record
from studio.features.record.params import Params
from studio.jobs import Context, run
from studio.media.recording.take import list_takes, write_take
from studio.media.writer import VideoWriter


@pytest.fixture
def film(tmp_path: Path) -> str:
    path = tmp_path / "a.mp4"
    with VideoWriter(path, (96, 64), 30.0) as writer:
        for number in range(90):
            writer.write(np.full((64, 96, 3), 40 + number, np.uint8))
    return str(path)


def test_a_file_plays_once_and_the_take_ends_with_it(film, tmp_path, capsys):
    out = tmp_path / "takes"
    assert doppel(["record", film, "--out", str(out), "--seconds", "9", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["seconds"] < 4
    assert 80 <= told["cameras"][0]["frames"] <= 90
    assert "a played once" in told["notes"][0]


def test_files_that_loop_go_on(film, tmp_path, capsys):
    out = tmp_path / "takes"
    said = ["record", film, "--out", str(out), "--seconds", "3.6", "--loop", "--json"]
    assert doppel(said) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["cameras"][0]["frames"] > 95
    assert told["notes"] == []


def test_a_take_that_was_cut_off_is_mended_without_a_window(film, tmp_path, capsys):
    params = Params(sources=(film,), folder=tmp_path / "takes", name="Walk", seconds=0.5)
    result = run(record(params, Inputs(), Context()))
    write_take(result.folder, result.take.model_copy(update={"finished": False}))
    assert doppel(["capture", str(result.folder), "--json"]) == 0
    assert f"doppel record --recover {result.folder}" in capsys.readouterr().out
    assert doppel(["record", "--recover", str(result.folder), "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["mended"]
    assert told["mended"]
    assert told["lost_s"] == 0
    assert told["folder"] == str(result.folder)
    ((_, take),) = list_takes(tmp_path / "takes")
    assert take.recovered
    assert doppel(["record", "--recover", str(tmp_path / "takes")]) == 0
    assert "nothing to mend" in capsys.readouterr().out
    assert doppel(["record", "--recover", str(tmp_path / "none")]) == 1
    assert "There is no take" in capsys.readouterr().err


def test_what_cannot_be_mended_is_one_object(film, tmp_path, capsys, monkeypatch):
    params = Params(sources=(film,), folder=tmp_path / "takes", name="Walk", seconds=0.3)
    result = run(record(params, Inputs(), Context()))
    write_take(result.folder, result.take.model_copy(update={"finished": False}))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("studio.media.recording.recover._remux", full)
    assert doppel(["record", "--recover", str(tmp_path / "takes"), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert not told["mended"][0]["mended"]
    assert "No space left" in told["error"]
