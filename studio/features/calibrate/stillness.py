"""A second witness to a bump: whether the still background behind the board moved.

What the board's views call a bump may as well be a clock that jitters or a lens that does not fit;
a camera that was bumped saw its whole scene move.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import UInt8

from studio.core.calibration import Gate
from studio.core.types import CameraRig
from studio.media.clip import ClipReader
from studio.vision.calibration.check.scenery import SceneShift, scene_shift
from studio.vision.calibration.guidance import spoken

_LOOKS = 9
_SHARE = 0.2
"""The background of then and of now: the middle of this share of the clip at either end."""
_STILL_DEG = 0.15


def ask_background(
    gates: Sequence[Gate], rig: CameraRig, clips: Sequence[ClipReader]
) -> tuple[Gate, ...]:
    """The gates, those of a bump heard against the clips' own backgrounds.

    Where every background that can be compared stood still, a bump is taken back to a warning;
    where one moved, its camera is the one that was bumped. Others stay as they are.
    """
    if not any(gate.id == "moved" and gate.verdict in ("look", "stop") for gate in gates):
        return tuple(gates)
    shifts = {
        clip.camera: scene_shift(rig[clip.camera], _scene(clip, 0.0), _scene(clip, 1.0 - _SHARE))
        for clip in clips
        if clip.camera in rig.names
    }
    moved = {name: shift for name, shift in shifts.items() if shift is not None and shift.moved}
    heard = [_heard(gate, rig, shifts, moved) if gate.id == "moved" else gate for gate in gates]
    order = {"stop": 0, "look": 1, "plain": 2, "good": 3}
    return tuple(sorted(heard, key=lambda gate: order[gate.verdict]))


def _scene(clip: ClipReader, start: float) -> UInt8[np.ndarray, "height width 3"]:
    """The still scene of a part of a clip: the median of pictures spread over it."""
    first, last = start * (clip.frames - 1), (start + _SHARE) * (clip.frames - 1)
    numbers = np.unique(np.linspace(first, last, _LOOKS).astype(int))
    return np.median([clip.frame(int(n)).rgb for n in numbers], axis=0).astype(np.uint8)


def _heard(
    gate: Gate,
    rig: CameraRig,
    shifts: dict[str, SceneShift | None],
    moved: dict[str, SceneShift],
) -> Gate:
    if gate.verdict not in ("look", "stop"):
        return gate
    speech = spoken(rig.names)
    if moved:
        told = " and ".join(
            f"that of {speech[name].long} moved by {shift.shift_px:.1f} px ({shift.turn_deg:.2f}°)"
            for name, shift in moved.items()
        )
        blamed = (
            gate.camera if gate.camera in moved else max(moved, key=lambda n: moved[n].shift_px)
        )
        text = f"{gate.text} The backgrounds confirm it: {told}."
        return replace(gate, verdict="stop", camera=blamed, text=text)
    if any(shift is None or shift.turn_deg > _STILL_DEG for shift in shifts.values()):
        return gate
    text = gate.text.removesuffix(".")
    return replace(
        gate,
        verdict="look",
        text=f"The board says: {text[:1].lower()}{text[1:]}. But the background of every camera "
        "stood still.",
        remedy="Nothing was bumped: check that the cameras are in step, that the board is stiff, "
        "and that the lenses given are those of this zoom.",
    )
