"""Assets lie where their binding says, on anybody, and move with the skin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_assets
import torch
from scipy.sparse import csr_matrix

from studio.core.errors import StudioError
from studio.human.person import PHENOTYPES, Shape, whole
from studio.human.rig import BONE_NAMES
from studio.human.wardrobe import library
from studio.human.wardrobe.asset import BASE_VERTICES, Asset, Card
from studio.human.wardrobe.fitting import (
    HEAD_SCALES,
    base_weights,
    bind,
    fit,
    hidden,
    nearest_shares,
    weights_of,
)
from studio.human.wardrobe.reading import read_asset
from studio.human.wardrobe.writing import write_asset


@pytest.fixture
def patch(tmp_path: Path) -> Asset:
    return read_asset(tiny_assets.write(tmp_path / "patch", tiny_assets.files()))


def person(**phenotypes: float) -> np.ndarray:
    assert {*phenotypes} <= {*PHENOTYPES}
    with torch.no_grad():
        return whole().rest(Shape.of(**phenotypes)).vertices_m.double().numpy()


def test_a_vertex_lies_between_its_three_with_its_offset(patch: Asset) -> None:
    base = np.random.default_rng(1).normal(size=(BASE_VERTICES, 3))
    base[5399, 0], base[11998, 0] = 0.3, 0.02  # 0.28 m where the asset was made for 0.14 m
    at = fit(patch, base)
    assert at[0] == pytest.approx(
        0.5 * base[10] + 0.25 * (base[11] + base[12]) + np.array([2 * 0.01, -0.03, 0.02])
    )
    assert at[2] == pytest.approx(base[20])
    assert at[3] == pytest.approx(1.1 * base[21] - 0.2 * base[22] + 0.1 * base[23])


def test_weights_come_from_the_skin_below(patch: Asset) -> None:
    weights = weights_of(patch).toarray()
    skin = base_weights()
    assert weights.sum(axis=1) == pytest.approx(1)
    assert weights[2] == pytest.approx(skin[20].toarray()[0])
    assert weights.min() >= 0


def test_own_weights_are_used_where_they_say_something(patch: Asset) -> None:
    own = np.zeros((5, len(BONE_NAMES)))
    own[0, BONE_NAMES.index("head")] = 1
    weights = weights_of(replace(patch, weights=csr_matrix(own))).toarray()
    assert weights[0, BONE_NAMES.index("head")] == 1
    assert weights[2] == pytest.approx(base_weights()[20].toarray()[0])


def test_a_face_is_hidden_when_all_its_corners_are() -> None:
    faces = np.array([[1, 2, 3], [2, 3, 4]])
    assert hidden(faces, np.array([1, 2, 3])).tolist() == [True, False]


def test_what_is_bound_here_lies_where_it_was() -> None:
    rng = np.random.default_rng(3)
    base = person()
    faces = whole().model.get_triangular_faces().numpy()
    faces = faces[(faces < 13_380).all(axis=1)]
    points = base[rng.choice(13_380, 200, replace=False)] + rng.normal(0, 0.01, (200, 3))
    binding = bind(points, base, faces, HEAD_SCALES)
    asset = Asset("x", Card("x", "other"), (), binding=binding)
    assert fit(asset, base) == pytest.approx(points, abs=1e-9)
    assert np.linalg.norm(binding.offsets_m, axis=1).max() < 0.05
    assert binding.shares.sum(axis=1) == pytest.approx(1, abs=3e-5)


def test_the_nearest_point_is_the_nearest_of_many() -> None:
    rng = np.random.default_rng(5)
    points, triangles = rng.normal(size=(60, 3)), rng.normal(size=(60, 3, 3))
    shares = nearest_shares(points, triangles)
    assert shares.min() >= 0
    away = np.linalg.norm(np.einsum("pk,pkd->pd", shares, triangles) - points, axis=1)
    many = rng.dirichlet((0.7, 0.7, 0.7), 4000)
    others = np.linalg.norm(np.einsum("mk,pkd->mpd", many, triangles) - points, axis=2).min(axis=0)
    assert (away <= others + 1e-9).all()
    assert (others - away).max() < 0.1


def test_wrong_people_and_meshless_assets_are_told(patch: Asset) -> None:
    with pytest.raises(StudioError, match="19158"):
        fit(patch, np.zeros((100, 3)))
    skin = replace(patch, mesh=None, binding=None)
    with pytest.raises(StudioError, match="no mesh"):
        fit(skin, np.zeros((BASE_VERTICES, 3)))
    with pytest.raises(StudioError, match="no mesh"):
        weights_of(skin)


def test_an_asset_is_written_as_it_was_read(patch: Asset, tmp_path: Path) -> None:
    weights = weights_of(patch)
    again = read_asset(write_asset(replace(patch, weights=weights), tmp_path / "out" / "patch"))
    assert again.card == patch.card
    assert (again.name, again.z_depth, again.max_pole) == (patch.name, 40, 6)
    assert (again.tags, again.uuid) == (patch.tags, patch.uuid)
    assert np.array_equal(again.deletes, patch.deletes)
    assert patch.binding is not None
    assert again.binding is not None
    assert again.binding.scales == patch.binding.scales
    base = person()
    assert fit(again, base) == pytest.approx(fit(patch, base), abs=1e-6)
    assert again.mesh is not None
    assert patch.mesh is not None
    assert np.array_equal(again.mesh.faces, patch.mesh.faces)
    assert again.mesh.vertices_m == pytest.approx(patch.mesh.vertices_m)
    assert again.mesh.uv[again.mesh.uv_faces] == pytest.approx(patch.mesh.uv[patch.mesh.uv_faces])
    assert again.material.diffuse == patch.material.diffuse
    assert again.material.rough == pytest.approx(patch.material.rough)
    assert again.material.transparent
    assert again.material.pictures["diffuse"].data == patch.material.pictures["diffuse"].data
    assert again.weights is not None
    assert np.abs(again.weights - weights).max() < 0.01


def test_what_cannot_be_written_is_told(patch: Asset, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StudioError, match="could not be written"):
        write_asset(patch, tmp_path / "taken" / "patch")


def test_the_library_finds_by_kind_and_name(patch: Asset, tmp_path: Path) -> None:
    write_asset(patch, tmp_path / "top" / "patch")
    (entry,) = library.find(root=tmp_path)
    assert (entry.name, entry.card.kind) == ("patch", "top")
    assert library.find("hair", root=tmp_path) == ()
    assert library.load("patch", root=tmp_path) is library.load("patch", root=tmp_path)
    with pytest.raises(StudioError, match="patsch") as caught:
        library.load("patsch", root=tmp_path)
    assert "patch" in caught.value.hint


def test_real_clothes_fit_anybody(makehuman: Callable[[str], Path]) -> None:
    suit = read_asset(makehuman("clothes/male_casualsuit06"))
    shoes = read_asset(makehuman("clothes/shoes03"))
    for shape in ({"gender": 0.0}, {"gender": 1.0, "weight": 1.0}):
        base = person(**shape)
        body, feet = base[:13_380], base[base[:13_380, 2].argmin()]
        on = fit(suit, base)
        low, high = body.min(axis=0), body.max(axis=0)
        assert (on > low - 0.06).all()
        assert (on < high + 0.06).all()
        assert abs(fit(shoes, base)[:, 2].min() - feet[2]) < 0.06
    assert weights_of(shoes)[:, BONE_NAMES.index("foot.L")].max() > 0.5
