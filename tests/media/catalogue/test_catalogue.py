"""Things are kept with their cards and come back as they were; trouble is told, not hidden."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.core.items import Item
from studio.media.catalogue import models
from studio.media.catalogue.card import CARD, ItemCard, Placement, read_card, write_card
from studio.media.catalogue.catalogue import Catalogue, find, load
from studio.media.catalogue.guess import guess
from studio.media.catalogue.worn import item_of
from studio.media.formats.gltf import write_glb
from studio.synth.items.glasses import SUNGLASSES, glasses


@pytest.fixture
def item() -> Item:
    return glasses(SUNGLASSES["aviator"], True)


@pytest.fixture
def kept(item: Item, tmp_path: Path) -> tuple[Catalogue, str]:
    model = tmp_path / "aviator.glb"
    write_glb(model, item.character)
    card = ItemCard(
        name="Aviator", kind="sunglasses", model="model.glb", framed=True, licence="CC0-1.0"
    )
    catalogue = Catalogue(tmp_path / "mine")
    return catalogue, catalogue.keep(card, model, item).id


def test_a_framed_model_comes_back_as_it_was_made(item: Item, kept: tuple[Catalogue, str]) -> None:
    catalogue, id = kept
    (entry,) = catalogue.entries()
    assert (entry.id, entry.name, entry.kind, entry.licence) == (
        id, "Aviator", "sunglasses", "CC0-1.0")  # fmt: skip
    assert entry.thumbnail is not None
    back = load(entry)
    assert back.character.armature.names == ("eyes",)
    assert back.character.armature.rest_world == pytest.approx(np.eye(4)[None])
    for part, made in zip(back.character.parts, item.character.parts, strict=True):
        assert part.mesh.vertices_m.min(0) == pytest.approx(made.mesh.vertices_m.min(0), abs=1e-6)
        assert part.mesh.vertices_m.max(0) == pytest.approx(made.mesh.vertices_m.max(0), abs=1e-6)
        assert part.material.base == pytest.approx(made.material.base, abs=0.01)
    lens = back.character.parts[-1].material
    assert lens.texture is not None
    assert lens.texture.shape[2] == 4
    assert lens.base[3] < 1


def test_another_placement_is_kept_and_a_thing_is_thrown_away(kept: tuple[Catalogue, str]) -> None:
    catalogue, id = kept
    before = load(catalogue.entry(id)).character.parts[0].mesh.vertices_m
    placement = Placement.of(1.1, np.eye(3), (0.0, 0.0, 0.01))
    catalogue.change(id, placement, "Big aviator")
    entry = catalogue.entry(id)
    assert (entry.name, entry.card.placement) == ("Big aviator", placement)
    after = load(entry).character.parts[0].mesh.vertices_m
    assert after == pytest.approx(1.1 * before + [0, 0, 0.01], abs=1e-6)
    assert find(str(entry.model)).name == "Big aviator", "a file is worn as its card tells"
    catalogue.remove(id)
    assert catalogue.entries() == ()


def test_single_earrings_are_mirrored_and_pairs_are_parted(tmp_path: Path) -> None:
    from studio.core.types import Character, Material, Mesh, Part
    from studio.synth.solids import tube

    def drop(x: float) -> Part:
        line = np.array([[x + 0.002 * k, 0, -0.01 * k] for k in range(4)])
        piece = tube(line, 0.002, 0.002, np.array([0, 1.0, 0]))
        mesh = Mesh(piece.vertices, piece.faces, piece.uv)
        count = len(piece.vertices)
        return Part(f"drop {x}", mesh, Material("gold"), np.zeros((count, 4), int),
                    np.tile((1.0, 0, 0, 0), (count, 1)))  # fmt: skip

    one = Character("Earring", models.one_bone("root"), (drop(0.0),))
    two = Character("Earrings", models.one_bone("root"), (drop(-0.05), drop(0.05)))
    for character, pair in ((one, False), (two, True)):
        path = tmp_path / f"earring {pair}.glb"
        write_glb(path, character)
        told = guess(path)
        assert (told.kind.value, told.pair) == ("earrings", pair)
        worn = item_of(told.character, told.card())
        assert worn.character.armature.names == ("ear.L", "ear.R")
        for side in range(2):
            places = np.concatenate([
                p.mesh.vertices_m[p.joints[:, 0] == side][:, 0] for p in worn.character.parts
                if (p.joints[:, 0] == side).any()
            ])  # fmt: skip
            assert np.abs(places).max() < 0.02
    left, right = item_of(told.character, told.card()).character.parts
    assert left.name != right.name


def test_trouble_is_told_and_the_rest_is_offered(
    kept: tuple[Catalogue, str], tmp_path: Path
) -> None:
    catalogue, id = kept
    (catalogue.folder / "broken").mkdir()
    (catalogue.folder / "broken" / CARD).write_text("name = ", "utf-8")
    assert [entry.id for entry in catalogue.entries()] == [id]
    assert "damaged" in catalogue.trouble["broken"].message
    catalogue.entry(id).model.write_bytes(b"glTF but not really")
    with pytest.raises(StudioError, match="cannot be read"):
        load(catalogue.entry(id))
    with pytest.raises(StudioError, match="nothing"):
        catalogue.entry("../elsewhere")
    with pytest.raises(StudioError, match="nothing to try on"):
        find("no_such_thing")
    with pytest.raises(StudioError, match="not changed"):
        Catalogue(catalogue.folder, writable=False).remove(id)
    told = tmp_path / "card"
    told.mkdir()
    write_card(told, ItemCard(name='A "name"\\', kind="hat", model="model.glb", notes=("é",)))
    assert read_card(told).name == 'A "name"\\'


def test_a_model_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "huge.glb"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(StudioError, match="200 MB") as refused:
        models.read_model(path)
    assert "Blender" in refused.value.hint
    small = tmp_path / "hat.glb"
    write_glb(small, glasses(SUNGLASSES["round"], True).character)
    monkeypatch.setattr(models, "MOST_FACES", 100)
    with pytest.raises(StudioError, match="triangles"):
        models.read_model(small)
    monkeypatch.undo()
    monkeypatch.setattr(models, "MANY_FACES", 100)
    assert any("slow" in note for note in models.read_model(small)[1])


def test_what_cannot_be_read_says_so(tmp_path: Path) -> None:
    for name, content in (("a.fbx", b"x"), ("a.glb", b"nonsense"), ("a.obj", b"v 1 2\nf 9 9 9\n")):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(StudioError):
            models.read_model(path)
