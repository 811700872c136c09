"""The command line of the factory: sheets, and pictures with their truth in a folder."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from studio import cli
from studio.synth.factory.disk import pictures, told
from studio.synth.factory.factory import Factory
from studio.synth.factory.recipe import find_recipe
from studio.synth.factory.sheet import GAP_PX, contact_sheet


def test_a_folder_holds_pictures_and_truth(tmp_path: Path, capsys) -> None:
    out = tmp_path / "set"
    line = f"synth write --recipe parts --count 2 --size 64 --out {out} --json"
    assert cli.main(line.split()) == 0
    assert json.loads(capsys.readouterr().out)["folder"] == str(out)
    rows = [json.loads(line) for line in (out / "truth.jsonl").read_text().splitlines()]
    assert [row["number"] for row in rows] == [0, 1]
    row = rows[0]
    instances = cv2.imread(str(out / "000000_instances.png"), cv2.IMREAD_UNCHANGED)
    parts = cv2.imread(str(out / "000000_parts.png"), cv2.IMREAD_UNCHANGED)
    depth = cv2.imread(str(out / "000000_depth.png"), cv2.IMREAD_UNCHANGED)
    assert instances.shape == parts.shape == depth.shape == (64, 64)
    assert depth.dtype == np.uint16
    numbers = {person["number"] for person in row["people"]}
    assert set(np.unique(instances)) - {0} <= numbers
    seen = [point for point in row["people"][0]["points"]["whole_body"] if point[5]]
    K, R = np.array(row["camera"]["matrix"]), np.array(row["camera"]["rotation"])
    for x, y, X, Y, Z, _ in seen:
        u, v, w = K @ (R @ [X, Y, Z] + row["camera"]["translation_m"])
        assert (u / w, v / w) == pytest.approx((x, y), abs=0.05)
    assert "Nobody shown exists" in (out / "README.md").read_text()


def test_files_keep_what_the_shot_says() -> None:
    from dataclasses import replace

    tiny = replace(find_recipe("heads"), size_px=(48, 48), cast=1)
    with Factory(tiny, "test", 2) as factory:
        shot = factory.shot(0)
    files = pictures(shot)
    assert shot.depth_m is not None
    hit = np.isfinite(shot.depth_m)
    np.testing.assert_allclose(files["_depth"][..., 0][hit] / 1000, shot.depth_m[hit], atol=6e-4)
    assert not files["_depth"][..., 0][~hit].any()
    assert shot.uv is not None
    skin = files["_uv"][..., 2] > 0
    np.testing.assert_array_equal(skin, np.isfinite(shot.uv).all(axis=-1))
    assert json.loads(json.dumps(told(shot)))["framing"] == "head"


def test_a_sheet_has_rows_and_gaps() -> None:
    tiles = [np.full((10, 12, 3), 10 * k, np.uint8) for k in range(5)]
    sheet = contact_sheet(tiles, 3)
    assert sheet.shape == (20 + GAP_PX, 36 + 2 * GAP_PX, 3)
    assert (sheet[10 + GAP_PX + 2, 12 + GAP_PX + 2] == 40).all()


@pytest.mark.parametrize(
    "line",
    [
        "synth preview --recipe nothing --out {}/a.png",
        "synth preview --count 0 --out {}/a.png",
        "synth write --size 4 --out {}/a",
        "synth write --out {}",
    ],
)
def test_wrong_wishes_are_explained(line: str, tmp_path: Path, capsys) -> None:
    (tmp_path / "mine.txt").write_text("not yours")
    assert cli.main([*line.format(tmp_path).split(), "--json"]) == 1
    told_of = json.loads(capsys.readouterr().out)
    assert told_of["error"]
    assert told_of["hint"]
