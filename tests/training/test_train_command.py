"""``doppel train``, ``doppel evaluate`` and ``doppel models card``, from run to table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.cli import main
from studio.core.pictures import read_picture


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setenv("DOPPEL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("DOPPEL_MODELS_DIR", str(tmp_path / "models"))
    return tmp_path


def told(capsys, *arguments: str) -> dict:
    code = main([*arguments, "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert code == (1 if "error" in answer else 0)
    return answer


def test_a_network_is_trained_published_and_shown(places: Path, capsys) -> None:
    train = ["train", "toy_task:Toy", "--batch", "16", "--learning-rate", "0.03", "--device", "cpu"]
    first = told(capsys, *train, "--steps", "30")
    assert (first["step"], first["why"]) == (30, "steps")
    assert read_picture(Path(first["folder"]) / "sample.png").shape == (8, 8, 3)
    assert "--resume" in told(capsys, *train, "--steps", "60")["hint"]
    more = told(capsys, *train, "--steps", "60", "--resume")
    assert more["step"] == 60
    assert told(capsys, *train, "--steps", "10", "--afresh")["step"] == 10
    told(capsys, *train, "--steps", "60", "--afresh")
    done = told(capsys, *train, "--publish")
    assert done["replaced"] is True
    card = told(capsys, "models", "card", "toy")["networks"][0]
    assert Path(card["folder"]) == places / "models" / "toy" == Path(done["folder"])
    assert card["steps"] == 60
    assert card["figures"][0]["value"] > 0.9
    assert main(["models", "card", "toy"]) == 0
    shown = capsys.readouterr().out
    assert "Tell two colours" in shown
    assert "a coin" in shown


def test_what_cannot_be_trained_is_said(places: Path, capsys) -> None:
    assert "no network “nobody”" in told(capsys, "train", "nobody", "--minutes", "1")["error"]
    assert "never end" in told(capsys, "train", "toy_task:Toy")["error"]
    assert "no device “tpu”" in told(
        capsys, "train", "toy_task:Toy", "--steps", "1", "--device", "tpu")["error"]  # fmt: skip
    assert "--data" in told(capsys, "train", "parts", "--prepare", "3")["hint"]
    none = ("--data", str(places), "--surroundings", str(places))
    assert "no pictures" in told(capsys, "train", "parts", *none)["error"]
    assert "no samples" in told(
        capsys, "train", "parts", "--steps", "1", "--data", str(places))["error"]  # fmt: skip
    assert "annotated" in told(
        capsys, "train", "parts", "--steps", "1", "--annotated", "one")["error"]  # fmt: skip
    assert "aggregation" in told(
        capsys, "train", "parts", "--steps", "1", "--aggregation", "sum")["error"]  # fmt: skip
    assert "rank" in told(capsys, "train", "parts", "--steps", "1", "--rank", "4")["error"]
    assert "rank 0" in told(capsys, "train", "neus", "--steps", "1", "--rank", "0")["error"]
    assert "no validated weights" in told(capsys, "train", "toy_task:Toy", "--publish")["error"]
    assert "no trained network" in told(capsys, "models", "card", "nobody")["error"]
