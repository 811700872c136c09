"""Rigs of any kind for tests: cameras around a place, looking at it."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from studio.core.types import Camera, CameraRig


def looking(
    name: str,
    centre: tuple[float, float, float],
    target: tuple[float, float, float] = (0, 0, 1),
    size_px: tuple[int, int] = (1280, 720),
    focal_px: float = 900.0,
    distortion: tuple[float, ...] = (),
    up: tuple[float, float, float] = (0, 0, 1),
) -> Camera:
    """A camera at ``centre`` that looks at ``target``, upright, in the world frame."""
    forward = np.subtract(target, centre).astype(float)
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    rotation = np.array([right, np.cross(forward, right), forward])
    matrix = np.array(
        [[focal_px, 0, size_px[0] / 2 + 3.5], [0, 1.01 * focal_px, size_px[1] / 2 - 2.25],
         [0, 0, 1.0]]
    )  # fmt: skip
    return Camera(
        name, size_px, matrix, np.array(distortion, float), rotation,
        -rotation @ np.array(centre, float),
    )  # fmt: skip


def ring(count: int = 4, radius_m: float = 3.0, height_m: float = 1.6, **options) -> CameraRig:
    """Cameras on a ring around a person."""
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False) + 0.3
    return CameraRig(
        tuple(
            looking(
                f"cam_{i}",
                (radius_m * np.cos(a), radius_m * np.sin(a), height_m + 0.2 * i),
                **options,
            )
            for i, a in enumerate(angles)
        )
    )


_small = st.floats(-0.3, 0.3, allow_subnormal=False)
_place = st.floats(-5, 5, allow_subnormal=False)
_camera = st.fixed_dictionaries(
    {
        "centre": st.tuples(_place, _place, st.floats(0.3, 4, allow_subnormal=False)),
        "size_px": st.tuples(st.integers(100, 4096), st.integers(100, 4096)),
        "focal_px": st.floats(200, 3000),
        "distortion": st.sampled_from([0, 4, 5]).flatmap(lambda n: st.tuples(*[_small] * n)),
    }
)
specs = st.tuples(
    st.sampled_from(["cam_{}", "cam0{}", "c{}"]), st.lists(_camera, min_size=2, max_size=5)
)
"""What :func:`built` makes a rig of: a pattern of names, and two to five pinhole cameras."""


def built(spec: tuple[str, list[dict]]) -> CameraRig:
    """The rig of drawn numbers; every camera looks roughly along X."""
    pattern, cameras = spec
    return CameraRig(
        tuple(
            looking(pattern.format(i), target=(c["centre"][0] + 6, c["centre"][1], 1.0), **c)
            for i, c in enumerate(cameras)
        )
    )


def assert_same(one: CameraRig, other: CameraRig, names: bool = True) -> None:
    """The same cameras, to rounding."""
    assert len(one) == len(other)
    if names:
        assert one.names == other.names
    for a, b in zip(one.cameras, other.cameras, strict=True):
        assert a.size_px == b.size_px
        assert a.lens == b.lens
        np.testing.assert_allclose(a.matrix, b.matrix, rtol=1e-9, atol=1e-7)
        np.testing.assert_allclose(a.rotation, b.rotation, atol=1e-9)
        np.testing.assert_allclose(a.translation_m, b.translation_m, rtol=1e-9, atol=1e-9)
        most = max(len(a.distortion), len(b.distortion))
        np.testing.assert_allclose(
            np.pad(a.distortion, (0, most - len(a.distortion))),
            np.pad(b.distortion, (0, most - len(b.distortion))),
            rtol=1e-9, atol=1e-12,
        )  # fmt: skip
