"""The observer: a turntable with Z up, and exact looks through calibrated cameras."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float

from studio.core.types import Camera

View = Literal["front", "back", "left", "right", "top", "bottom", "three-quarter"]
VIEWS: dict[View, tuple[float, float]] = {
    "front": (0.0, 0.0),
    "back": (180.0, 0.0),
    "left": (90.0, 0.0),
    "right": (-90.0, 0.0),
    "top": (0.0, 90.0),
    "bottom": (0.0, -90.0),
    "three-quarter": (32.0, 14.0),
}


@dataclass(frozen=True)
class Orbit:
    """A turntable: where it looks, from how far, and from which side.

    Azimuth 0 looks along +Y at a person's face (they face -Y); positive azimuth walks towards
    their left. Angles in degrees, lengths in metres.
    """

    target_m: tuple[float, float, float] = (0.0, 0.0, 0.9)
    distance_m: float = 5.0
    azimuth_deg: float = 32.0
    elevation_deg: float = 14.0
    fov_deg: float = 30.0

    @property
    def axes(self) -> Float[np.ndarray, "3 3"]:
        """Rows: right, up and forward of the view, in the world."""
        a, e = np.radians([self.azimuth_deg, self.elevation_deg])
        right = np.array([np.cos(a), np.sin(a), 0.0])
        forward = np.array([-np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), -np.sin(e)])
        return np.array([right, np.cross(right, forward), forward])

    @property
    def position_m(self) -> Float[np.ndarray, " 3"]:
        return np.array(self.target_m) - self.axes[2] * self.distance_m

    def turned(self, right_deg: float, up_deg: float) -> Orbit:
        """Walk around the target."""
        return replace(
            self,
            azimuth_deg=(self.azimuth_deg + right_deg + 180) % 360 - 180,
            elevation_deg=float(np.clip(self.elevation_deg + up_deg, -90, 90)),
        )

    def panned(self, right_px: float, up_px: float, height_px: int) -> Orbit:
        """Move so that what lies at the target follows the pointer by this many pixels."""
        metre = 2 * self.distance_m * np.tan(np.radians(self.fov_deg) / 2) / max(height_px, 1)
        right, up, _ = self.axes
        moved = np.array(self.target_m) - (right * right_px + up * up_px) * metre
        return replace(self, target_m=_triple(moved))

    def nearer(self, factor: float) -> Orbit:
        """Change the distance; 2 halves it. Stays between 5 cm and 500 m."""
        return replace(self, distance_m=float(np.clip(self.distance_m / factor, 0.05, 500)))

    def looking(self, view: View) -> Orbit:
        """The same target seen from a named side."""
        azimuth, elevation = VIEWS[view]
        return replace(self, azimuth_deg=azimuth, elevation_deg=elevation)

    def framing(self, points_m: Float[np.ndarray, "n 3"], aspect: float) -> Orbit:
        """The same side, with these points filling the picture but for a margin.

        The nearest place from which all of them lie within the four sides of the view: each side
        is a plane that one of the points touches.
        """
        x, y, z = self.axes @ np.asarray(points_m, np.float64).T
        tan = np.tan(np.radians(self.fov_deg) / 2)
        spans = [(across, t) for across, t in ((x, tan * aspect), (y, tan))]
        ends = [((across - t * z).max(), (-across - t * z).max(), t) for across, t in spans]
        place = np.array([(high - low) / 2 for high, low, _ in ends])
        depth = min(-(high + low) / (2 * t) for high, low, t in ends)
        middle = (z.min() + z.max()) / 2
        target = self.axes.T @ np.array([*place, middle])
        distance = float(np.clip(1.25 * max(middle - depth, 0.15), 0.0, 500.0))
        return replace(self, target_m=_triple(target), distance_m=distance)


def _triple(xyz: np.ndarray) -> tuple[float, float, float]:
    return (float(xyz[0]), float(xyz[1]), float(xyz[2]))


def orbit_projection(
    orbit: Orbit, aspect: float, near_m: float, far_m: float
) -> tuple[Float[np.ndarray, "4 4"], Float[np.ndarray, "4 4"]]:
    """World-to-view and view-to-clip matrices of a turntable (OpenGL conventions)."""
    right, up, forward = orbit.axes
    view = np.eye(4)
    view[:3, :3] = [right, up, -forward]
    view[:3, 3] = -view[:3, :3] @ orbit.position_m
    tall = 1 / np.tan(np.radians(orbit.fov_deg) / 2)
    clip = np.zeros((4, 4))
    clip[0, 0], clip[1, 1] = tall / aspect, tall
    _depth(clip, near_m, far_m)
    return view, clip


def lens_projection(
    camera: Camera, window_px: tuple[int, int], near_m: float, far_m: float
) -> tuple[Float[np.ndarray, "4 4"], Float[np.ndarray, "4 4"]]:
    """World-to-view and view-to-clip matrices of a calibrated camera, distortion left out.

    The camera's picture is fitted whole into the window (letterboxed): undistorted pixel (u, v)
    lands at :func:`picture_to_window`.
    """
    flip = np.diag([1.0, -1.0, -1.0])
    view = np.eye(4)
    view[:3, :3] = flip @ camera.rotation
    view[:3, 3] = flip @ camera.translation_m
    scale, left, top = fit(camera.size_px, window_px)
    width, height = window_px
    k = camera.matrix
    clip = np.zeros((4, 4))
    # Window x = left + scale (u + 0.5), u = (fx X + s Y) / Z + cx; clip x = 2 x / width - 1.
    clip[0, 0] = 2 * scale * k[0, 0] / width
    clip[0, 1] = -2 * scale * k[0, 1] / width
    clip[0, 2] = 1 - 2 * (left + scale * (k[0, 2] + 0.5)) / width
    clip[1, 1] = 2 * scale * k[1, 1] / height
    clip[1, 2] = 2 * (top + scale * (k[1, 2] + 0.5)) / height - 1
    _depth(clip, near_m, far_m)
    return view, clip


def _depth(clip: np.ndarray, near_m: float, far_m: float) -> None:
    clip[2, 2] = -(far_m + near_m) / (far_m - near_m)
    clip[2, 3] = -2 * far_m * near_m / (far_m - near_m)
    clip[3, 2] = -1.0


def fit(picture_px: tuple[int, int], window_px: tuple[int, int]) -> tuple[float, float, float]:
    """Scale and left/top margin that fit a picture whole and centred into a window."""
    scale = min(window_px[0] / picture_px[0], window_px[1] / picture_px[1])
    return (
        scale,
        (window_px[0] - scale * picture_px[0]) / 2,
        (window_px[1] - scale * picture_px[1]) / 2,
    )


def picture_to_window(
    xy_px: np.ndarray, picture_px: tuple[int, int], window_px: tuple[int, int]
) -> np.ndarray:
    """Pixels of a camera's picture as window pixels (both with centres at integers)."""
    scale, left, top = fit(picture_px, window_px)
    return (np.asarray(xy_px) + 0.5) * scale + [left, top] - 0.5


def to_window(
    points_m: np.ndarray, view: np.ndarray, clip: np.ndarray, window_px: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """World points (n, 3) as window pixels (n, 2; y down, centres at integers) and depth (n,).

    Points behind the observer have NaN pixels.
    """
    points = np.asarray(points_m, np.float64).reshape(-1, 3)
    eye = points @ view[:3, :3].T + view[:3, 3]
    homogeneous = np.column_stack([eye, np.ones(len(eye))]) @ clip.T
    depth = homogeneous[:, 3]
    with np.errstate(divide="ignore", invalid="ignore"):
        ndc = homogeneous[:, :2] / np.where(depth > 1e-6, depth, np.nan)[:, None]
    half = np.array(window_px) / 2
    return (ndc * [1, -1] + 1) * half - 0.5, depth
