"""Lens projection with analytic derivatives, in a camera's own axes.

A lens is a vector of 19 values: fx fy cx cy, skew, and OpenCV's 14 distortion terms (k1 k2 p1 p2
k3 k4 k5 k6 s1 s2 s3 s4 tx ty; a fisheye lens uses the first four as its k1..k4). Derivatives are
offered for focal lengths, principal point and the first twelve terms; skew and tilt are constants.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from studio.core.errors import StudioError
from studio.core.types import Camera, LensModel

SIZE = 19
FOCAL = slice(0, 2)
CENTRE = slice(2, 4)
SKEW = 4
TERMS = slice(5, SIZE)
_NEAREST = 1e-6
_VALUE, _SLOPES, _ALL = range(3)

_Pair = tuple[np.ndarray, np.ndarray]
_Triple = tuple[np.ndarray, np.ndarray, np.ndarray]
_Bent = tuple[_Pair, tuple[_Pair, _Pair], list[_Pair]]
_NONE = np.zeros(0)
_NO_SLOPES = (_NONE, _NONE), (_NONE, _NONE)


def values_of(camera: Camera) -> Float[np.ndarray, "19"]:
    """A camera's intrinsics as one vector. Raises StudioError for a number of terms unknown."""
    known = (0, 4) if camera.lens == "fisheye" else (0, 4, 5, 8, 12, 14)
    if len(camera.distortion) not in known:
        raise StudioError(
            f"Camera {camera.name} has {len(camera.distortion)} distortion terms.",
            f"A {camera.lens} lens has {', '.join(map(str, known))}.",
        )
    k = camera.matrix
    head = [k[0, 0], k[1, 1], k[0, 2], k[1, 2], k[0, 1]]
    return np.concatenate([head, camera.distortion, np.zeros(14 - len(camera.distortion))])


def matrix_of(values: Float[np.ndarray, "19"]) -> Float[np.ndarray, "3 3"]:
    """The camera matrix of a lens vector."""
    fx, fy, cx, cy, skew = values[:5]
    return np.array([[fx, skew, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])


def free_values(terms: int) -> Int[np.ndarray, " free"]:
    """Which of the 19 values a lens with so many terms solves for."""
    return np.array([0, 1, 2, 3, *range(5, 5 + min(terms, 12))])


def pixels(
    lens: LensModel, values: Float[np.ndarray, "19"], xyz: Float[np.ndarray, "*batch 3"]
) -> Float[np.ndarray, "*batch 2"]:
    """Points in the camera's axes as distorted pixels; behind the camera they land far outside."""
    return np.stack(pixel_planes(lens, values, xyz[..., 0], xyz[..., 1], xyz[..., 2]), -1)


def pixel_planes(
    lens: LensModel,
    values: Float[np.ndarray, "19"],
    x: Float[np.ndarray, "*batch"],
    y: Float[np.ndarray, "*batch"],
    z: Float[np.ndarray, "*batch"],
) -> tuple[Float[np.ndarray, "*batch"], Float[np.ndarray, "*batch"]]:
    """:func:`pixels` of coordinates that lie apart in memory, which is faster."""
    z = np.fmax(z, _NEAREST)
    bend = _fisheye if lens == "fisheye" else _pinhole
    (x, y), _, _ = bend(values[TERMS], x / z, y / z, _VALUE)
    fx, fy, cx, cy, skew = values[:5]
    return (fx * x + skew * y + cx if skew else fx * x + cx), fy * y + cy


def project(
    lens: LensModel,
    values: Float[np.ndarray, "19"],
    xyz: Float[np.ndarray, "*batch 3"],
    free: Int[np.ndarray, " free"] | None = None,
) -> tuple[
    Float[np.ndarray, "*batch 2"],
    Float[np.ndarray, "*batch 2 3"],
    Float[np.ndarray, "*batch 2 free_"],
]:
    """Distorted pixels, and their slopes with respect to the point and to the ``free`` values."""
    uv, by_point, by_values = project_planes(
        lens, values, xyz[..., 0], xyz[..., 1], xyz[..., 2], free
    )
    point = np.stack([np.stack(row, -1) for row in by_point], -2)
    if not by_values:
        return np.stack(uv, -1), point, np.empty((*point.shape[:-1], 0))
    return np.stack(uv, -1), point, np.stack([np.stack(pair, -1) for pair in by_values], -1)


def project_planes(
    lens: LensModel,
    values: Float[np.ndarray, "19"],
    x: Float[np.ndarray, "*batch"],
    y: Float[np.ndarray, "*batch"],
    z: Float[np.ndarray, "*batch"],
    free: Int[np.ndarray, " free"] | None = None,
) -> tuple[_Pair, tuple[_Triple, _Triple], list[_Pair]]:
    """:func:`project` of coordinates that lie apart in memory: u and v, the slopes of either with
    respect to x, y and z, and of both with respect to each ``free`` value."""
    z = np.fmax(z, _NEAREST)
    x, y = x / z, y / z
    bend = _fisheye if lens == "fisheye" else _pinhole
    wanted = _SLOPES if free is None or not len(free) else _ALL
    (xb, yb), ((xx, xy), (yx, yy)), by_terms = bend(values[TERMS], x, y, wanted)
    fx, fy, cx, cy, skew = values[:5]
    ux, uy, vx, vy = fx * xx, fx * xy, fy * yx, fy * yy
    u = fx * xb + cx
    if skew:
        u, ux, uy = u + skew * yb, ux + skew * yx, uy + skew * yy
    ux, uy, vx, vy = ux / z, uy / z, vx / z, vy / z
    by_point = (ux, uy, -(ux * x + uy * y)), (vx, vy, -(vx * x + vy * y))
    by_values: list[_Pair] = []
    if free is None or not len(free):
        return (u, fy * yb + cy), by_point, by_values
    none, one = np.zeros_like(z), np.ones_like(z)
    heads = (xb, none), (none, yb), (one, none), (none, one)
    for value in free:
        if value < 4:
            by_values.append(heads[value])
        else:
            xt, yt = by_terms[value - 5]
            by_values.append((fx * xt + skew * yt if skew else fx * xt, fy * yt))
    return (u, fy * yb + cy), by_point, by_values


def _pinhole(terms: np.ndarray, x: np.ndarray, y: np.ndarray, wanted: int) -> _Bent:
    """Brown-Conrady with rational and prism terms, and a tilted sensor; the last three are only
    reckoned where there are any."""
    k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4 = terms[:12]
    rational, prism = bool(terms[5:8].any()), bool(terms[8:12].any())
    xx_, xy_, yy_ = x * x, x * y, y * y
    r2 = xx_ + yy_
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    below = 1 + r2 * (k4 + r2 * (k5 + r2 * k6)) if rational else np.ones_like(r2)
    if rational:
        radial = radial / below
    xb = x * radial + 2 * p1 * xy_ + p2 * (r2 + 2 * xx_)
    yb = y * radial + p1 * (r2 + 2 * yy_) + 2 * p2 * xy_
    if prism:
        xb, yb = xb + r2 * (s1 + s2 * r2), yb + r2 * (s3 + s4 * r2)
    if wanted == _VALUE and not terms[12:].any():
        return (xb, yb), _NO_SLOPES, []
    slope = k1 + r2 * (2 * k2 + 3 * k3 * r2)
    if rational:
        slope = (slope - radial * (k4 + r2 * (2 * k5 + 3 * k6 * r2))) / below
    slope = 2 * slope
    cross = slope * xy_ + 2 * p1 * x + 2 * p2 * y
    across = radial + 2 * p1 * y + 2 * p2 * x
    xx, xy, yx, yy = across + slope * xx_ + 4 * p2 * x, cross, cross, across + slope * yy_
    yy = yy + 4 * p1 * y
    if prism:
        prism_x, prism_y = 2 * (s1 + 2 * s2 * r2), 2 * (s3 + 2 * s4 * r2)
        xx, xy = xx + prism_x * x, xy + prism_x * y
        yx, yy = yx + prism_y * x, yy + prism_y * y
    by_terms: list[_Pair] = []
    if wanted == _ALL:
        r4, none = r2 * r2, np.zeros_like(r2)
        rise, fall = (r2 / below, -r2 * radial / below) if rational else (r2, -r2 * radial)
        by_terms = [
            (x * rise, y * rise),
            (x * rise * r2, y * rise * r2),
            (2 * xy_, r2 + 2 * yy_),
            (r2 + 2 * xx_, 2 * xy_),
            (x * rise * r4, y * rise * r4),
            *((x * fall * power, y * fall * power) for power in (1.0, r2, r4)),
            (r2, none), (r4, none), (none, r2), (none, r4),
        ]  # fmt: skip
    bent = (xb, yb), ((xx, xy), (yx, yy)), by_terms
    return _tilted(terms[12:], bent) if terms[12:].any() else bent


def _tilted(tilt: np.ndarray, bent: _Bent) -> _Bent:
    """OpenCV's tilted sensor: a homography after all other terms."""
    (x, y), rows, by_terms = bent
    (cx, cy), (sx, sy) = np.cos(tilt), np.sin(tilt)
    r = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]]) @ np.array(
        [[1, 0, 0], [0, cx, sx], [0, -sx, cx]]
    )
    h = np.array([[r[2, 2], 0, -r[0, 2]], [0, r[2, 2], -r[1, 2]], [0, 0, 1]]) @ r
    u, v, w = (row[0] * x + row[1] * y + row[2] for row in h)
    u, v = u / w, v / w

    def through(dx: np.ndarray, dy: np.ndarray) -> _Pair:
        du, dv, dw = (row[0] * dx + row[1] * dy for row in h)
        return (du - u * dw) / w, (dv - v * dw) / w

    by_x = through(rows[0][0], rows[1][0])
    by_y = through(rows[0][1], rows[1][1])
    return (u, v), ((by_x[0], by_y[0]), (by_x[1], by_y[1])), [through(*t) for t in by_terms]


def _fisheye(terms: np.ndarray, x: np.ndarray, y: np.ndarray, wanted: int) -> _Bent:
    """Kannala-Brandt: the angle from the axis, bent by a polynomial."""
    k1, k2, k3, k4 = terms[:4]
    r2 = x * x + y * y
    r = np.sqrt(r2)
    angle = np.arctan(r)
    t2 = angle * angle
    bent = angle * (1 + t2 * (k1 + t2 * (k2 + t2 * (k3 + t2 * k4))))
    rise = 1 + t2 * (3 * k1 + t2 * (5 * k2 + t2 * (7 * k3 + t2 * 9 * k4)))
    near = r2 < 1e-10
    safe = np.where(near, 1.0, r)
    scale = np.where(near, 1.0, bent / safe)
    if wanted == _VALUE:
        return (x * scale, y * scale), _NO_SLOPES, []
    steep = np.where(near, 2 * (k1 - 1 / 3), (rise / (1 + r2) - scale) / (safe * safe))
    cross = steep * x * y
    by_terms: list[_Pair] = []
    if wanted == _ALL:
        power = np.where(near, 0.0, angle / safe)
        for _ in range(4):
            power = power * t2
            by_terms.append((x * power, y * power))
    by_x, by_y = (scale + steep * x * x, cross), (cross, scale + steep * y * y)
    return (x * scale, y * scale), (by_x, by_y), by_terms
