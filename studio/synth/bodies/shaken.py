"""Fits that nobody made: errors that other fits had, shaken over somebody in a photograph."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from scipy.spatial.transform import Rotation

from studio.core.types import Camera, Keypoints
from studio.human.bodies.canonical import canonical, skin_faces
from studio.human.bodies.clothed import Clothes, grown
from studio.human.bodies.fitted import BodyPhoto, BodyView
from studio.human.bodies.outline import Window, edge_of, hits, overlap
from studio.human.bodies.silhouette import REACH, Drawn
from studio.human.layouts import layout
from studio.human.person import Shape, whole
from studio.human.rig import BONE_NAMES, BONE_PARENTS
from studio.human.wardrobe.fitting import base_weights
from studio.perception.bodies.parts import MARKS, bones_of_parts, marks_m
from studio.perception.bodies.template import SKIN, Template
from studio.synth.bodies.errors import Errors
from studio.synth.bodies.photograph import Photograph, begin_m
from studio.synth.figure import skin
from studio.vision.rotations import nearest

_ALIKE, _SIZES = 4, (0.5, 1.1)
"""Of how many that stood most alike one's errors are taken, and how large these are made."""
_EDGE_PX, _CELL_PX, _MARK_PX = 1.3, 32, 1.2
"""How far off the edges of masks are, over how much, and the points of faces."""
_MET, _ROUNDS = 0.72, 3
_LOOKS_AT = -0.35
_HEAD = BONE_NAMES.index("head")


def shaken(
    taken: Photograph, errors: Sequence[Errors], rng: np.random.Generator
) -> tuple[BodyView, Template, float] | None:
    """How somebody is seen, the template and for how many times as large they are taken by a fit
    as wrong as others were; None where that covers the person too badly."""
    his, turns = taken.subject.shape, nearest(taken.carried[:, :3, :3])
    main = bones_of_parts("body")[1:]
    away = [np.abs(one.true[main] - turns[main]).mean() + 0.05 * rng.random() for one in errors]
    like = errors[int(rng.choice(np.argsort(away)[:_ALIKE]))]
    build = errors[int(rng.integers(len(errors)))]
    size, lens = float(rng.uniform(*_SIZES)), float(like.lens)
    phenotypes = np.clip(his.phenotypes.numpy() + size * build.phenotypes, 0.02, 0.98)
    scales = his.scales.numpy() * np.exp(size * build.scales)
    with torch.no_grad():
        shape = Shape(torch.from_numpy(phenotypes).float(), torch.from_numpy(scales).float())
        space = canonical(whole().rest(shape, actions=False), "A")
    heads = space.armature.rest_world[:, :3, 3]
    scale = float(np.ptp(space.vertices_m[:SKIN, 2])) / taken.height_m
    true_heads, true = taken.scaled(scale, lens)
    joints = begin_m(true_heads, true)
    own = Rotation.from_rotvec(size * like.turns).as_matrix() @ turns
    carried = _carried(own, heads, joints, joints[0] + size * like.root * joints[0, 2], main)
    matrix = taken.camera.matrix.copy()
    matrix[[0, 1], [0, 1]] *= lens
    mask = _torn(taken.mask, rng)
    camera = Camera("photograph", mask.shape[::-1], matrix, np.zeros(0), np.eye(3), np.zeros(3))
    offsets = _clothes(space.vertices_m, carried, camera, mask)
    if offsets is None:
        return None
    points = layout("whole_body")
    nothing = Keypoints("photograph", 0.0, points, np.zeros((len(points), 2)),
                        np.zeros(len(points)))  # fmt: skip
    photo = BodyPhoto("photograph", taken.rgb, mask, nothing, face_px=_face(taken, turns, rng))
    bones = len(heads)
    view = BodyView(photo, camera, np.zeros(3), np.zeros((bones, 3)), np.zeros(52), 1.0, 1.0, 0.0)
    return view, Template(space.vertices_m, heads, carried, offsets), scale


def _carried(
    turns: np.ndarray, heads: np.ndarray, true: np.ndarray, root: np.ndarray, main: np.ndarray
) -> np.ndarray:
    """What carries bones of these turns before the camera: fits meet the points in the picture."""
    joints = np.zeros_like(heads)
    joints[0] = root
    for bone, parent in enumerate(BONE_PARENTS):
        if parent >= 0:
            joints[bone] = joints[parent] + turns[parent] @ (heads[bone] - heads[parent])
    flat = true[:, :2] / true[:, 2:] - joints[:, :2] / joints[:, 2:]
    joints[:, :2] += flat[main].mean(0) * true[0, 2]
    carried = np.tile(np.eye(4), (len(heads), 1, 1))
    carried[:, :3, :3] = turns
    carried[:, :3, 3] = joints - np.einsum("bij,bj->bi", turns, heads)
    return carried


def _torn(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A mask whose edges are a little off."""
    tall, wide = mask.shape
    few = (tall // _CELL_PX + 1, wide // _CELL_PX + 1)
    off = [
        _EDGE_PX * cv2.resize(rng.normal(0, 1, few).astype(np.float32), (wide, tall),
                              interpolation=cv2.INTER_CUBIC)
        for _ in range(2)
    ]  # fmt: skip
    y, x = np.mgrid[:tall, :wide].astype(np.float32)
    return cv2.remap(mask, x + off[0], y + off[1], cv2.INTER_LINEAR)


def _clothes(
    vertices_m: np.ndarray, carried: np.ndarray, camera: Camera, mask: np.ndarray
) -> np.ndarray | None:
    """The offsets that the outline tells; None where the body covers the mask too badly."""
    window = Window.of(mask)
    cut = window.cut(mask)
    edge, clothes = edge_of(cut, window), Clothes()
    tall = float(np.ptp(np.flatnonzero((mask > 127).any(1)))) + 1
    best: tuple[float, np.ndarray] | None = None
    weights = base_weights()[:SKIN]
    for turn in range(_ROUNDS + 1):
        posed = skin(
            grown(vertices_m, _all(clothes.offsets_m, vertices_m))[:SKIN], weights, carried
        )
        ahead, face = hits(window, camera, posed, skin_faces())
        pixel = float(np.median(posed[:, 2])) / float(camera.matrix[0, 0]) / window.scale
        drawn = Drawn(posed, ahead, face, pixel)
        said = overlap(drawn.mask, cut)
        if turn == 0 and said < _MET:
            return None
        if best is None or said > best[0]:
            best = said, clothes.offsets_m.copy()
        if turn < _ROUNDS:
            clothes.round([(drawn, edge, cut, window, camera)], REACH * tall)
    assert best is not None
    return _all(best[1], vertices_m)


def _all(offsets_m: np.ndarray, vertices_m: np.ndarray) -> np.ndarray:
    """Offsets of the skin as those of all base vertices."""
    found = np.zeros(len(vertices_m))
    found[:SKIN] = offsets_m
    return found


def _face(taken: Photograph, turns: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """The face's points as a detector has them; None where it looks away."""
    if (turns[_HEAD] @ np.array([0, -1.0, 0]))[2] > _LOOKS_AT:
        return None
    head = taken.carried[_HEAD]
    marks = marks_m(taken.subject.figure.vertices_m) @ head[:3, :3].T + head[:3, 3]
    flat = marks @ taken.camera.matrix.T
    px = flat[:, :2] / flat[:, 2:]
    found = np.full((478, 3), np.nan)
    found[list(MARKS), :2] = px + rng.normal(0, _MARK_PX, px.shape) + rng.normal(0, _MARK_PX, 2)
    return found
