"""Labelling: pictures are collected with a reason for each that is not, and the window paints."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

from studio.cli import main as doppel
from studio.core.errors import StudioError
from studio.core.pictures import write_picture
from studio.core.types import Frame
from studio.document.folder import Assets
from studio.document.project import Clip, FileItem, Project, TakeItem
from studio.features.label import engine
from studio.features.label.engine import Inputs, collect
from studio.features.label.params import Params
from studio.features.label.step import Step
from studio.jobs import Context, run
from studio.live.wearing.wear_settings import WearSettings
from studio.media.writer import VideoWriter
from studio.training.labels import LabelFolder

RGB = np.random.default_rng(0).integers(0, 255, (60, 90, 3), dtype=np.uint8)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    home = tmp_path / "pictures"
    write_picture(home / "ada.png", RGB)
    write_picture(home / "ada.item.png", np.dstack([RGB, RGB[..., 0]]))
    with VideoWriter(home / "walk.mp4", (96, 64), 30.0) as writer:
        for number in range(40):
            writer.write(np.full((64, 96, 3), 40 + 4 * number, np.uint8))
    (home / "broken.jpg").write_bytes(b"nothing")
    (home / "notes.txt").write_text("no picture", "utf-8")
    return home


def test_a_folder_gives_pictures_items_and_frames(pictures: Path, tmp_path: Path) -> None:
    params = Params(folder=tmp_path / "labels", frames=4, origin="Ada agreed.", longest_px=128)
    shown: list[str] = []
    result = run(collect(params, Inputs((pictures,)), Context()), shown.append)
    folder = LabelFolder.open(tmp_path / "labels")
    assert folder.origin == "Ada agreed."
    assert result.names == tuple(shown)
    assert result.names == ("ada", "walk 00008", "walk 00016", "walk 00023", "walk 00031")
    assert sorted(folder.names()) == sorted(result.names)
    item = folder.item("ada")
    assert item is not None
    np.testing.assert_array_equal(item[..., :3], RGB)
    grey = [folder.picture(name).mean() for name in result.names[1:]]
    np.testing.assert_allclose(grey, [40 + 4 * n for n in (8, 16, 23, 31)], atol=3)
    assert len(result.left_out) == 1
    assert "broken.jpg" in result.left_out[0]


def test_large_pictures_are_made_smaller_with_their_items(pictures: Path, tmp_path: Path) -> None:
    write_picture(pictures / "ada.png", np.repeat(np.repeat(RGB, 4, 0), 4, 1))
    params = Params(folder=tmp_path / "labels", longest_px=180)
    run(collect(params, Inputs((pictures / "ada.png",)), Context()))
    folder = LabelFolder.open(tmp_path / "labels")
    assert folder.picture("ada").shape == (120, 180, 3)
    item = folder.item("ada")
    assert item is not None
    assert item.shape == (120, 180, 4)


@pytest.mark.parametrize("sources", [(), ("broken.jpg",), ("nowhere.png",), ("notes.txt",)])
def test_nothing_to_add_is_an_error(pictures: Path, tmp_path: Path, sources) -> None:
    given = Inputs(tuple(pictures / name for name in sources))
    with pytest.raises(StudioError):
        run(collect(Params(folder=tmp_path / "labels"), given, Context()))


def test_a_take_gives_its_clips_and_the_project_remembers(pictures: Path, tmp_path: Path) -> None:
    home = tmp_path / "A.doppel"
    clip = Clip(
        camera="a", path=str(pictures / "walk.mp4"), size_px=(96, 64), rate_hz=30, frames=40
    )
    project = Project().with_items([TakeItem(name="Walk", clips=(clip,))])
    assets = Assets(home / "assets")
    step = Step()
    assert step.missing(project, ()) == ()
    inputs = step.inputs(project, (), assets)
    params = Params(folder=tmp_path / "labels", frames=3)
    result = run(collect(params, inputs, Context()))
    packed = step.pack(inputs, params, result, assets, 1.0)
    item = packed.items[0]
    assert isinstance(item, FileItem)
    assert (item.role, item.path) == ("labels", str(tmp_path / "labels"))
    assert "3 pictures" in packed.facts[0].text


def test_the_command_adds_counts_and_names_what_is_wrong(
    pictures: Path, tmp_path: Path, capsys
) -> None:
    place = tmp_path / "labels"
    assert doppel(["label", str(place), "--add", str(pictures / "ada.png"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["added"] == ["ada"]
    assert told["labelled"] == {"parts": 0, "mask": 0, "occlusion": 0, "keypoints": 0}
    LabelFolder.open(place).save_map("ada", "mask", np.zeros((60, 90), np.uint8))
    write_picture(place / "parts" / "ada.png", np.full((60, 90), 200, np.uint8))
    assert doppel(["label", str(place), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["labelled"]["mask"] == 1
    assert "has the value 200" in told["problems"][0]
    assert "has the value 200" in told["error"]
    assert doppel(["label", str(tmp_path / "none")]) == 1
    assert "no folder of labels" in capsys.readouterr().err


class Dresses:
    """Lays a red bar over pictures, in place of who puts things on people."""

    shown: ClassVar[list[WearSettings]] = []

    def show(self, frame: Frame, settings: WearSettings) -> SimpleNamespace:
        self.shown.append(settings)
        rgba = np.zeros((*frame.rgb.shape[:2], 4), np.uint8)
        if frame.camera == "ada":
            rgba[:5] = 255, 0, 0, 255
        return SimpleNamespace(rgba=rgba, trouble=None, notes=("Nobody is seen.",))

    def close(self) -> None:
        pass


def test_what_people_wear_is_laid_over_what_is_to_be_painted(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "TryOn", Dresses)
    (pictures / "ada.item.png").unlink()
    write_picture(pictures / "wall.png", RGB)
    params = Params(folder=tmp_path / "labels", item="panto")
    sources = pictures / "ada.png", pictures / "wall.png"
    result = run(collect(params, Inputs(sources), Context()))
    assert {how.occlusion for how in Dresses.shown} == {"none"}
    assert all(how.items == ("panto",) and how.only_items for how in Dresses.shown)
    item = LabelFolder.open(tmp_path / "labels").item("ada")
    assert item is not None
    assert item[2, 5].tolist() == [255, 0, 0, 255]
    assert not item[6:, :, 3].any()
    assert result.names == ("ada",)
    assert "Nobody is seen" in result.left_out[0]
