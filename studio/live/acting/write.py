"""A performance as an animation file: GLB, BVH, VRMA, CSV."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Animation, Character
from studio.human.rig import ACTIONS
from studio.live.acting.body import Body, animated, body_of, nobody
from studio.live.acting.recorder import Acted
from studio.live.avatar.finding import starter
from studio.live.performing.curves import curves
from studio.media.formats.bvh import write_bvh
from studio.media.formats.gltf import write_glb
from studio.media.formats.resample import resampled
from studio.media.formats.vrm import write_vrma
from studio.media.formats.vrm.expressions import presets_of
from studio.media.formats.vrm.humanoid import REQUIRED

PRESETS = ("aa", "ih", "ou", "ee", "oh", "blinkLeft", "blinkRight", "happy", "angry", "sad",
           "surprised")  # fmt: skip
"""VRM's presets that an animation says; where the eyes look is no expression in one."""


def write_animation(path: Path, acted: Acted, body: Body | None = None) -> None:
    """Write all that was performed, as the suffix says.

    ``.glb``: the avatar, skinned, with its bones and shapes moving, frames at their own times.
    ``.bvh``: its bones at an even rate. ``.vrma``: VRM's bones, gaze and expressions. ``.csv``: the
    face's curves (:mod:`studio.live.performing.curves`), from 0 s. Without a ``body`` a GLB shows
    the starter avatar, and BVH and VRMA have bones alone. Raises StudioError for another suffix,
    and if nothing was performed.
    """
    write = WRITERS.get(path.suffix.lower())
    if write is None:
        raise StudioError(
            f"“{path.name}” is no animation that Doppel writes.",
            f"Give it a name that ends in {' or '.join(WRITERS)}.",
        )
    if not len(acted):
        raise StudioError("Nothing was performed.", "Let somebody be seen first.")
    write(path, acted, body)


def _glb(path: Path, acted: Acted, body: Body | None) -> None:
    write_glb(path, animated(acted, body or body_of(starter())))


def _bvh(path: Path, acted: Acted, body: Body | None) -> None:
    player = animated(acted, body or nobody())
    if player.animation is not None:
        rate_hz = round(acted.rate_hz, 3)
        write_bvh(path, player.armature, resampled(player.armature, player.animation, rate_hz))


def _vrma(path: Path, acted: Acted, body: Body | None) -> None:
    """An avatar with ARKit's shapes is told these alone: with the presets, each face came twice."""
    if body is not None and set(REQUIRED) <= set(body.bones):
        player = _by_vrms_names(animated(acted, body), body)
    else:
        player = animated(acted, nobody())
    presets: dict[str, np.ndarray] = {}
    weights = acted.weights
    if body is None or not body.arkit:
        mixed = [presets_of(one) for one in acted.weights]
        presets = {name: np.array([one[name] for one in mixed]) for name in PRESETS}
        weights = np.zeros((len(acted), 0))
    write_vrma(path, _with_face(player, weights), presets=presets, gaze_deg=acted.gaze_deg)


def _csv(path: Path, acted: Acted, body: Body | None) -> None:
    with curves(path) as row:
        for told in acted:
            row(told)


def _by_vrms_names(player: Character, body: Body) -> Character:
    """The character with the bones that play VRM's called as VRM does."""
    called = {bone: name for name, bone in body.bones.items()}
    names = tuple(called.get(k, f"_{name}") for k, name in enumerate(player.armature.names))
    return replace(player, armature=replace(player.armature, names=names))


def _with_face(player: Character, weights: np.ndarray) -> Character:
    """The character whose shapes are ARKit's, as performed."""
    moving = player.animation
    if moving is None:
        return player
    moving = Animation(moving.times_s, moving.bones_world, np.asarray(weights, np.float64))
    return replace(player, morph_names=ACTIONS, animation=moving)


Writer = Callable[[Path, Acted, Body | None], None]
WRITERS: dict[str, Writer] = {".glb": _glb, ".bvh": _bvh, ".vrma": _vrma, ".csv": _csv}
