"""A head against a scan: the same head is found again wherever it lies, a nose too long is told."""

from __future__ import annotations

import numpy as np
import open3d as o3d
import pytest
from scipy.spatial.transform import Rotation

from studio.core.errors import StudioError
from studio.features.head.engine import NETWORKS
from studio.human.heads import model
from studio.perception.portraits import Looker
from studio.render.scene import vertex_normals
from studio.synth.heads.bust import bust
from studio.synth.heads.scanned import Scan, Surface, compared, read_scan
from studio.weights.store import find

NOSE = 4


@pytest.fixture(scope="module")
def head() -> tuple[np.ndarray, np.ndarray]:
    """The skin of the average head, and its points."""
    shaped = bust().of(model.usual(), np.zeros((478, 3)))
    return shaped.vertices_m.astype(float), model.points_of(model.usual())


def test_the_same_head_lies_on_itself_and_a_longer_nose_is_told_in_millimetres(head):
    skin, points = head
    faces = bust().faces
    turn, shift = Rotation.from_euler("xyz", (20, -30, 10), degrees=True).as_matrix(), (1, 2, 3)
    scan = Scan("itself", Surface(skin @ turn.T + shift, faces), points @ turn.T + shift)
    same = compared(skin, vertex_normals(skin, faces), points, scan)
    assert same.worst_m < 2e-4
    assert same.face.sum() > 1000
    assert not same.face.all()
    carved = np.zeros((478, 3))
    apart2 = np.square(points - points[NOSE]).sum(1)
    carved[:, 1] = -0.006 * np.exp(-apart2 / (2 * 0.012**2))
    long = bust().of(model.usual(), carved).vertices_m.astype(float)
    told = compared(long, vertex_normals(long, faces), points + carved, scan)
    tip = int(np.linalg.norm(skin - points[NOSE], axis=1).argmin())
    assert 0.003 < told.off_m[tip] < 0.008
    red, white = told.colours()[tip], told.colours()[np.abs(told.off_m).argmin()]
    assert red[0] > red[2] + 60
    assert white.min() > 200
    assert "median" in told.text


def test_a_scan_is_read_upright_or_lying_in_metres_or_millimetres(head, tmp_path):
    skin, points = head
    lying = skin @ Rotation.from_euler("x", -90, degrees=True).as_matrix().T  # Y up
    mesh = o3d.geometry.TriangleMesh(
        o3d.utility.Vector3dVector(1000 * lying), o3d.utility.Vector3iVector(bust().faces)
    )
    path = tmp_path / "scan.ply"
    o3d.io.write_triangle_mesh(path, mesh)
    with Looker({name: find(name) for name in NETWORKS}) as looker:
        scan = read_scan(path, looker)
        apart = np.linalg.norm(points[468] - points[473])
        assert scan.pupils_m == pytest.approx(apart, rel=0.08)
        nose = points[NOSE] - points.mean(0)
        found = scan.landmarks_m[NOSE] - scan.landmarks_m.mean(0)
        assert found[2] == pytest.approx(-nose[1], abs=0.006)
        tiny = tmp_path / "tiny.ply"
        o3d.io.write_triangle_mesh(tiny, mesh.scale(1e-7, np.zeros(3)))
        with pytest.raises(StudioError, match=r"person's size|no surface|No face"):
            read_scan(tiny, looker)
        with pytest.raises(StudioError, match="no scan"):
            read_scan(tmp_path / "none.ply", looker)
