"""Things that are held, sat on, or stand in the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from studio.core.parts import PartLabel
from studio.core.types import Material, Mesh
from studio.render.scene import Drawable, Finish
from studio.synth.actor import Posed
from studio.synth.factory.places.furniture import WOODS, dye, plant
from studio.synth.figure import make_figure
from studio.synth.posing import INDEX
from studio.synth.shapes import Colour, box, lathe, merge, tube

Rng = np.random.Generator


def _lathed(profile: list[tuple[float, float]], colour: Colour, sides: int = 28) -> Mesh:
    return lathe((0, 0, 0), profile, colour, sides)


def _phone(rng: Rng) -> Mesh:
    """A phone 15 cm tall; x across, y up, z out of its screen."""
    case = dye(rng, 15, 220)
    return merge([
        box((-0.037, -0.075, -0.004), (0.037, 0.075, 0.0038), case),
        box((-0.034, -0.072, 0.0038), (0.034, 0.072, 0.0042), (16, 17, 20)),
        box((-0.03, 0.035, -0.0056), (-0.006, 0.068, -0.004), (22, 22, 24)),
    ])  # fmt: skip


def _cup(rng: Rng) -> Mesh:
    """A mug or a paper cup that stands along z, its middle in the origin."""
    tall, wide = rng.uniform(0.085, 0.12), rng.uniform(0.032, 0.038)
    low, tone = rng.uniform(0.75, 1.0) * wide, dye(rng, 60, 240)
    half = tall / 2
    outside = [(0, -half), (low, -half), (wide, half), (0.9 * wide, half),
               (0.88 * low, -half + 0.01), (0, -half + 0.01)]  # fmt: skip
    parts = [_lathed(outside, tone)]
    if rng.random() < 0.4:
        rim = 1.04 * wide
        lid = [(0, half - 0.004), (rim, half - 0.004), (rim, half + 0.004), (0, half + 0.008)]
        parts.append(_lathed(lid, (40, 36, 34)))
    return merge(parts)


def _ball(rng: Rng) -> Mesh:
    r = rng.uniform(0.035, 0.11)
    angle = np.linspace(-np.pi / 2, np.pi / 2, 19)
    return _lathed([(float(r * np.cos(a)), float(r * np.sin(a))) for a in angle], dye(rng, 90, 230))


def _book(rng: Rng) -> Mesh:
    """A closed book; x across, y up, z out of its cover."""
    wide, tall, thick = rng.uniform(0.11, 0.17), rng.uniform(0.17, 0.24), rng.uniform(0.012, 0.035)
    cover, t = dye(rng), thick / 2
    return merge([
        box((-wide / 2, -tall / 2, -t), (wide / 2, tall / 2, -t + 0.002), cover),
        box((-wide / 2, -tall / 2, t - 0.002), (wide / 2, tall / 2, t), cover),
        box((-wide / 2, -tall / 2, -t), (-wide / 2 + 0.003, tall / 2, t), cover),
        box((-wide / 2 + 0.003, -tall / 2 + 0.004, -t + 0.002),
            (wide / 2 - 0.004, tall / 2 - 0.004, t - 0.002), (232, 226, 210)),
    ])  # fmt: skip


THINGS: Mapping[str, Callable[[Rng], Mesh]] = {
    "phone": _phone, "cup": _cup, "ball": _ball, "book": _book,
}  # fmt: skip
_UPRIGHT = ("cup",)


def held(thing: str, side: str, posed: Posed, number: int, rng: Rng) -> Drawable:
    """A thing in somebody's hand (side L or R), as theirs in the maps."""
    at = posed.bones_world[:, :3, 3]
    wrist = at[INDEX[f"wrist.{side}"]]
    bases = np.array([at[INDEX[f"finger{k}-1.{side}"]] for k in range(2, 6)])
    ends = np.array([at[INDEX[f"finger{k}-3.{side}"]] for k in range(2, 6)])
    mirror = 1.0 if side == "L" else -1.0
    reach = bases[1] - wrist
    reach /= np.linalg.norm(reach)
    across = bases[0] - bases[3]
    across -= reach * (across @ reach)
    across /= np.linalg.norm(across)
    palm = mirror * np.cross(reach, across)
    grip = 0.5 * (bases.mean(axis=0) + ends.mean(axis=0))
    mesh = THINGS[thing](rng)
    size = np.ptp(mesh.vertices_m, axis=0)
    if thing in _UPRIGHT:
        axes = np.column_stack([reach, np.cross(across, reach), across])
        centre = grip + 0.012 * palm
    elif thing == "ball":
        axes, centre = np.eye(3), bases.mean(axis=0) + 0.02 * reach + (0.5 * size[2] + 0.012) * palm
    else:
        y = (0.9 * reach + 0.45 * across) / np.linalg.norm(0.9 * reach + 0.45 * across)
        axes = np.column_stack([np.cross(y, palm), y, palm])
        up = 0.02 if thing == "phone" else 0.06
        centre = bases.mean(axis=0) + (0.016 + 0.5 * size[2]) * palm + up * y
    vertices = mesh.vertices_m @ axes.T + centre
    rough = 0.25 if thing in ("phone", "cup") else 0.6
    return Drawable(
        Mesh(vertices, mesh.faces, None, mesh.colours), Material("held", roughness=rough),
        finish=Finish(specular=0.5), coat_m=mesh.vertices_m, part=PartLabel.ITEMS, instance=number,
    )  # fmt: skip


def _legs(x: float, y: float, high: float, colour: Colour, thick: float = 0.025) -> list[Mesh]:
    return [tube((a, b, 0), (a, b, high), thick / 2, colour, 8) for a in (-x, x) for b in (-y, y)]


def seat(posed: Posed, yaw_deg: float, rng: Rng) -> Drawable:
    """Something under somebody who sits, as high as they do."""
    turn = np.radians(yaw_deg)
    c, s = np.cos(turn), np.sin(turn)
    spin = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])
    hips = posed.bones_world[[INDEX["upperleg01.L"], INDEX["upperleg01.R"]], :3, 3].mean(axis=0)
    local = (posed.vertices_m[_rump()] - hips) @ spin
    under = (np.abs(local[:, 0]) < 0.2) & (local[:, 1] > -0.12) & (local[:, 1] < 0.2)
    top = float(hips[2] + local[under, 2].min() - 0.006)
    kind = str(rng.choice(["chair", "chair", "stool", "block", "bench", "sofa"]))
    wood, cloth = WOODS[int(rng.integers(len(WOODS)))], dye(rng)
    metal: Colour = (60, 62, 64)
    if kind == "stool":
        parts = [_lathed([(0, top - 0.05), (0.17, top - 0.05), (0.18, top - 0.01), (0.16, top),
                          (0, top)], cloth), *_legs(0.12, 0.12, top - 0.04, metal)]  # fmt: skip
    elif kind == "block":
        parts = [box((-0.25, -0.22, 0), (0.25, 0.25, top), wood)]
    elif kind == "bench":
        parts = [box((-0.7, -0.2, top - 0.05), (0.7, 0.2, top), wood),
                 *_legs(0.6, 0.15, top - 0.04, metal, 0.05)]  # fmt: skip
    elif kind == "sofa":
        parts = [box((-0.75, -0.28, 0.05), (0.75, 0.34, top), cloth),
                 box((-0.75, 0.3, 0.05), (0.75, 0.5, top + 0.42), cloth),
                 box((-0.92, -0.28, 0.05), (-0.75, 0.5, top + 0.2), cloth),
                 box((0.75, -0.28, 0.05), (0.92, 0.5, top + 0.2), cloth)]  # fmt: skip
    else:
        parts = [box((-0.22, -0.22, top - 0.045), (0.22, 0.22, top), cloth),
                 *_legs(0.19, 0.19, top - 0.04, wood, 0.035),
                 *(box((-0.2, 0.235 + 0.01 * k, top + 0.12 * k + 0.1),
                       (0.2, 0.255 + 0.01 * k, top + 0.12 * k + 0.19), wood) for k in range(3)),
                 *(tube((x, 0.2, top - 0.05), (x, 0.27, top + 0.46), 0.015, wood, 8)
                   for x in (-0.18, 0.18))]  # fmt: skip
    mesh = merge(parts)
    ground = np.array([hips[0], hips[1], 0.0])
    vertices = mesh.vertices_m @ spin.T + ground
    return Drawable(Mesh(vertices, mesh.faces, None, mesh.colours), Material("seat", roughness=0.7),
                    finish=Finish(specular=0.3, sheen=0.1))  # fmt: skip


def _rump() -> np.ndarray:
    weights = make_figure().weights
    bones = [INDEX[b] for b in ("root", "pelvis.L", "pelvis.R", "upperleg01.L", "upperleg01.R")]
    share = np.asarray(weights[:13380, bones].sum(axis=1)).ravel()
    return np.flatnonzero(share > 0.5)


def in_the_way(person_m: np.ndarray, camera_m: np.ndarray, rng: Rng) -> Drawable:
    """Something that stands between a person and a camera and hides a part of them."""
    way = (camera_m - person_m) * [1, 1, 0]
    far = float(np.linalg.norm(way))
    way /= max(far, 1e-6)
    side = np.array([-way[1], way[0], 0])
    off = rng.uniform(-0.35, 0.35)
    spot = person_m * [1, 1, 0] + min(rng.uniform(0.5, 0.85), 0.6 * far) * way + off * side
    kind = str(rng.choice(["table", "counter", "pillar", "plant", "boxes", "chair"]))
    wood, paint = WOODS[int(rng.integers(len(WOODS)))], dye(rng)
    if kind == "table":
        high = rng.uniform(0.68, 0.78)
        parts = [box((-0.6, -0.33, high - 0.03), (0.6, 0.33, high), wood),
                 *_legs(0.55, 0.28, high, wood, 0.05)]  # fmt: skip
    elif kind == "counter":
        high = rng.uniform(0.85, 1.1)
        parts = [box((-0.5, -0.2, 0), (0.5, 0.2, high - 0.04), paint),
                 box((-0.53, -0.23, high - 0.04), (0.53, 0.23, high), wood)]  # fmt: skip
    elif kind == "pillar":
        r = rng.uniform(0.06, 0.14)
        spot = spot + np.sign(off) * rng.uniform(0.12, 0.3) * side
        parts = [lathe((0, 0, 0), [(r, 0), (r, 2.9)], paint)]
    elif kind == "plant":
        made = plant(rng, -0.4)
        parts = [Mesh(m.vertices_m - [0, 0.45, 0], m.faces, None, m.colours) for m in made.solids]
    elif kind == "boxes":
        parts, z = [], 0.0
        for _ in range(int(rng.integers(1, 4))):
            half, high = rng.uniform(0.15, 0.3), rng.uniform(0.2, 0.4)
            parts.append(box((-half, -half, z), (half, half, z + high), dye(rng, 90, 200)))
            z += high
    else:
        parts = [box((-0.22, -0.22, 0.42), (0.22, 0.22, 0.46), paint),
                 box((-0.22, 0.19, 0.46), (0.22, 0.22, 0.92), paint),
                 *_legs(0.2, 0.2, 0.42, wood, 0.035)]  # fmt: skip
    mesh = merge(parts)
    axes = np.column_stack([side, -way, [0, 0, 1.0]])
    vertices = mesh.vertices_m @ axes.T + spot
    return Drawable(Mesh(vertices, mesh.faces, None, mesh.colours),
                    Material("thing", roughness=0.6),
                    finish=Finish(specular=0.3))  # fmt: skip
