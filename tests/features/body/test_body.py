"""``doppel body``: what is refused, and why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.core.pictures import write_picture
from studio.core.types import Armature, Character, Material, Mesh, Part
from studio.features.body import engine
from studio.features.body.command import main
from studio.features.body.engine import Inputs, reconstruct
from studio.features.body.heads import NOTE, given_head, with_head
from studio.features.body.params import Params
from studio.human.design import Design
from studio.jobs import Context, run
from studio.media.formats.gltf import write_glb
from studio.ui.drop import wanting


def test_nothing_to_write_is_said(tmp_path: Path):
    with pytest.raises(StudioError, match="nothing to write"):
        main((tmp_path / "a.png",))
    with pytest.raises(StudioError, match="ending"):
        main((tmp_path / "a.png",), out=tmp_path / "a.fbx")


@pytest.mark.parametrize("wrong", [{"height_m": 9.0}, {"texture_px": 64}, {"triangles": 10}])
def test_values_out_of_range_are_said(tmp_path: Path, wrong: dict[str, float]):
    with pytest.raises(StudioError, match=next(iter(wrong)).split("_")[0]):
        main((tmp_path / "a.png",), out=tmp_path / "a.glb", **wrong)  # pyright: ignore


def test_photographs_must_be_there(tmp_path: Path):
    with pytest.raises(StudioError, match="no photograph"):
        run(reconstruct(Params(), Inputs(), Context()))
    with pytest.raises(StudioError, match="many"):
        run(reconstruct(Params(photos=(tmp_path / "a.png",) * 13), Inputs(), Context()))
    with pytest.raises(StudioError, match="no head"):
        run(reconstruct(
            Params(photos=(tmp_path / "a.png",), head=tmp_path / "h.obj"), Inputs(), Context()
        ))  # fmt: skip


def test_a_head_is_taken_out_of_the_file_that_the_head_tool_wrote(tmp_path: Path):
    design = Design(eyes=(0.1, 0.2, 0.3), carved={152: (0.0, -0.002, 0.001)})
    skin = np.full((8, 8, 3), (200, 150, 120), np.uint8)
    faces, bone = np.array([[0, 1, 2]]), np.eye(4)[None]
    mesh = Mesh(np.eye(3), faces, np.zeros((1, 3, 2)))
    weights = np.tile([1.0, 0, 0, 0], (3, 1))
    part = Part("body", mesh, Material("skin", texture=skin), np.zeros((3, 4), int), weights)
    bones = Armature(("root",), np.array([-1]), bone, np.array([[0.0, 0, 1]]))
    path = tmp_path / "head.glb"
    write_glb(path, Character("Ada", bones, (part,)), notes={NOTE: design.text()})
    found = given_head(Params(head=path), {})
    assert found is not None
    assert found.design.carved == design.carved
    assert found.skin is not None
    assert np.abs(found.skin[..., :3].astype(int) - skin).max() < 8
    assert with_head(Design(), found, "man_fair").eyes == design.eyes
    write_glb(path, Character("Ada", bones, (part,)))
    with pytest.raises(StudioError, match="tells no head"):
        given_head(Params(head=path), {})
    with pytest.raises(StudioError, match="not in the project"):
        given_head(Params(head_item="gone"), {})


def test_photographs_go_to_the_panel_that_is_shown(studio):
    photo = Path("/x/somebody.JPG")
    assert wanting(studio, photo).id == "head"
    assert wanting(studio, photo, "body").id == "body"
    assert wanting(studio, photo, "export").id == "head", "exporting wants no photograph"


def test_what_is_not_in_the_wardrobe_cannot_be_worn(tmp_path: Path):
    with pytest.raises(StudioError, match=r"kind “hat” that is called “sunglasses”"):
        main((tmp_path / "a.png",), out=tmp_path / "x.glb", hat="sunglasses")
    worn = engine._worn(Params(hat="hat_cap", glasses="sunglasses"))
    assert [one.item for one in worn] == ["hat_cap", "sunglasses"]


def test_of_several_people_the_one_at_a_place_is_looked_at(tmp_path: Path, monkeypatch):
    photos, asked = (tmp_path / "a.jpg", tmp_path / "b.jpg"), []

    class Looks:
        def __init__(self, files):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *told):
            pass

        def file(self, path, at_px):
            asked.append((path, at_px))
            raise StudioError("Nobody is found.", "Another.")

    monkeypatch.setattr(engine, "find", lambda name: tmp_path)
    monkeypatch.setattr(engine, "BodyLooker", Looks)
    for path in photos:
        write_picture(path, np.zeros((8, 8, 3), np.uint8))
    for given, wanted in (((40.0, 60.0), (40.0, 60.0)), (None, None)):
        with pytest.raises(StudioError, match="Nobody is found"):
            main(photos, out=tmp_path / "x.glb", person_px=given)
        assert asked.pop() == (photos[0], wanted)
    with pytest.raises(StudioError, match="In films people are not chosen"):
        main((tmp_path / "a.mp4",), out=tmp_path / "x.glb", person_px=(1.0, 2.0))
