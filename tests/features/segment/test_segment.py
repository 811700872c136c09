"""Cutting out from the command line: what is written fits the pictures, and trouble is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.cli import main
from studio.core.errors import Cancelled, StudioError
from studio.core.pictures import read_picture, write_picture
from studio.features.segment.engine import Inputs, Params, facts, segment
from studio.jobs import Context, run
from studio.perception.own import pack
from studio.perception.parts.network import PartsNetwork
from studio.training.labels import LabelFolder


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A network that takes what is bright for a face, and everything else for background."""
    torch.manual_seed(0)
    network = PartsNetwork()
    with torch.no_grad():
        for parameter in network.decoder.parameters():
            parameter.zero_()
        stem = network.trunk.stem[0].weight
        stem.zero_()
        stem[0] = 1 / 27
        network.decoder.lateral[0].weight[0, 0] = 1.0
        smooth = network.decoder.smooth[0]
        smooth[0].weight[0, 0, 1, 1] = 1.0
        smooth[1].weight.fill_(1.0)
        network.head.weight.zero_()
        network.head.weight[2, 0] = 80.0
        network.head.bias.copy_(torch.tensor([10.0, *[-20.0] * 8]))
    path = tmp_path / "weights.safetensors"
    path.write_bytes(pack(network, {}))
    return path


def picture(path: Path) -> np.ndarray:
    rgb = np.full((120, 200, 3), 20, np.uint8)
    rgb[10:110, 60:140] = 250
    write_picture(path, rgb)
    return rgb


def test_cut_outs_and_labels_lie_on_their_pictures(tmp_path: Path, weights: Path, capsys) -> None:
    rgb = picture(tmp_path / "one.png")
    out = tmp_path / "out"
    arguments = ["segment", str(tmp_path / "one.png"), "--out", str(out), "--weights", str(weights),
                 "--colours", "--json"]  # fmt: skip
    assert main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["pictures"], told["found"]) == (1, 1)
    assert told["shares"]["face"] == pytest.approx(1 / 3, abs=0.04)
    labels = LabelFolder.open(out / "labels").map("one", "parts")
    truth = np.where(rgb[..., 0] > 128, 2, 0)
    assert (labels == truth).mean() > 0.96
    rgba = read_picture(out / "cut_outs" / "one.png", "rgba")
    np.testing.assert_array_equal(rgba[..., :3], rgb)
    assert ((rgba[..., 3] > 128) == (truth > 0)).mean() > 0.96
    assert (out / "colours" / "one.png").is_file()


def test_one_part_alone_and_files_of_one_name(tmp_path: Path, weights: Path) -> None:
    for folder in ("a", "b"):
        picture(tmp_path / folder / "one.png")
    sources = (tmp_path / "a" / "one.png", tmp_path / "b" / "one.png")
    params = Params(part="hair", labels=False)
    seen = []
    result = run(
        segment(params, Inputs(sources, tmp_path / "out", weights=weights), Context()), seen.append
    )
    written = sorted(p.name for p in (tmp_path / "out" / "cut_outs").iterdir())
    assert written == ["one-1.png", "one-2.png"]
    assert not (tmp_path / "out" / "labels").exists()
    hair = read_picture(tmp_path / "out" / "cut_outs" / "one-1.png", "rgba")
    assert (hair[..., 3] == 0).all()
    assert [cut.name for cut in seen] == ["one-1", "one-2"]
    assert "in 2 of 2 pictures" in facts(result)[0].text


def test_trouble_is_said(tmp_path: Path, weights: Path, monkeypatch) -> None:
    picture(tmp_path / "one.png")
    good = Inputs((tmp_path / "one.png",), tmp_path / "out", weights=weights)
    for params, inputs, said in (
        (Params(), Inputs((), tmp_path), "no pictures"),
        (Params(cut_outs=False, labels=False), good, "nothing to write"),
        (Params(), Inputs((tmp_path / "none.png",), tmp_path, weights=weights), "no file"),
        (Params(folder=tmp_path / "one.png"), good, "is a file"),
        (Params(), Inputs(good.sources, tmp_path, weights=tmp_path / "one.png"), "cannot be read"),
    ):
        with pytest.raises(StudioError, match=said):
            run(segment(params, inputs, Context()))
    cancelled = Context()
    cancelled.cancel()
    with pytest.raises(Cancelled):
        run(segment(Params(), good, cancelled))
