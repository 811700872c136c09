"""Whoever can wear something: the anchor points of them that are seen, and their sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from studio.core.closing import Closing
from studio.core.errors import StudioError
from studio.core.items import AnchorPoint, ItemKind
from studio.core.types import Camera, Frame
from studio.human.anchors import REFERENCE_M, SizeName
from studio.live.wearing.bodies import LIMB_POINTS, Bodies, PartsNow
from studio.live.wearing.carrying import Limbs, Wanted
from studio.live.wearing.heads import HeadNow, Heads
from studio.live.wearing.lone_feet import LoneFeet
from studio.live.wearing.wear_settings import WearSettings
from studio.perception.faces.tracker import FaceCrowd
from studio.perception.feet.finder import FeetFinder
from studio.perception.wearers.followed import Followed
from studio.weights.store import find

NOBODY = "Nobody is seen: come before the camera, with light from the front."
NO_HAND = (
    "No {} hand is seen for the watch: hold it before the camera with its forearm in the picture, "
    "or wear the watch on the other wrist."
)
NO_FEET = (
    "No feet are seen for the shoes: point the camera at them, or step back until all of you is "
    "in the picture."
)
LONE_FEET = "Feet are seen, and no body above them."
NO_SHOULDERS = "No shoulders are seen: step back until both are in the picture."
_LACKING: Mapping[ItemKind, str] = {
    "shoes": NO_FEET, "necklace": NO_SHOULDERS, "top": NO_SHOULDERS,
    "bag": NO_SHOULDERS, "logo": NO_SHOULDERS,
}  # fmt: skip
_PARTS_FROM = 100
"""Wearers of whom no head is seen are numbered from here."""
_HANDS = 4


def face_crowd(most: int = 6) -> FaceCrowd:
    """The network that follows faces. Raises StudioError if it is not installed."""
    return FaceCrowd(find("face_landmarker"), most, guesses=False)


def bodies(most: int = 3) -> Bodies:
    """Who follows bodies and hands. Its networks are loaded when they are wanted."""
    return Bodies(
        lambda: Followed("pose", find("pose_landmarker_full"), most),
        lambda: Followed("hand", find("hand_landmarker"), _HANDS),
        LoneFeet(FeetFinder.load),
    )


@dataclass(frozen=True, eq=False)
class WearerNow:
    """Somebody at a moment: their anchor points' frames in metres of the level camera's world,
    their sizes, and their head where it is seen. ``opacity`` falls while they are lost; ``lone``
    are feet that were found without a body."""

    number: int
    frames: Mapping[AnchorPoint, Float[np.ndarray, "4 4"]]
    sizes_m: Mapping[SizeName, float]
    head: HeadNow | None
    opacity: float
    jitter_px: float
    fading: Mapping[AnchorPoint, float]
    lone: bool = False

    def opacity_at(self, point: AnchorPoint) -> float:
        """How much of what is worn at an anchor point is shown."""
        return self.fading.get(point, self.opacity)


class Wearers(Closing):
    """Finds who can wear something. For one thread, which must also close it. ``apart`` follows
    bodies and hands beside the pictures, which do not wait for them."""

    def __init__(
        self, make_faces: Callable[[], FaceCrowd], make_bodies: Callable[[], Bodies],
        *, apart: bool,
    ) -> None:  # fmt: skip
        self._make_faces = make_faces
        self._heads: Heads | None = None
        self._limbs = Limbs(make_bodies, apart=apart)
        self.trouble: StudioError | None = None
        """Why bodies are not followed, though they should be."""

    def close(self) -> None:
        """Free the networks."""
        self._limbs.close()
        if self._heads is not None:
            self._heads.close()

    @property
    def there(self) -> frozenset[AnchorPoint]:
        """The anchor points below heads that are in the picture, roughly: where somebody could
        wear something."""
        return self._limbs.there

    def find(
        self, frame: Frame, camera: Camera, points: frozenset[AnchorPoint], settings: WearSettings
    ) -> tuple[WearerNow, ...]:
        """Who is seen, heads first. Bodies and hands are followed only where something is worn at
        their points.

        Raises StudioError if the network for faces is not installed.
        """
        if self._heads is None:
            self._heads = Heads(self._make_faces)
        heads = self._heads.find(
            frame.rgb, frame.time_s, camera, most=settings.people,
            lag_ms=settings.smoothing_ms, pupil_mm=settings.pupil_mm,
        )  # fmt: skip
        parts: tuple[PartsNow, ...] = ()
        foot_m = None if settings.foot_mm is None else 1e-3 * settings.foot_mm
        try:
            parts = self._limbs.find(
                Wanted(frame, camera, points, heads, settings.smoothing_ms, settings.people, foot_m)
            )
            self.trouble = None
        except StudioError as error:
            self.trouble = error if points & LIMB_POINTS else None
        return wearers_of(heads, parts)


def wearers_of(heads: tuple[HeadNow, ...], parts: tuple[PartsNow, ...]) -> tuple[WearerNow, ...]:
    """Heads and the bodies and hands under them as one; those without a head by themselves."""
    found: list[WearerNow] = []
    numbers = {head.number for head in heads}
    for head in heads:
        grown = head.width_m / REFERENCE_M["head"]
        sizes: dict[SizeName, float] = {name: grown * m for name, m in REFERENCE_M.items()}
        own = WearerNow(head.number, head.frames, sizes, head, head.opacity, head.jitter_px, {})
        for part in parts:
            if part.head == head.number:
                own = _with(own, part)
        found.append(own)
    for part in parts:
        if part.head not in numbers:
            alone = WearerNow(_PARTS_FROM + part.number, {}, REFERENCE_M, None, part.opacity,
                              part.jitter_px, {})  # fmt: skip
            found.append(_with(alone, part))
    return tuple(found)


def _with(wearer: WearerNow, part: PartsNow) -> WearerNow:
    return replace(
        wearer,
        frames={**part.frames, **wearer.frames},
        sizes_m={**wearer.sizes_m, **part.sizes_m},
        jitter_px=max(wearer.jitter_px, part.jitter_px),
        fading={**wearer.fading, **dict.fromkeys(part.frames, part.opacity)},
        lone=wearer.lone or part.lone,
    )


def lacking(
    wanted: Sequence[tuple[ItemKind, tuple[AnchorPoint, ...]]], people: tuple[WearerNow, ...]
) -> tuple[str, ...]:
    """What keeps things of kinds, worn at points, from being worn by anybody, and what to do; and
    where only feet are seen, that."""
    seen: set[AnchorPoint] = set()
    for one in people:
        seen.update(one.frames)
    told: list[str] = []
    for kind, points in wanted:
        if kind == "watch" and not seen & {*points}:
            told.append(NO_HAND.format("left" if "wrist.L" in points else "right"))
        elif not seen & {*points}:
            told.append(_LACKING.get(kind, NOBODY))
    if not wanted and not people:
        told.append(NOBODY)
    if any(one.lone for one in people):
        told.append(LONE_FEET)
    return tuple(dict.fromkeys(told))
