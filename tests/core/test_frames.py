"""Into the world and back is the identity; the axes are where the conventions say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from studio.core import frames
from studio.core.errors import StudioError

UPS = ["x", "y", "z", "-x", "-y", "-z", "lab"]
finite = st.floats(-100, 100)


@pytest.mark.parametrize("up", UPS)
def test_foreign_up_becomes_z(up):
    axis = np.zeros(3)
    axis["xyz".index("y" if up == "lab" else up[-1])] = -1 if up.startswith("-") else 1
    assert np.allclose(frames.points_to_world(axis, up), [0, 0, 1])
    assert np.isclose(np.linalg.det(frames.world_from(up)), 1), "right-handed stays right-handed"


def test_gltf_person_faces_minus_y():
    assert np.allclose(frames.points_to_world(np.array([0.0, 0, 1]), "y"), [0, -1, 0])


@given(arrays(float, (4, 3), elements=finite), st.sampled_from(UPS), st.sampled_from(["m", "mm"]))
def test_points_round_trip(xyz, up, unit):
    there = frames.points_to_world(xyz, up, unit)
    assert np.allclose(frames.points_from_world(there, up, unit), xyz, atol=1e-9)


@given(arrays(float, (3,), elements=finite), st.sampled_from(UPS))
def test_extrinsics_see_the_same_point(point, up):
    rotation = frames.world_from("y") @ frames.world_from("-x")
    translation = np.array([0.3, -2.0, 5.0])
    seen = rotation @ point + translation
    turned, moved = frames.extrinsics_to_world(rotation, translation, up, "cm")
    world = frames.points_to_world(point, up, "cm")
    assert np.allclose(turned @ world + moved, seen * 0.01, atol=1e-9)
    back = frames.extrinsics_from_world(turned, moved, up, "cm")
    assert np.allclose(back[0], rotation)
    assert np.allclose(back[1], translation)


@given(arrays(float, (4, 4), elements=finite), st.sampled_from(UPS))
def test_matrices_round_trip(matrix, up):
    there = frames.matrices_to_world(matrix, up, "mm")
    assert np.allclose(frames.matrices_from_world(there, up, "mm"), matrix, atol=1e-9)


def test_unknown_unit_is_explained():
    with pytest.raises(StudioError, match="furlong"):
        frames.to_metres("furlong")
