"""``doppel catalogue`` lists things, adds models and fetches from pages; what is open is asked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio import cli
from studio.core.types import Armature, Character, Mesh
from studio.media.catalogue import pages
from studio.media.catalogue.catalogue import own, starter
from studio.media.formats.gltf import write_glb
from studio.synth.items.glasses import FRAMES, glasses


@pytest.fixture(autouse=True)
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own catalogue, in a place of the test."""
    monkeypatch.setenv("DOPPEL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DOPPEL_CACHE_DIR", str(tmp_path / "cache"))
    return own().folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Glasses in a unit that nothing has, in a file whose name says nothing."""
    character = glasses(FRAMES["panto"]).character
    parts = tuple(
        replace(p, name=f"part {k}", mesh=Mesh(3333 * p.mesh.vertices_m, p.mesh.faces))
        for k, p in enumerate(character.parts)
    )  # fmt: skip
    bones = Armature(("bone",), character.armature.parents, character.armature.rest_world,
                     character.armature.tails_m)  # fmt: skip
    write_glb(tmp_path / "thing.glb", Character("thing", bones, parts))
    return tmp_path / "thing.glb"


def _told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code = cli.main(["catalogue", *arguments, "--json"])
    return {"code": code, **json.loads(capsys.readouterr().out)}


def test_a_model_is_added_once_all_is_said_and_listed(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_ = _told(capsys, "add", str(model), "--kind", "glasses")
    assert open_["code"] == 1
    assert "does not tell its unit" in open_["error"]
    assert "--unit" in open_["hint"]
    assert own().entries() == ()
    said = ("--kind", "glasses", "--unit", "none", "--name", "My glasses", "--licence", "CC-BY-4.0")
    (kept,) = _told(capsys, "add", str(model), *said)["kept"]
    assert (kept["id"], kept["name"], kept["licence"]) == ("my_glasses", "My glasses", "CC-BY-4.0")
    listed = _told(capsys, "list", "--kind", "glasses")["items"]
    assert {one["kind"] for one in listed} == {"glasses"}
    assert [one["id"] for one in listed if one["catalogue"] == "Mine"] == ["my_glasses"]
    assert cli.main(["catalogue", "list"]) == 0
    out = capsys.readouterr().out
    assert "My glasses" in out
    assert all(entry.name in out for entry in starter().entries())


def test_which_way_up_can_be_said(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = ("add", str(model), "--kind", "glasses", "--unit", "none", "--up", "y")
    assert "same line" in _told(capsys, *said, "--front", "-y")["error"]
    assert cli.main(["catalogue", *said, "--front", "z"]) == 0
    assert "142 mm wide" in capsys.readouterr().out


def test_what_a_page_offers_is_shown_and_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    served = starter().folder
    monkeypatch.setattr(pages, "fetched", lambda address, most, what: (
        (served / address.removeprefix("http://shop/")).read_bytes(), "application/json", address
    ))  # fmt: skip
    address = f"http://shop/{pages.INDEX}"
    offers = _told(capsys, "page", address)["items"]
    assert [one["name"] for one in offers] == [one.name for one in starter().entries()]
    (kept,) = _told(capsys, "page", address, "sun hat")["kept"]
    assert (kept["name"], kept["kind"], kept["licence"]) == ("Sun hat", "hat", "CC0-1.0")
    assert "offers nothing called" in _told(capsys, "page", address, "crown")["error"]


def test_what_makes_no_sense_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert "wants one model's file" in _told(capsys, "add")["error"]
    assert "Leave out" in _told(capsys, "list", "--unit", "mm")["hint"]
    assert _told(capsys, "add", "nowhere.glb")["code"] == 1
