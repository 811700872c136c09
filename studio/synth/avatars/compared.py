"""A reconstructed person beside their photograph, for the eye: as it was taken, the avatar over it,
and the avatar at rest, its face and its back."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from studio.core.types import Camera, Character, Posed
from studio.human.bodies.fitted import BodyView
from studio.human.character import bones_world
from studio.human.design import Design
from studio.render.raster import Renderer
from studio.synth import portrait
from studio.synth.avatars.assembling import reposed
from studio.synth.avatars.making import Made

_ROOM = 1.08


def laid_over(found: Made, view: BodyView, tall_px: int = 720) -> UInt8[np.ndarray, "tall wide 3"]:
    """The avatar alone as the photograph sees it (see :func:`window`), alpha as a fourth channel
    left out: black where it is not."""
    rgba = seen_as(found.character, view, *window(view, tall_px))
    return (rgba[..., :3] * (rgba[..., 3:] / 255.0)).astype(np.uint8)


def window(view: BodyView, tall_px: int = 720) -> tuple[np.ndarray, tuple[int, int]]:
    """The affine map (2, 3) that cuts the person out of a photograph, and the cut's size."""
    rows = np.flatnonzero((view.photo.mask > 127).any(1))
    columns = np.flatnonzero((view.photo.mask > 127).any(0))
    low = np.array([columns[0], rows[0]], float)
    high = np.array([columns[-1], rows[-1]], float)
    scale = tall_px / (_ROOM * (high - low)[1])
    wide = round(scale * ((high - low)[0] + 0.08 * (high - low)[1]))
    wide += wide % 2
    shift = np.array([wide - 1, tall_px - 1]) / 2 - scale * (low + high) / 2
    return np.column_stack([scale * np.eye(2), shift]), (wide, tall_px)


def seen_as(
    character: Character, view: BodyView, matrix: np.ndarray, size: tuple[int, int]
) -> UInt8[np.ndarray, "tall wide 4"]:
    """A character in the rig's reference pose as a photograph of it sees it, with what is between
    it and the camera left out: the photograph's pixels are mapped by ``matrix`` (2, 3) into a
    picture of that size."""
    with Renderer(size) as renderer:
        return drawn_by(renderer, character, mapped_camera(view.camera, matrix, size),
                        view.turns_rad, view.root_m, view.actions)  # fmt: skip


def mapped_camera(
    camera: Camera, matrix: Float[np.ndarray, "2 3"], size: tuple[int, int]
) -> Camera:
    """The camera whose pictures, of a size, are those of another, mapped by ``matrix``; it has no
    distortion."""
    lens = camera.matrix.copy()
    lens[:2] *= float(matrix[0, 0])
    lens[:2, 2] += matrix[:, 2]
    return Camera("photograph", size, lens, np.zeros(0), camera.rotation, camera.translation_m)


def drawn_by(
    renderer: Renderer, character: Character, camera: Camera,
    turns_rad: Float[np.ndarray, "bones 3"], root_m: Float[np.ndarray, " 3"],
    actions: Float[np.ndarray, " actions"],
) -> UInt8[np.ndarray, "tall wide 4"]:  # fmt: skip
    """A character in the rig's reference pose, posed, as a camera sees it."""
    world = bones_world(character.armature, turns_rad[None], root_m[None])[0]
    posed = Posed(character, 0.0, world, actions)
    shown = renderer.render(
        portrait.drawables(posed), camera, portrait.light(portrait.around(world[:, :3, 3]))
    )
    return np.dstack([shown.rgb, shown.alpha])


def compared(
    found: Made, design: Design, view: BodyView, tall_px: int = 720
) -> UInt8[np.ndarray, "tall wide 3"]:
    """Five pictures in a row: the photograph, the avatar over it, the avatar in its T from ahead
    and from behind, and its face."""
    matrix, size = window(view, tall_px)
    small = view.photo.rgb
    if matrix[0, 0] < 0.7:
        small = cv2.GaussianBlur(small, (0, 0), 0.4 / float(matrix[0, 0]))
    photo = cv2.warpAffine(small, matrix, size, flags=cv2.INTER_LINEAR,
                           borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    over = seen_as(found.character, view, matrix, size)
    alpha = over[..., 3:] / 255.0
    laid = (photo * (1 - alpha) + over[..., :3] * alpha).astype(np.uint8)
    return np.hstack([photo, laid, *turned(found, tall_px)])


def turned(found: Made, tall_px: int = 720) -> list[UInt8[np.ndarray, "tall tall 3"]]:
    """The avatar in its T from ahead and from behind, and its face."""
    character = reposed(found.character, found.canonical)
    still = Posed(character, 0.0, character.armature.rest_world, np.zeros(len(
        character.morph_names)))  # fmt: skip
    scene = portrait.drawables(still)
    points = np.concatenate([one.mesh.vertices_m for one in scene])
    face = replace(portrait.face_of(still), turn_deg=12.0)
    views = [portrait.around(points, 1.0, turn) for turn in (0.0, 180.0)]
    with Renderer((tall_px, tall_px)) as renderer:
        return [portrait.picture(renderer, scene, one) for one in (*views, face)]
