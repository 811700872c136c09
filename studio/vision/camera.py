"""From the world to pixels and back, for OpenCV's lens models, over arrays of any shape.

Pinhole: 0, 4, 5, 8, 12 or 14 terms (k1 k2 p1 p2 [k3 [k4 k5 k6 [s1 s2 s3 s4 [tx ty]]]]);
fisheye: k1 k2 k3 k4 (Kannala-Brandt). Points without coordinates stay NaN throughout.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from studio.core.errors import StudioError
from studio.core.types import Camera

_STEPS = 30
_TOLERANCE = 1e-12


def _pinhole_terms(camera: Camera) -> np.ndarray:
    terms = np.asarray(camera.distortion, np.float64)
    if len(terms) not in (0, 4, 5, 8, 12, 14):
        raise StudioError(
            f"Camera {camera.name} has {len(terms)} distortion terms.",
            "A pinhole lens has 0, 4, 5, 8, 12 or 14, a fisheye lens 4.",
        )
    return np.pad(terms, (0, 14 - len(terms)))


def _tilt(tau_x: float, tau_y: float) -> Float[np.ndarray, "3 3"]:
    """OpenCV's homography of a tilted sensor (Scheimpflug)."""
    cx, sx, cy, sy = np.cos(tau_x), np.sin(tau_x), np.cos(tau_y), np.sin(tau_y)
    r = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]]) @ np.array(
        [[1, 0, 0], [0, cx, sx], [0, -sx, cx]]
    )
    return np.array([[r[2, 2], 0, -r[0, 2]], [0, r[2, 2], -r[1, 2]], [0, 0, 1]]) @ r


def _homography(matrix: np.ndarray, xy: np.ndarray) -> np.ndarray:
    moved = xy @ matrix[:, :2].T + matrix[:, 2]
    return moved[..., :2] / moved[..., 2:]


def _brown_conrady(
    terms: np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Distorted coordinates (before any tilt) and their derivatives xx, xy, yx, yy."""
    k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4 = terms[:12]
    r2 = x * x + y * y
    above = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    below = 1 + r2 * (k4 + r2 * (k5 + r2 * k6))
    radial = above / below
    slope = k1 + r2 * (2 * k2 + 3 * k3 * r2) - radial * (k4 + r2 * (2 * k5 + 3 * k6 * r2))
    slope = 2 * slope / below
    prism_x, prism_y = 2 * (s1 + 2 * s2 * r2), 2 * (s3 + 2 * s4 * r2)
    xd = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x) + r2 * (s1 + s2 * r2)
    yd = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y + r2 * (s3 + s4 * r2)
    xx = radial + slope * x * x + 2 * p1 * y + 6 * p2 * x + prism_x * x
    xy = slope * x * y + 2 * p1 * x + 2 * p2 * y + prism_x * y
    yx = slope * x * y + 2 * p1 * x + 2 * p2 * y + prism_y * x
    yy = radial + slope * y * y + 6 * p1 * y + 2 * p2 * x + prism_y * y
    return xd, yd, (xx, xy, yx, yy)


def _fisheye_angle(terms: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distorted angle and its derivative."""
    k1, k2, k3, k4 = terms
    t2 = theta * theta
    bent = theta * (1 + t2 * (k1 + t2 * (k2 + t2 * (k3 + t2 * k4))))
    slope = 1 + t2 * (3 * k1 + t2 * (5 * k2 + t2 * (7 * k3 + t2 * 9 * k4)))
    return bent, slope


def distort(camera: Camera, xy: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
    """Ideal coordinates on the normalised image plane (z = 1), as the lens bends them."""
    if not np.any(camera.distortion) and camera.lens == "pinhole":
        return np.array(xy, np.float64)
    x, y = np.moveaxis(np.asarray(xy, np.float64), -1, 0)
    if camera.lens == "fisheye":
        terms = np.pad(np.asarray(camera.distortion, np.float64), (0, 4))[:4]
        r = np.hypot(x, y)
        scale = np.where(r > 1e-12, _fisheye_angle(terms, np.arctan(r))[0] / np.fmax(r, 1e-12), 1.0)
        return np.stack([x * scale, y * scale], -1)
    terms = _pinhole_terms(camera)
    xd, yd, _ = _brown_conrady(terms, x, y)
    bent = np.stack([xd, yd], -1)
    return _homography(_tilt(*terms[12:]), bent) if terms[12:].any() else bent


def normalise(
    camera: Camera, xy_px: Float[np.ndarray, "*batch 2"]
) -> Float[np.ndarray, "*batch 2"]:
    """Undistort: pixels as seen to ideal coordinates on the normalised image plane.

    Newton's method with the exact derivative; NaN where no ray of the lens model reaches the
    pixel (a distortion that folds over, a fisheye ray at 90 degrees or more).
    """
    k = np.asarray(camera.matrix, np.float64)
    pixels = np.asarray(xy_px, np.float64)
    yd = (pixels[..., 1] - k[1, 2]) / k[1, 1]
    xd = (pixels[..., 0] - k[0, 2] - k[0, 1] * yd) / k[0, 0]
    if camera.lens == "fisheye":
        return _unbend_fisheye(camera, xd, yd)
    if not np.any(camera.distortion):
        return np.stack([xd, yd], -1)
    terms = _pinhole_terms(camera)
    if terms[12:].any():
        untilted = _homography(np.linalg.inv(_tilt(*terms[12:])), np.stack([xd, yd], -1))
        xd, yd = untilted[..., 0], untilted[..., 1]
    x, y = xd.copy(), yd.copy()
    off, det, trace = np.zeros_like(x), np.ones_like(x), np.ones_like(x)
    with np.errstate(all="ignore"):
        for _ in range(_STEPS):
            fx, fy, (xx, xy, yx, yy) = _brown_conrady(terms, x, y)
            ex, ey = fx - xd, fy - yd
            off, det, trace = np.hypot(ex, ey), xx * yy - xy * yx, xx + yy
            if not np.any(off > _TOLERANCE):
                break
            x = x - (yy * ex - xy * ey) / det
            y = y - (xx * ey - yx * ex) / det
        folded = ~(off < 1e-9) | (det <= 0) | (trace <= 0)
        folded |= x * x + y * y >= field_radius(camera) ** 2
    return np.stack([np.where(folded, np.nan, x), np.where(folded, np.nan, y)], -1)


def _unbend_fisheye(camera: Camera, xd: np.ndarray, yd: np.ndarray) -> np.ndarray:
    terms = np.pad(np.asarray(camera.distortion, np.float64), (0, 4))[:4]
    bent = np.hypot(xd, yd)
    theta = np.fmin(bent, np.pi / 2)
    off = np.zeros_like(theta)
    with np.errstate(all="ignore"):
        for _ in range(_STEPS):
            value, slope = _fisheye_angle(terms, theta)
            off = np.abs(value - bent)
            if not np.any(off > _TOLERANCE):
                break
            theta = theta - (value - bent) / slope
        lost = ~((off < 1e-9) & (theta < np.pi / 2 - 1e-6) & (theta >= 0))
        scale = np.where(bent > 1e-12, np.tan(theta) / np.fmax(bent, 1e-12), 1.0)
    scale = np.where(lost, np.nan, scale)
    return np.stack([xd * scale, yd * scale], -1)


def pixels_per_unit(
    camera: Camera, xy: Float[np.ndarray, "*batch 2"]
) -> Float[np.ndarray, "*batch"]:
    """How many pixels a unit of the normalised plane spans around ``xy`` (root of the area)."""
    focal = float(np.sqrt(camera.matrix[0, 0] * camera.matrix[1, 1]))
    x, y = np.moveaxis(np.asarray(xy, np.float64), -1, 0)
    if camera.lens == "fisheye":
        terms = np.pad(np.asarray(camera.distortion, np.float64), (0, 4))[:4]
        r = np.hypot(x, y)
        bent, slope = _fisheye_angle(terms, np.arctan(r))
        around = np.where(r > 1e-9, bent / np.fmax(r, 1e-9), 1.0)
        return focal * np.sqrt(np.abs(around * slope / (1 + r * r)))
    if not np.any(camera.distortion):
        return np.full(x.shape, focal)
    xx, xy_, yx, yy = _brown_conrady(_pinhole_terms(camera), x, y)[2]
    return focal * np.sqrt(np.abs(xx * yy - xy_ * yx))


def undistort(
    camera: Camera, xy_px: Float[np.ndarray, "*batch 2"]
) -> Float[np.ndarray, "*batch 2"]:
    """Pixels as seen to the pixels an ideal pinhole with the same matrix would see."""
    return to_pixels(camera, normalise(camera, xy_px))


def to_pixels(camera: Camera, xy: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
    """Coordinates on the normalised plane to pixels, without distortion."""
    k = np.asarray(camera.matrix, np.float64)
    x, y = np.moveaxis(np.asarray(xy, np.float64), -1, 0)
    return np.stack([k[0, 0] * x + k[0, 1] * y + k[0, 2], k[1, 1] * y + k[1, 2]], -1)


def in_camera(
    camera: Camera, xyz_m: Float[np.ndarray, "*batch 3"]
) -> Float[np.ndarray, "*batch 3"]:
    """World points in the camera's own axes (x right, y down, z forward)."""
    return np.asarray(xyz_m, np.float64) @ camera.rotation.T + camera.translation_m


def field_radius(camera: Camera) -> float:
    """How far from the axis of the normalised plane the lens model is one-to-one.

    Beyond it, a polynomial with barrel distortion folds back: rays from far outside the field of
    view would land in the middle of the picture. Infinite for lenses that never fold.
    """
    terms = np.asarray(camera.distortion, np.float64)
    if not terms.any():
        return np.inf
    if camera.lens == "fisheye":
        k = np.pad(terms, (0, 4))[:4]
        slope = [9 * k[3], 7 * k[2], 5 * k[1], 3 * k[0], 1.0]
        folds = _positive_roots(slope)
        return float(np.tan(np.sqrt(folds[0]))) if folds.size and folds[0] < 2.46 else np.inf
    k1, k2, _, _, k3, k4, k5, k6 = _pinhole_terms(camera)[:8]
    above, below = np.array([k3, k2, k1, 1.0]), np.array([k6, k5, k4, 1.0])
    # r · above(q) / below(q) with q = r²: its slope is (above + 2q above') below - 2q above below'.
    rising = np.polyadd(above, 2 * np.append(np.polyder(above), 0.0))
    falling = 2 * np.append(np.polyder(below), 0.0)
    slope = np.polysub(np.polymul(rising, below), np.polymul(above, falling))
    folds = np.concatenate([_positive_roots(slope), _positive_roots(below)])
    return float(np.sqrt(folds.min())) if folds.size else np.inf


def _positive_roots(polynomial: np.ndarray | list[float]) -> np.ndarray:
    terms = np.asarray(polynomial)
    roots = np.roots(np.where(np.abs(terms) < 1e-12, 0.0, terms))
    real = roots.real[np.abs(roots.imag) < 1e-9 * np.fmax(np.abs(roots), 1e-9)]
    return np.sort(real[real > 0])


def project(camera: Camera, xyz_m: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 2"]:
    """World points as distorted pixels.

    NaN for points behind the camera, or so far aside that its lens model does not hold there.
    """
    local = in_camera(camera, xyz_m)
    with np.errstate(invalid="ignore", divide="ignore"):
        plane = local[..., :2] / np.where(local[..., 2:] > 1e-9, local[..., 2:], np.nan)
        lost = np.square(plane).sum(-1, keepdims=True) >= field_radius(camera) ** 2
        return to_pixels(camera, distort(camera, np.where(lost, np.nan, plane)))


def rays(camera: Camera, xy_px: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 3"]:
    """Unit directions in the world from the camera's centre through distorted pixels."""
    plane = normalise(camera, xy_px)
    local = np.concatenate([plane, np.ones_like(plane[..., :1])], -1)
    world = local @ camera.rotation
    return world / np.linalg.norm(world, axis=-1, keepdims=True)
