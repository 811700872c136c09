"""Hair that photographs of a whole body show, as a thing that the avatar wears: its surface hangs
from the head by itself, and what lies under it is head, neck and clothes, not hair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from studio.human.bodies.fitted import BodyFit, BodyView
from studio.human.character import armature, bones_world
from studio.human.design import Worn
from studio.human.heads.fit import View
from studio.human.person import Rest
from studio.human.rig import BONE_NAMES, bones_of
from studio.human.wardrobe.fitting import base_weights, share_of
from studio.perception.portraits import Looked
from studio.synth import designed
from studio.synth.heads import hairdo
from studio.synth.heads.seen import PUPILS_M, SeenHead, frontal_of
from studio.synth.heads.shell import Shell

_HEAD = BONE_NAMES.index("head")
_SPECK, _THERE = 0.02, 8
"""Islands smaller than this share of the largest are specks; alpha above the second is hair."""
_NECK_M = 0.004
"""So far at most clothes stand off a neck over which hair hangs."""


@dataclass(frozen=True, eq=False)
class Hair:
    """The head of a fitted body as its photographs see it, and the surface of its hair."""

    head: SeenHead
    shell: Shell
    main: View


def hair_of(fit: BodyFit, looked: Sequence[Looked | None]) -> Hair | None:
    """The hair of whoever is in the photographs (``looked`` are their faces, None where none is
    seen); None where no face is seen, or next to no hair."""
    seen = [k for k, one in enumerate(looked) if one is not None]
    if not seen:
        return None
    rest, _ = designed.resting(fit.design)
    head = SeenHead(fit.design, tuple(_view(fit.views[k], rest) for k in seen), PUPILS_M)
    main = frontal_of(head.views)
    faces = [one for one in looked if one is not None]
    shell = hairdo.covered(head, faces, main)
    if shell is None:
        return None
    return Hair(head, replace(shell, rgba=without_islands(shell.rgba)), head.views[main])


def without_islands(
    rgba: UInt8[np.ndarray, "rows columns 4"],
) -> UInt8[np.ndarray, "rows columns 4"]:
    """The texture of hair without the specks that hang together with nothing: faces so small hold
    brows and shadows that look like hair."""
    there = (rgba[..., 3] > _THERE).astype(np.uint8)
    _, of, stats, _ = cv2.connectedComponentsWithStats(there)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    specks = areas < _SPECK * areas.max()
    specks[0] = False
    out = rgba.copy()
    out[specks[of], 3] = 0
    return out


def _view(view: BodyView, rest: Rest) -> View:
    """A body's photograph as one of its head: from the head's frame at rest."""
    bones = armature(rest)
    world = bones_world(bones, view.turns_rad[None], view.root_m[None])[0]
    carried = world[_HEAD] @ np.linalg.inv(bones.rest_world[_HEAD])
    camera = view.camera
    rotation = camera.rotation @ carried[:3, :3]
    middle = carried[:3, :3] @ bones.rest_world[_HEAD, :3, 3] + carried[:3, 3]
    x, y = camera.matrix[:2, 2].tolist()
    return View(rotation, camera.rotation @ middle + camera.translation_m,
                float(camera.matrix[0, 0]), (x, y), view.actions)  # fmt: skip


def bared(
    offsets_m: Float[np.ndarray, " vertices"], neck_m: float = _NECK_M
) -> Float[np.ndarray, " vertices"]:
    """Clothes without what lies on the head, the photographs' hair; on the neck they stand off by
    ``neck_m`` at most."""
    weights = base_weights()
    head, neck = (share_of(weights, bones_of(names)) for names in (("head", "eye"), ("neck",)))
    low = np.minimum(offsets_m, neck_m)
    return (1 - head) * (offsets_m + neck * (low - offsets_m))


def wearing(fit: BodyFit, hair: Hair, name: str) -> BodyFit:
    """The same body, its hair worn and not a part of its surface; the hair is kept in the user's
    wardrobe. Raises StudioError if it cannot be written."""
    item, colour = hairdo.keep(name, hairdo.slug_of(name), hair.head, hair.shell)
    design = fit.design
    design = design.but(hair=colour, worn=(*design.worn, Worn(item=item)))
    return replace(fit, design=design, offsets_m=bared(fit.offsets_m))
