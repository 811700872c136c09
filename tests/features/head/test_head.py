"""A head from a photograph, from the command line to the file; no face is refused by name."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import open3d as o3d
import pytest
from gltf_twin import validate

from studio import cli
from studio.core.errors import StudioError
from studio.core.pictures import write_picture
from studio.features.head import engine
from studio.features.head.engine import NETWORKS, Inputs, Params, reconstruct
from studio.human.design import read_file
from studio.human.heads import model
from studio.jobs import Context, run
from studio.media.formats.gltf.read import read_gltf
from studio.perception import portraits
from studio.render.raster import Renderer
from studio.synth import closet, designed, portrait
from studio.synth.heads.bust import bust
from studio.synth.heads.scanned import Scan, Surface
from studio.synth.people import preset
from studio.weights.store import find


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    """Mara, photographed."""
    wanted = preset("Mara")
    character = designed.person_of(wanted)
    posed = designed.posed(wanted, character, designed.body_of(*designed.resting(wanted)))
    framing = replace(portrait.face_of(posed), turn_deg=4.0)
    with Renderer((400, 440)) as renderer:
        rgb = portrait.picture(renderer, portrait.drawables(posed), framing)
    path = tmp_path_factory.mktemp("photos") / "mara.png"
    write_picture(path, rgb)
    return path


def test_a_photograph_becomes_a_person(photo, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(closet, "own_folder", lambda: tmp_path / "wardrobe")
    closet.forget()
    average = Surface(bust().of(model.usual(), np.zeros((478, 3))).vertices_m, bust().faces)
    usual = Scan("average", average, model.points_of(model.usual()))
    monkeypatch.setattr(engine, "read_scan", lambda path, looker: usual)
    out, design, sheet, faces, off = (
        tmp_path / f"head.{ending}" for ending in ("glb", "json", "png", "jpg", "ply")
    )
    code = cli.main(["head", str(photo), "--out", str(out), "--design", str(design), "--compare",
                     str(sheet), "--acted", str(faces), "--pupils-mm", "61",
                     "--texture-px", "512", "--triangles", "15000", "--visemes", "--scan",
                     "average.ply", "--error-map", str(off), "--json"])  # fmt: skip
    assert code == 0
    told = json.loads(capsys.readouterr().out)
    assert told["pupils_mm"] == pytest.approx(61, abs=0.5)
    assert list(told["hair"]) == ["as_photographed"]
    assert told["hair"]["as_photographed"] > 0.6
    told_of = {fact["label"]: fact["text"] for fact in told["facts"]}
    mean_mm = float(told_of["Scan"].split()[1].rstrip(","))
    assert 0.5 < mean_mm < 6, "she is not the average"
    coloured = o3d.io.read_triangle_mesh(str(off))
    assert len(coloured.triangles) == len(bust().faces)
    assert np.asarray(coloured.vertex_colors).std(0).min() > 0.02
    assert not validate(out)
    character = read_gltf(out).character
    assert 13_000 < sum(len(part.mesh.faces) for part in character.parts) < 15_200
    assert "viseme_aa" in next(p for p in character.parts if p.name == "body").morphs
    kept = read_file(design)
    assert kept.carved
    kinds = {closet.piece(one.item).kind for one in kept.worn}
    assert kinds == {"skin", "hair", "eyes", "teeth", "lashes", "top"}
    skin = next(one for one in kept.worn if one.item.startswith("skin_mara"))
    texture = closet.plain(closet.piece(skin.item)).texture
    rgb = cv2.imread(str(photo))[..., ::-1]
    middle = rgb[200:260, 180:220].reshape(-1, 3).mean(0)  # her nose and cheeks
    face = texture[np.abs(texture.astype(int) - middle).sum(-1) < 90]
    assert len(face) > 500  # the photograph's colours are on the skin
    _laid_over_her(cv2.imread(str(sheet))[..., ::-1])
    rows = cv2.imread(str(faces)).astype(float).reshape(2, 240, 6, 240, 3)
    every = rows.transpose(0, 2, 1, 3, 4).reshape(12, 240, 240, 3)
    moved = np.abs(every[1:] - every[0]).mean(axis=(1, 2, 3))
    assert moved.min() > 0.3, "every action changes the face"
    closet.forget()


def _laid_over_her(rows: np.ndarray) -> None:
    """The head over the photograph lies where the photograph's face is, and has its colours."""
    marked, laid, ahead, turned = np.split(rows.astype(int), 4, axis=1)
    face = np.s_[150:260, 130:230]
    apart = np.abs(marked[face] - laid[face]).mean()
    assert 1 < apart < 45
    assert np.abs(marked[face] - np.roll(laid, 70, axis=1)[face]).mean() > 1.15 * apart
    assert np.abs(ahead - turned).mean() > 2


def test_what_is_no_face_is_refused_by_name(tmp_path, photo):
    grey = tmp_path / "wall.png"
    write_picture(grey, np.full((200, 200, 3), 120, np.uint8))
    with pytest.raises(StudioError, match=r"No human face is found in “wall.png”"):
        run(reconstruct(Params(photos=(grey,)), Inputs(), Context()))
    small = tmp_path / "far.png"
    picture = np.full((400, 400, 3), 90, np.uint8)
    rgb = cv2.imread(str(photo))[..., ::-1]
    picture[100:175, 100:168] = cv2.resize(rgb, (68, 75), interpolation=cv2.INTER_AREA)
    write_picture(small, picture)
    with pytest.raises(StudioError, match=r"pixels high|No human face"):
        run(reconstruct(Params(photos=(small,)), Inputs(), Context()))
    with pytest.raises(StudioError, match="no photograph"):
        run(reconstruct(Params(), Inputs(), Context()))


@pytest.mark.parametrize(
    ("more", "said"),
    [(["--out", "x.fbx"], "ending"), ([], "nothing to write"),
     (["--out", "x.glb", "--pupils-mm", "200"], "No pupils"),
     (["--out", "x.glb", "--triangles", "9"], "make no person"),
     (["--error-map", "x.ply"], "no scan"), (["--out", "x.glb", "--seed", "-1"], "no seed")],
)  # fmt: skip
def test_wrong_flags_are_sentences(photo, more, said, capsys):
    assert cli.main(["head", str(photo), *more]) == 1
    assert said in capsys.readouterr().err


def test_networks_are_loaded_once_and_pictures_do_not_depend_on_each_other(photo, monkeypatch):
    loaded: list[object] = []

    class Counted(portraits.FaceCrowd):
        def __init__(self, *told, **more):
            loaded.append(self)
            super().__init__(*told, **more)

    monkeypatch.setattr(portraits, "FaceCrowd", Counted)
    rgb = np.ascontiguousarray(cv2.imread(str(photo))[..., ::-1])
    aside = np.roll(rgb, 60, axis=1)
    with portraits.Looker({name: find(name) for name in NETWORKS}) as looker:
        first = looker.look("first", rgb)
        looker.look("aside", aside)
        again = looker.look("again", rgb)
    assert len(loaded) == 1
    np.testing.assert_array_equal(first.xyz_px, again.xyz_px)


def test_what_lies_above_a_fringe_is_no_skin(photo):
    rgb = np.ascontiguousarray(cv2.imread(str(photo))[..., ::-1])
    with portraits.Looker({name: find(name) for name in NETWORKS}) as looker:
        calm = looker.look("calm", rgb)
        x, y = np.rint(calm.xyz_px[10, :2]).astype(int)
        brow = int(calm.xyz_px[9, 1])
        fringed = rgb.copy()
        level = (y + brow) // 2
        fringed[level - 12 : level, x - 90 : x + 90] = (40, 25, 15)
        told = looker.look("fringed", fringed)
    above = np.s_[level - 24 : level - 12, x - 30 : x + 30]
    assert calm.hair[:y, x - 20 : x + 20].sum() > 500
    assert not calm.hair[brow : brow + 80, x - 30 : x + 30].any()
    assert not calm.hair[:, :20].any()
    for iris in (468, 473):
        column, row = np.rint(calm.xyz_px[iris, :2]).astype(int)
        assert not calm.bare[row, column]  # eyes are not painted on lids
    assert calm.bare[above].mean() > 0.5
    assert not told.bare[above].any()
    assert told.bare[brow - 3 : brow + 6, x - 10 : x + 10].all()


def test_hair_gone_white_in_the_shade_is_hair_and_photographs_say_what_is_wrong(photo):
    rgb = np.ascontiguousarray(cv2.imread(str(photo))[..., ::-1])
    with portraits.Looker({name: find(name) for name in NETWORKS}) as looker:
        plain = looker.look("plain", rgb)
        skin = np.median(rgb[plain.bare], axis=0)
        white = rgb.copy()
        fine = rgb[plain.hair].mean(1, keepdims=True) - rgb[plain.hair].mean()
        white[plain.hair] = np.clip(skin.mean() + np.array([6, 0, -8]) + 0.3 * fine, 0, 255)
        told = looker.look("white", white)
        blurred = looker.look("blurred", cv2.GaussianBlur(rgb, (0, 0), 5)).warnings
        dark = looker.look("dark", (rgb * 0.1).astype(np.uint8)).warnings
        x, y = np.rint(plain.xyz_px[17, :2]).astype(int)
        covered = rgb.copy()
        cv2.ellipse(covered, (int(x), int(y)), (75, 55), 0, 0, 360, skin.tolist(), -1)
        hidden = looker.look("hand", covered).warnings
        cv2.ellipse(covered, (int(x), int(y)), (95, 60), 0, 0, 360, (130, 165, 200), -1)
        masked = looker.look("mask", covered).warnings
        with pytest.raises(StudioError, match=r"“turned” (is upside down|lies on its side)"):
            looker.look("turned", np.ascontiguousarray(rgb[::-1, ::-1]))
    both = (told.hair & plain.hair).sum() / (told.hair | plain.hair).sum()
    assert both > 0.75
    assert (told.bare & plain.hair).sum() < 0.06 * plain.hair.sum()
    said = [" ".join(one) for one in (plain.warnings, blurred, dark)]
    assert "blurred" not in said[0]
    assert "dark" not in said[0]
    assert "blurred" in said[1]
    assert "too dark" in said[2]
    assert "blurred" not in said[2]
    assert "lies before" not in said[0]
    assert "lies before" in " ".join(hidden)
    assert "lies before" in " ".join(masked)
