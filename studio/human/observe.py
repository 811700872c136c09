"""What a motion shows of a person: which of its points are used, and how far each is trusted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Layout, Motion
from studio.human.catalogue import make
from studio.human.convert import layout_of, match
from studio.human.descent import Target
from studio.human.joint_centres import joint_centres
from studio.human.names import FACE_PREFIXES, hand
from studio.human.rig import BONE_NAMES

SOLES = 8
# Points of the face that the jaw, the lids and the brows leave alone.
_RIGID_MESH = (10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 33, 133, 362, 263, 127, 356, 234, 454,
               93, 323, 103, 332, 67, 297)  # fmt: skip
RIGID_FACE = frozenset(
    [f"mesh_{i}" for i in _RIGID_MESH]
    + [f"face_{i}" for i in (0, 1, 15, 16, *range(27, 36), 36, 39, 42, 45)]
)
HANDS = frozenset((*hand("left"), *hand("right")))
_ROUGH = {
    **dict.fromkeys(("pinky", "index", "thumb"), 0.25),
    **dict.fromkeys(("ear",), 0.4),
    **dict.fromkeys(("eye", "eye_inner", "eye_outer", "foot_index", "small_toe"), 0.6),
}
_ROUGH_FACE = {"nose": 0.7, "mouth_left": 0.4, "mouth_right": 0.4, "neck": 0.5, "pelvis": 0.5,
               "upper_neck": 0.4, "head_top": 0.5, "spine": 0.4, "head": 0.5}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Observed:
    """A motion reduced to the points that are fitted, with their trust."""

    motion: Motion
    points: Layout
    columns: np.ndarray
    trust: np.ndarray
    hands: bool
    swapped: bool = False

    def target(self, noise_scale: float = 1.0) -> Target:
        """Where the points were seen, followed by the soles, which never are."""
        xyz = self.motion.xyz_m[:, self.columns]
        return Target.of(xyz, self.motion.error_m[:, self.columns], self.trust / noise_scale, SOLES)

    def body_only(self) -> Observed:
        """The same without hands and without the face's mesh: what finds a pose from nothing."""
        keep = np.array([p not in HANDS and p not in RIGID_FACE for p in self.points.points])
        names = tuple(p for p, kept in zip(self.points.points, keep, strict=True) if kept)
        points = make(self.points.name, names, ())
        return replace(
            self, points=points, columns=self.columns[keep], trust=self.trust[keep], hands=False
        )

    def mirrored(self) -> Observed:
        """The same with left and right exchanged."""
        at = {name: i for i, name in enumerate(self.motion.layout.points)}
        twins = self.motion.layout.mirror
        columns = np.array([twins[at[name]] for name in self.points.points])
        return replace(self, columns=columns, swapped=not self.swapped)


def _trust(name: str, meshed: bool, handed: dict[str, bool], rig: bool) -> float:
    if rig:
        return 1.0
    if name.startswith(FACE_PREFIXES):
        return 0.3
    if name in HANDS:
        return 0.6
    side, _, rest = name.partition("_")
    if rest in ("pinky", "index", "thumb") and handed.get(side):
        return 0.0
    if side in ("left", "right") and rest in _ROUGH:
        face = rest.startswith(("eye", "ear"))
        return _ROUGH[rest] * (0.3 if meshed and face else 1.0)
    return _ROUGH_FACE.get(name, 1.0) * (0.3 if meshed and name in ("nose", "mouth_left") else 1.0)


def known(motion: Motion) -> Motion:
    """The motion in a layout of the catalogue: loose markers are recognised by their names.

    Raises StudioError if too few of the names are known.
    """
    if motion.layout.name != "markers":
        return motion
    target = layout_of(motion.layout.points)
    at = match(motion.layout.points, target)
    found = np.array([-1 if i is None else i for i in at])
    gone = found < 0

    def take(values: np.ndarray, missing: float | bool) -> np.ndarray:
        taken = values[:, found].copy()
        taken[:, gone] = missing
        return taken

    return Motion(
        target,
        motion.times_s,
        take(motion.xyz_m, np.nan),
        take(motion.error_m, np.nan),
        take(motion.reprojection_px, np.nan),
        take(motion.views, 0.0),
        take(motion.filled, False),
    )


def observe(motion: Motion, hands: bool = True, detected: bool = True) -> Observed:
    """Choose the points to fit. Raises StudioError if the motion shows too little of a body.

    ``detected`` points are where a detector marks joints; they are carried to the centres.
    """
    motion = known(motion)
    if detected:
        motion = joint_centres(motion)
    seen = np.asarray(np.isfinite(motion.xyz_m).all(-1))
    share = seen.mean(0) if len(motion) else np.zeros(len(motion.layout))
    rig = motion.layout.name == "anny_joints"
    often = {name: share[i] for i, name in enumerate(motion.layout.points)}
    handed = {
        side: bool(hands and sum(often.get(p, 0) > 0.05 for p in hand(side)) >= 8)
        for side in ("left", "right")
    }
    meshed = bool(sum(often[p] > 0.05 for p in often if p in RIGID_FACE) >= 6)

    def wanted(name: str) -> bool:
        if often[name] <= 0:
            return False
        if name.startswith(FACE_PREFIXES):
            return name in RIGID_FACE
        if name in HANDS:
            return handed["left" if name.startswith("left") else "right"]
        return hands or not (name in BONE_NAMES and name.startswith(("finger", "metacarpal")))

    trusted = {p: _trust(p, meshed, handed, rig) for p in motion.layout.points}
    names = tuple(p for p in motion.layout.points if trusted[p] > 0 and wanted(p))
    body = [name for name in names if name not in HANDS and name not in RIGID_FACE]
    enough = seen[:, [motion.layout.index(name) for name in body]].sum(1) >= 8
    if len(body) < 8 or not enough.any():
        raise StudioError(
            "The motion shows too little of the body to fit a person to it.",
            "At least eight body points must be seen together in some frame; check the "
            "keypoint layout and the calibration.",
        )
    trust = np.array([trusted[name] for name in names])
    columns = np.array([motion.layout.index(name) for name in names])
    layout = make(motion.layout.name, names, ())
    return Observed(motion, layout, columns, trust, any(handed.values()) or (rig and hands))
