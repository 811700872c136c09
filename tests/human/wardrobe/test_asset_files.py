"""Assets are read from folders and zips; damaged ones say what is wrong."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny_assets

from studio.core.errors import StudioError
from studio.human.rig import BONE_NAMES
from studio.human.wardrobe import objects
from studio.human.wardrobe.reading import read_asset, read_assets


def test_everything_in_the_files_is_read(tmp_path: Path) -> None:
    asset = read_asset(tiny_assets.write(tmp_path / "patch", tiny_assets.files()))
    assert (asset.name, asset.kind, asset.z_depth, asset.max_pole) == ("patch", "top", 40, 6)
    assert (asset.uuid, asset.tags) == ("1-2-3", ("Shirt",))
    assert asset.card.free
    assert (asset.card.author, asset.card.notice) == ("Somebody", "")
    assert asset.mesh is not None
    assert asset.binding is not None
    assert asset.mesh.faces.tolist() == [[0, 1, 2, 3], [3, 2, 4, -1]]
    assert asset.mesh.vertices_m[1] == pytest.approx([0.1, -0.2, 0.1])  # Y up becomes Z up
    assert asset.mesh.triangles.tolist() == [[0, 1, 2], [3, 2, 4], [0, 2, 3]]
    assert asset.mesh.triangle_uv is not None
    assert asset.mesh.triangle_uv[0].tolist() == [[0, 0], [1, 0], [1, 1]]
    assert asset.binding.offsets_m[0] == pytest.approx([0.01, -0.03, 0.02])
    assert asset.binding.base[2].tolist() == [20, 20, 20]
    assert asset.binding.shares[2].tolist() == [1, 0, 0]
    x, y, z = asset.binding.scales
    assert x is not None
    assert (x.first, x.second, x.reference_m) == (5399, 11998, pytest.approx(0.14))
    assert (y, z) == (None, None)
    assert asset.deletes.tolist() == [10, 11, 12, 40, 50, 51]
    material = asset.material
    assert (material.diffuse, material.transparent, material.backface_cull) == (
        (0.5, 0.25, 1.0), True, False,
    )  # fmt: skip
    assert (material.rough, material.normal_strength) == (pytest.approx(0.8), 0.5)


def test_a_picture_is_found_in_the_format_it_is_in(tmp_path: Path) -> None:
    material = read_asset(tiny_assets.write(tmp_path / "a", tiny_assets.files())).material
    assert material.pictures["diffuse"].name == "patch_diffuse.webp"
    pixels = material.pictures["diffuse"].pixels()
    assert pixels.shape == (8, 8, 3)
    assert pixels[0, 0, 0] > 180
    assert pixels[0, 0, 2] < 40
    assert material.missing == ("gone_normal.png",)


def test_other_materials_beside_come_after(tmp_path: Path) -> None:
    content = tiny_assets.files()
    content["a_blue.mhmat"] = b"name blue\ndiffuseColor 0 0 1\n"
    asset = read_asset(tiny_assets.write(tmp_path / "a", content))
    assert [material.name for material in asset.materials] == ["patch", "blue"]


def test_skins_have_no_mesh(tmp_path: Path) -> None:
    content = {"fair.mhmat": b"# license CC0\nname fair\n", "card.toml": b""}
    content.pop("card.toml")
    asset = read_asset(tiny_assets.write(tmp_path / "skins" / "fair", content))
    assert (asset.kind, asset.mesh, asset.card.licence) == ("skin", None, "CC0-1.0")


def zipped(path: Path, content: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def test_a_zip_reads_like_its_folder(tmp_path: Path) -> None:
    content = {f"clothes/patch/{name}": data for name, data in tiny_assets.files().items()}
    asset = read_asset(zipped(tmp_path / "pack.zip", content))
    beside = read_asset(tiny_assets.write(tmp_path / "patch", tiny_assets.files()))
    assert asset.mesh is not None
    assert beside.mesh is not None
    assert np.array_equal(asset.mesh.vertices_m, beside.mesh.vertices_m)
    assert asset.material.pictures["diffuse"].data == beside.material.pictures["diffuse"].data


def test_usual_meshes_are_read_at_once_as_line_by_line() -> None:
    usual = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0.5\nvt 0 0\nvt 1 1\n"
    usual += "f 1/1 2/2 3/1 4/2\nf 1/1 2/2 3/1\nf 1/1 2/2 3/1 1/1\n"
    at_once = objects._tables(usual)
    assert at_once is not None
    for one, other in zip(at_once, objects._line_by_line(usual, "usual"), strict=True):
        assert np.array_equal(one, other)
    for unusual in ("f 1 2 3", "f -4/1 -3/2 -2/1", "f 1/1/1 2/2/1 3/1/1", "v 1 1", "f 1/1 2/2"):
        assert objects._tables(f"{usual}{unusual}\n") is None


@pytest.mark.parametrize("name", ["../out.obj", "/etc/out.obj", "a/../../out", "C:\\out.obj"])
def test_a_zip_that_reaches_outside_is_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "evil.zip", {**tiny_assets.files(), name: b"x"})
    with pytest.raises(StudioError, match="outside") as caught:
        read_assets(path)
    assert caught.value.hint


def test_a_folder_is_not_left_by_links_or_names(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(tiny_assets.picture(".png"))
    content = tiny_assets.files(mhmat="name patch\ndiffuseTexture ../../secret.png\n")
    folder = tiny_assets.write(tmp_path / "a" / "patch", content)
    (folder / "link.png").symlink_to(secret)
    assert read_asset(folder).material.missing == ("../../secret.png",)
    content["patch.mhmat"] = b"name patch\ndiffuseTexture link.png\n"
    assert read_asset(tiny_assets.write(folder, content)).material.missing == ("link.png",)


def test_a_truncated_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "cut.zip", tiny_assets.files())
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(StudioError, match="cut short") as caught:
        read_asset(path)
    assert "Download" in caught.value.hint


def test_a_damaged_member_is_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bad.zip", tiny_assets.files())
    data = bytearray(path.read_bytes())
    data[data.index(b"v 1 1 2") + 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(StudioError, match="unpacked"):
        read_asset(path)


ROW = "   11    12    13 0.20000 0.30000 0.50000 0.00000 0.00000 0.01000\n"
DAMAGED = {
    "wrong base vertex": ({"mhclo": tiny_assets.MHCLO.replace("   20\n", "19158\n")}, "19158"),
    "negative base vertex": ({"mhclo": tiny_assets.MHCLO.replace("   20\n", "-3\n")}, "-3"),
    "cut in a row": ({"mhclo": tiny_assets.MHCLO.split("0.50000 0.25")[0]}, "Line 14"),
    "cut before the rows": ({"mhclo": tiny_assets.MHCLO.split("   10")[0]}, "binds no vertices"),
    "a row is gone": ({"mhclo": tiny_assets.MHCLO.replace(ROW, "")}, "binds 4 vertices"),
    "not a number": ({"mhclo": tiny_assets.MHCLO.replace("0.10000 0.20000 0.30000",
                                                         "x 0 0")}, "Line 14"),
    "infinite": ({"mhclo": tiny_assets.MHCLO.replace("0.10000 0.20000 0.30000",
                                                     "nan 0 0")}, "Line 14"),
    "another base mesh": ({"mhclo": tiny_assets.MHCLO.replace("hm08", "alien")}, "alien"),
    "scale is cut": ({"mhclo": tiny_assets.MHCLO.replace("11998 1.4", "11998")}, "x_scale"),
    "scale of nothing": ({"mhclo": tiny_assets.MHCLO.replace("11998 1.4", "11998 0")}, "x_scale"),
    "scale from nowhere": ({"mhclo": tiny_assets.MHCLO.replace("11998 1.4", "99999 1")}, "99999"),
    "deletes are cut": ({"mhclo": tiny_assets.MHCLO.replace("50 - 51", "50 -")}, "deleted"),
    "deletes too far": ({"mhclo": tiny_assets.MHCLO.replace("50 - 51", "50 - 99999")}, "deleted"),
    "depth is no number": ({"mhclo": tiny_assets.MHCLO.replace("z_depth 40", "z_depth deep")},
                           "z_depth"),
    "mesh face too far": ({"obj": tiny_assets.OBJ + "f 1/1 2/2 9/3\n"}, "not there"),
    "mesh face at zero": ({"obj": tiny_assets.OBJ + "f 0/1 2/2 3/3\n"}, "Line 11"),
    "mesh uv too far": ({"obj": tiny_assets.OBJ + "f 1/1 2/2 3/9\n"}, "not there"),
    "mesh line": ({"obj": tiny_assets.OBJ.replace("v 1 1 2", "v 1 1")}, "Line 2"),
    "mesh is not finite": ({"obj": tiny_assets.OBJ.replace("v 1 1 2", "v 1 inf 2")}, "none"),
    "mesh is empty": ({"obj": "# nothing\n"}, "holds no mesh"),
    "colour": ({"mhmat": tiny_assets.MHMAT.replace("0.5 0.25 1.0", "0.5 red")}, "Line 3"),
    "shine": ({"mhmat": tiny_assets.MHMAT.replace("shininess 0.25", "shininess")}, "Line 4"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_damage_is_told_with_a_remedy(tmp_path: Path, damage: tuple[dict[str, str], str]) -> None:
    changes, said = damage
    folder = tiny_assets.write(tmp_path / "patch", tiny_assets.files(**changes))
    with pytest.raises(StudioError) as caught:
        read_asset(folder)
    assert said in caught.value.message
    assert len(caught.value.hint) > 20


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    content = tiny_assets.files()
    content.pop("patch.obj")
    with pytest.raises(StudioError, match=r"patch\.obj"):
        read_asset(tiny_assets.write(tmp_path / "a", content))
    with pytest.raises(StudioError, match="no asset"):
        read_asset(tiny_assets.write(tmp_path / "b", {"readme.txt": b"hello"}))
    with pytest.raises(StudioError, match="not there"):
        read_asset(tmp_path / "nowhere")


def test_one_of_several_must_be_chosen(tmp_path: Path) -> None:
    tiny_assets.write(tmp_path / "a", tiny_assets.files())
    tiny_assets.write(tmp_path / "b", tiny_assets.files())
    assert len(read_assets(tmp_path)) == 2
    with pytest.raises(StudioError, match="2 assets"):
        read_asset(tmp_path)


def test_a_damaged_picture_is_told_when_it_is_looked_at(tmp_path: Path) -> None:
    content = {**tiny_assets.files(), "patch_diffuse.webp": b"RIFF"}
    asset = read_asset(tiny_assets.write(tmp_path / "a", content))
    with pytest.raises(StudioError, match="patch_diffuse"):
        asset.material.pictures["diffuse"].pixels()


@pytest.mark.parametrize(
    ("comment", "licence"),
    [
        ("# license CC-BY-4.0", "CC-BY-4.0"),
        ("# license: CC BY-SA", "CC-BY-SA-4.0"),
        ("# license AGPL3", "AGPL-3.0"),
        ("# explicitly released as CC0 in 2020", "CC0-1.0"),
        ("# made with love", "unknown"),
    ],
)
def test_the_licence_is_kept_and_shown(tmp_path: Path, comment: str, licence: str) -> None:
    content = tiny_assets.files(mhclo=tiny_assets.MHCLO.replace("# license CC0", comment))
    card = read_asset(tiny_assets.write(tmp_path / "a", content)).card
    assert card.licence == licence
    assert card.free == (licence == "CC0-1.0")
    if not card.free:
        assert "Somebody" in card.notice
        assert licence == "unknown" or licence in card.notice


def test_a_card_overrules_what_the_files_say(tmp_path: Path) -> None:
    card = 'title = "A patch"\nkind = "bottom"\nlicence = "MIT"\n[colours]\nmain = "#102030"\n'
    content = {**tiny_assets.files(), "card.toml": card.encode()}
    found = read_asset(tiny_assets.write(tmp_path / "a", content)).card
    assert (found.title, found.kind, found.licence) == ("A patch", "bottom", "MIT")
    assert found.colours == {"main": "#102030"}


@pytest.mark.parametrize(
    "card",
    ["title = ", 'title = "x"', 'title = "x"\nkind = "wig"',
     'title = "x"\nkind = "top"\n[colours]\nmain = "red"'],
)  # fmt: skip
def test_a_damaged_card_is_told(tmp_path: Path, card: str) -> None:
    content = {**tiny_assets.files(), "card.toml": card.encode()}
    with pytest.raises(StudioError) as caught:
        read_asset(tiny_assets.write(tmp_path / "a", content))
    assert caught.value.hint


def with_weights(folder: Path, weights: str) -> Path:
    text = tiny_assets.MHCLO.replace("z_depth", "vertexboneweights_file patch.mhw\nz_depth")
    content = {**tiny_assets.files(mhclo=text), "patch.mhw": weights.encode()}
    return tiny_assets.write(folder, content)


def test_skin_weights_are_read_for_the_rig(tmp_path: Path) -> None:
    pairs = {"head": [[0, 0.5], [1, 0.2]], "jaw": [[0, 0.5]], "neck01": [[1, 0.6]],
             "ponytail": [[2, 1.0]]}  # fmt: skip
    asset = read_asset(with_weights(tmp_path / "a", json.dumps({"weights": pairs})))
    assert asset.weights is not None
    dense = asset.weights.toarray()
    assert dense[0, BONE_NAMES.index("head")] == pytest.approx(1.0)  # the jaw is part of the head
    assert dense[1, BONE_NAMES.index("neck01")] == pytest.approx(0.75)
    assert dense[2].sum() == 0  # a bone that the rig does not have


@pytest.mark.parametrize("text", ["{", "[]", '{"weights": {"head": [[0]]}}',
                                  '{"weights": {"head": [[9, 1.0]]}}'])  # fmt: skip
def test_damaged_skin_weights_are_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(StudioError, match="skin weights") as caught:
        read_asset(with_weights(tmp_path / "a", text))
    assert caught.value.hint


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("hair/bob01", "hair"), ("eyebrows/eyebrow010", "brows"), ("teeth/teeth_base", "teeth"),
        ("eyelashes/eyelashes04", "lashes"), ("clothes/fedora01/fedora.mhclo", "hat"),
        ("clothes/shoes02", "shoes"), ("clothes/male_casualsuit04", "suit"),
    ],
)  # fmt: skip
def test_real_assets_are_read(makehuman: Callable[[str], Path], folder: str, kind: str) -> None:
    asset = read_asset(makehuman(folder))
    assert (asset.kind, asset.card.free) == (kind, True)
    assert asset.mesh is not None
    assert asset.mesh.triangle_uv is not None
    if kind == "teeth":  # their material lies in the folder beside
        assert asset.material.pictures["diffuse"].name == "teeth.webp"


def test_real_irises_have_no_mesh(makehuman: Callable[[str], Path]) -> None:
    irises = read_assets(makehuman("eyes"))
    assert {(iris.kind, iris.mesh) for iris in irises} == {("eyes", None)}
    assert all(iris.material.pictures["diffuse"].pixels().shape[2] >= 3 for iris in irises)
