"""What flows between the rooms while a rig of cameras is calibrated: immutable values, units.

A *target* is a rigid thing with known points (a board, a set of markers). A *view* is what one
camera saw of it at one moment. A *solution* is the rig that explains the views, with what it is
worth: errors on moments it never saw, covariance, and named gates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from studio.core.types import CameraRig

Verdict = Literal["good", "look", "stop", "plain"]
"""``plain``: not tested, for want of evidence; it neither blocks nor spoils the whole."""


@dataclass(frozen=True, eq=False)
class Target:
    """A rigid thing with known points, in its own frame (metres).

    A flat board lies in z = 0 with x along its rows, y down its columns and z away from who looks
    at its front.
    """

    name: str
    points_m: Float[np.ndarray, "points 3"]

    @property
    def flat(self) -> bool:
        """Whether all points lie in one plane."""
        centred = self.points_m - self.points_m.mean(0)
        sizes = np.linalg.svd(centred, compute_uv=False)
        return bool(sizes[2] < 1e-6 * sizes[0]) if len(sizes) == 3 else True


@dataclass(frozen=True, eq=False)
class View:
    """What one camera saw of the target at one moment: distorted pixels of some of its points.

    Views of one ``moment`` were taken at the same time; ``frame`` is the frame's number in the
    camera's own clip, for telling a person which picture is meant.
    """

    camera: str
    moment: int
    points: Int[np.ndarray, " seen"]
    xy_px: Float[np.ndarray, "seen 2"]
    frame: int = -1

    def __len__(self) -> int:
        return len(self.points)


@dataclass(frozen=True)
class Dropped:
    """A view, or with ``camera`` empty a whole moment, that was left out, and why.

    ``unfit`` says that it contradicts the rest; others were too poor to tell anything (smeared, at
    rest, a corner of the board) or only lost a few of their points.
    """

    moment: int
    camera: str
    reason: str
    off_px: float = float("nan")
    frame: int = -1
    unfit: bool = True


@dataclass(frozen=True, eq=False)
class Spread:
    """One standard deviation of what was solved for one camera; NaN where it was held fixed.

    ``centre_mm`` is of the camera's place in the world, ``rotation_deg`` about its own axes.
    ``terms`` are those of the lens model, in the order of ``Camera.distortion``.
    """

    centre_mm: Float[np.ndarray, "3"]
    rotation_deg: Float[np.ndarray, "3"]
    focal_px: Float[np.ndarray, "2"]
    principal_px: Float[np.ndarray, "2"]
    terms: Float[np.ndarray, " terms"]


@dataclass(frozen=True)
class Gate:
    """One named test that a calibration passes or not. ``stop`` blocks acceptance; ``plain`` says
    that it could not be made, and what would allow it.

    ``text`` says what was found with numbers and units; ``camera`` who is to blame (empty: the
    rig); ``remedy`` the next action, in words of the craft.
    """

    id: str
    title: str
    verdict: Verdict
    text: str
    camera: str = ""
    remedy: str = ""


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Errors on moments that the solution never saw.

    ``px`` is the root mean square error of a point, the rig held fixed and the target's pose at
    each moment estimated from all of its views together (of several cameras, those moments that
    two or more saw). The pose's six unknowns are counted: views of a perfect rig show the
    detector's own noise, neither less nor more, and anything above it is the rig's. ``mm`` is of
    the triangulated points against the target's true shape (rigidly laid over it). NaN where it
    cannot be told. ``bias_mm`` is the signed mean error of distances between neighbouring points,
    ``bias_share`` the same as a share of them.
    """

    px: float
    mm: float
    camera_px: Mapping[str, float]
    moments: tuple[int, ...]
    bias_mm: float = float("nan")
    bias_share: float = float("nan")


@dataclass(frozen=True, eq=False)
class Solution:
    """A calibrated rig and everything needed to judge it. World: as :mod:`studio.core.frames`.

    ``target_world`` carries target coordinates into the world, by moment. ``pose_covariance`` is
    over all cameras, six a camera in the rig's order: rotation about the camera's own axes (rad),
    then its centre in the world (m); the first camera is the datum (zeros). ``alternatives`` say
    what else was tried (lens models, freed intrinsics) and its held-out error, for the report.
    """

    rig: CameraRig
    target: Target
    views: tuple[View, ...]
    target_world: Mapping[int, Float[np.ndarray, "4 4"]]
    rmse_px: float
    camera_rmse_px: Mapping[str, float]
    held_out: HeldOut
    spread: Mapping[str, Spread]
    pose_covariance: Float[np.ndarray, "n n"]
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    refined: tuple[str, ...] = field(default=())
    """Cameras whose intrinsics were solved here, not given."""
