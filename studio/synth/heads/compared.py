"""A photograph beside the head made of it: its points, the head laid over it, and it turned."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from studio.core.types import Camera, Posed
from studio.human.design import Design
from studio.human.heads.fit import View
from studio.human.heads.model import HEAD
from studio.human.rig import ACTIONS
from studio.render.raster import Renderer
from studio.synth import designed, portrait

_ROOM = 1.75
"""How much of the photograph is shown, by the face's height."""
_SEEN, _FITTED = (255, 210, 60), (70, 200, 255)
_TURNS_DEG = (0.0, 30.0)
ACTED: tuple[tuple[str, ...], ...] = (
    (), ("jawOpen",), ("mouthSmileLeft", "mouthSmileRight"), ("mouthFrownLeft", "mouthFrownRight"),
    ("mouthPucker",), ("mouthLeft",), ("eyeBlinkLeft", "eyeBlinkRight"), ("eyeBlinkLeft",),
    ("browInnerUp",), ("browDownLeft", "browDownRight"), ("noseSneerLeft", "noseSneerRight"),
    ("cheekPuff",),
)  # fmt: skip
"""Facial actions that are shown, several at once; the first is the calm face."""


def compared(
    design: Design,
    view: View,
    rgb: UInt8[np.ndarray, "height width 3"],
    seen_px: Float[np.ndarray, "points 2"],
    fitted_px: Float[np.ndarray, "points 2"],
    side_px: int = 360,
    opacity: float = 1.0,
) -> UInt8[np.ndarray, "side four_sides 3"]:
    """Four pictures in a row: the photograph with the points ``seen_px`` (yellow) and those of the
    head (blue, with lines from one to the other), the dressed head over it as the photograph was
    taken, and the calm head from ahead and turned by 30 degrees."""
    low, high = seen_px.min(0), seen_px.max(0)
    scale = side_px / (_ROOM * float((high - low).max()))
    shift = (side_px - 1) / 2 - scale * (low + high) / 2 + (0, 0.06 * side_px)
    matrix = np.column_stack([scale * np.eye(2), shift])
    small = cv2.GaussianBlur(rgb, (0, 0), 0.4 / scale) if scale < 0.7 else rgb
    photo = cv2.warpAffine(
        small, matrix, (side_px, side_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    marked = _marked(photo, scale * seen_px + shift, scale * fitted_px + shift)
    focal = scale * view.focal_px
    x, y = scale * np.array(view.centre_px) + shift
    lens = np.array([[focal, 0, x], [0, focal, y], [0, 0, 1]])
    told = dict(zip(ACTIONS, view.actions.tolist(), strict=True))
    acting = {name: round(min(v, 1.0), 4) for name, v in told.items() if v > 1e-3}
    person = designed.person_of(design, "compared")
    body = designed.body_of(*designed.resting(design))
    calm = designed.posed(design.but(expression={}), person, body)
    moved = designed.posed(design.but(expression=acting), person, body)
    at = np.array(moved.bones_world[HEAD, :3, 3])
    shift_m = view.translation_m - view.rotation @ at
    camera = Camera("photograph", (side_px, side_px), lens, np.zeros(0), view.rotation, shift_m)
    framing = portrait.face_of(calm)
    with Renderer((side_px, side_px)) as renderer:
        shown = renderer.render(portrait.drawables(moved), camera, portrait.light(framing))
        over = opacity * shown.alpha[..., None] / 255
        laid = (photo * (1 - over) + shown.rgb * over).round().astype(np.uint8)
        drawn = portrait.drawables(calm)
        turned = [
            portrait.picture(renderer, drawn, replace(framing, turn_deg=turn))
            for turn in _TURNS_DEG
        ]
    return np.hstack([marked, laid, *turned])


def acted(design: Design, side_px: int = 240) -> UInt8[np.ndarray, "two_sides six_sides 3"]:
    """The head of a design doing facial actions (:data:`ACTED`), each as far as it goes."""
    person = designed.person_of(design, "acted")
    body = designed.body_of(*designed.resting(design))
    calm = designed.posed(design.but(expression={}), person, body)
    framing = portrait.face_of(calm)
    found: list[np.ndarray] = []
    with Renderer((side_px, side_px)) as renderer:
        for actions in ACTED:
            morphs = np.array([float(name in actions) for name in person.morph_names])
            doing = Posed(person, 0.0, calm.bones_world, morphs)
            found.append(portrait.picture(renderer, portrait.drawables(doing), framing))
    half = len(found) // 2
    return np.vstack([np.hstack(found[:half]), np.hstack(found[half:])])


def _marked(photo: np.ndarray, seen: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    out = photo.copy()
    fine = 8
    for a, b in zip(np.rint(seen * fine).astype(int), np.rint(fitted * fine).astype(int),
                    strict=True):  # fmt: skip
        cv2.line(out, a.tolist(), b.tolist(), _FITTED, 1, cv2.LINE_AA, 3)
        cv2.circle(out, b.tolist(), fine, _FITTED, -1, cv2.LINE_AA, 3)
        cv2.circle(out, a.tolist(), fine, _SEEN, -1, cv2.LINE_AA, 3)
    return out
