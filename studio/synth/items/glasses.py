"""Glasses and sunglasses: bevelled rims, bridges, pads on the nose, temples over the ears."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from studio.core.items import Item
from studio.core.types import Material
from studio.synth.items.paint import gradient, tortoise
from studio.synth.items.parts import Colour, Made, assembled, near, one_of, painted, picked, plain
from studio.synth.solids import Piece, grid, outwards, tube, unit

EAR_M = np.array([0.0778, 0.1010, 0.0095])
"""Where the left temple rests on the ear, from the bridge of the nose, on the average adult."""
_BEHIND_M = np.array([[0.0002, 0.0080, -0.0020], [-0.0004, 0.0135, -0.0090],
                      [-0.0014, 0.0160, -0.0200], [-0.0026, 0.0178, -0.0310]])  # fmt: skip
_BACK = np.array([0.0, 1.0, 0.0])
_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Frame:
    """One model. Lengths in metres, colours in sRGB.

    ``wide_m`` and ``tall_m`` are half the lens's, ``gap_m`` lies between the lenses; ``square`` 2
    is an ellipse; ``taper`` narrows it below, ``lift`` raises its outer corners, ``drop_m`` lets
    it hang lower towards the cheek. ``rim_m`` is the rim's width and ``brow_m`` what is added on
    top; ``half`` leaves the lower rim out. ``lens`` is the tint and its alpha above and below.
    """

    title: str
    wide_m: float = 0.0250
    tall_m: float = 0.0190
    gap_m: float = 0.018
    square: float = 2.6
    taper: float = 0.10
    lift: float = 0.0
    drop_m: float = 0.0
    rim_m: float = 0.0034
    brow_m: float = 0.0006
    deep_m: float = 0.0040
    metal: bool = False
    half: bool = False
    bar: bool = False
    colour: Colour = (0.06, 0.055, 0.055)
    mottle: Colour | None = None
    temple: Colour | None = None
    lens: tuple[Colour, float, float] = ((0.80, 0.88, 0.92), 0.10, 0.07)
    wrap: float = 2.4


_STEEL: Colour = (0.68, 0.67, 0.66)
_GOLD: Colour = (0.83, 0.67, 0.38)
_DARK: Colour = (0.035, 0.035, 0.04)
_BROWN: Colour = (0.12, 0.07, 0.035)

FRAMES: dict[str, Frame] = {
    "panto": Frame("Panto", 0.0240, 0.0215, 0.0195, 2.15, 0.10, colour=(0.30, 0.16, 0.06),
                   mottle=(0.07, 0.035, 0.02)),
    "square": Frame("Square", 0.0262, 0.0190, 0.017, 4.2, 0.10, rim_m=0.0042, brow_m=0.0014),
    "round wire": Frame("Round wire", 0.0232, 0.0228, 0.021, 2.0, 0.0, rim_m=0.0013, brow_m=0.0,
                        deep_m=0.0016, metal=True, colour=_GOLD),
    "browline": Frame("Browline", 0.0258, 0.0185, 0.018, 3.0, 0.16, rim_m=0.0012, brow_m=0.0042,
                      deep_m=0.0030, half=True, colour=(0.07, 0.04, 0.03)),
    "cat eye": Frame("Cat eye", 0.0262, 0.0188, 0.017, 2.5, 0.20, 0.55, rim_m=0.0036,
                     brow_m=0.0022, colour=(0.36, 0.04, 0.09)),
    "oval": Frame("Oval", 0.0252, 0.0165, 0.0185, 2.3, 0.06, rim_m=0.0014, brow_m=0.0,
                  deep_m=0.0017, metal=True, colour=_STEEL, temple=_DARK),
}  # fmt: skip
"""Six models of glasses."""

SUNGLASSES: dict[str, Frame] = {
    "wayfarer": Frame("Wayfarer", 0.0272, 0.0212, 0.0175, 3.2, 0.20, 0.12, rim_m=0.0044,
                      brow_m=0.0022, deep_m=0.0046, lens=(_DARK, 0.93, 0.86), wrap=3.0),
    "aviator": Frame("Aviator", 0.0292, 0.0212, 0.0160, 2.35, 0.06, 0.0, 0.0085, 0.0013, 0.0,
                     0.0016, True, bar=True, colour=_GOLD, lens=((0.06, 0.10, 0.06), 0.88, 0.62),
                     wrap=3.0),
    "round": Frame("Round sunglasses", 0.0245, 0.0240, 0.020, 2.0, 0.0, rim_m=0.0030,
                   colour=(0.34, 0.18, 0.07), mottle=(0.08, 0.04, 0.02),
                   lens=(_BROWN, 0.90, 0.72)),
    "butterfly": Frame("Butterfly", 0.0300, 0.0248, 0.0165, 2.7, 0.04, 0.16, rim_m=0.0040,
                       colour=(0.10, 0.06, 0.06), lens=((0.12, 0.07, 0.09), 0.92, 0.45), wrap=3.2),
    "mirror": Frame("Mirrored", 0.0282, 0.0215, 0.017, 2.9, 0.14, rim_m=0.0032, deep_m=0.0040,
                    colour=(0.08, 0.08, 0.09), lens=((0.12, 0.32, 0.62), 0.96, 0.93), wrap=3.6),
}  # fmt: skip
"""Five models of sunglasses."""

_ACETATES: tuple[Colour, ...] = (
    _DARK, (0.10, 0.06, 0.05), (0.28, 0.10, 0.05), (0.08, 0.12, 0.24), (0.10, 0.20, 0.14),
    (0.40, 0.08, 0.10), (0.46, 0.40, 0.34), (0.78, 0.74, 0.70), (0.32, 0.18, 0.30),
)  # fmt: skip
_METALS: tuple[Colour, ...] = (_STEEL, _GOLD, (0.78, 0.55, 0.47), (0.16, 0.16, 0.17))
_TINTS: tuple[Colour, ...] = (
    _DARK, _BROWN, (0.05, 0.09, 0.06), (0.08, 0.08, 0.16), (0.20, 0.06, 0.05), (0.30, 0.18, 0.03),
)  # fmt: skip


def varied(rng: np.random.Generator, sun: bool) -> Frame:
    """A random model."""
    frame = one_of(rng, SUNGLASSES if sun else FRAMES)
    size = near(rng, 1.0, 0.06)
    mottled = not frame.metal and rng.random() < 0.35
    colour = picked(rng, _METALS if frame.metal else _ACETATES)
    tint, top, bottom = frame.lens
    if sun:
        tint, top = picked(rng, _TINTS), float(rng.uniform(0.72, 0.96))
        bottom = top * float(rng.uniform(0.55, 1.0))
    return replace(
        frame, wide_m=near(rng, frame.wide_m * size), tall_m=near(rng, frame.tall_m * size, 0.1),
        gap_m=near(rng, frame.gap_m, 0.1), square=near(rng, frame.square, 0.12),
        lift=near(rng, frame.lift, 0.4), rim_m=near(rng, frame.rim_m, 0.25),
        brow_m=near(rng, frame.brow_m, 0.3), deep_m=near(rng, frame.deep_m, 0.15),
        colour=(0.32, 0.17, 0.07) if mottled else colour,
        mottle=(0.07, 0.04, 0.02) if mottled else None,
        temple=picked(rng, _ACETATES) if rng.random() < 0.2 else frame.temple,
        lens=(tint, top, bottom), wrap=near(rng, frame.wrap, 0.2),
    )  # fmt: skip


def glasses(frame: Frame, sun: bool = False) -> Item:
    """The model as a thing to try on, at its true size."""
    own = _stuff("frame", frame.colour, frame)
    arms = own if frame.temple is None else _stuff("temples", frame.temple, frame)
    steel = own if frame.metal else plain("hinges", _STEEL, 0.25, 0.9)
    soft = plain("pads", (0.86, 0.82, 0.78), 0.3) if frame.metal or frame.half else own
    pieces: list[tuple[Material, list[Piece]]] = [
        (own, [*_sides(_rim(frame)), *_bridges(frame), *_sides(_end(frame))]),
        (arms, _sides(_temple(frame))),
        (steel, _sides(_hinge(frame))),
        (soft, [piece for one in _pads(frame) for piece in _sides(one)]),
    ]
    if frame.half:
        wire = plain("wire", _STEEL, 0.2, 0.9)
        pieces.append((wire, _sides(_wire(frame))))
    if frame.metal:
        pieces.append((plain("tips", frame.temple or _DARK, 0.3), _sides(_tip(frame))))
    pieces.append((_glass(frame), _sides(_lens(frame))))
    made: dict[int, tuple[Material, list[Piece]]] = {}
    for material, some in pieces:
        made.setdefault(id(material), (material, []))[1].extend(some)
    kind = "sunglasses" if sun else "glasses"
    return assembled(frame.title, kind, [Made(m, {"eyes": p}) for m, p in made.values() if p])


def _sides(piece: Piece) -> list[Piece]:
    return [piece, piece.mirrored()]


def _stuff(name: str, colour: Colour, frame: Frame) -> Material:
    if frame.metal:
        return plain(name, colour, 0.22, 0.9)
    if frame.mottle is not None and colour == frame.colour:
        return painted(name, tortoise(colour, frame.mottle), 0.25)
    return plain(name, colour, 0.25)


def _glass(frame: Frame) -> Material:
    tint, top, bottom = frame.lens
    return Material("lenses", (1.0, 1.0, 1.0, 0.995), 0.0, 0.06, gradient(tint, top, bottom))


def surface(frame: Frame, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Where the middle of the front lies: curved around the face, leaning in at the bottom."""
    y = _front(frame) + frame.wrap * np.square(x) - 0.12 * (z - _middle(frame))
    return np.stack(np.broadcast_arrays(x, y, z), axis=-1)


def _front(frame: Frame) -> float:
    return -0.0042 - 0.5 * frame.deep_m


def _middle(frame: Frame) -> float:
    """The height of the lenses' middles: eyes look through a little above it."""
    return -0.0035 - 0.25 * (frame.tall_m - 0.019)


def _outline(frame: Frame, turn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The left lens's edge (n, 2 in x and z) and the way out of it."""
    fine = np.linspace(0, 2 * np.pi, 721)
    c, s = np.cos(fine), np.sin(fine)
    power = 2 / frame.square
    x = np.sign(c) * np.abs(c) ** power
    z = np.sign(s) * np.abs(s) ** power
    down = np.clip(-z, 0, 1)
    wide = frame.wide_m * (1 + frame.taper * (z - 0.2) * (0.6 + 0.4 * np.abs(x)))
    out = x * wide + frame.drop_m * 0.35 * down**2
    raised = np.clip(x, 0, 1) ** 2 * np.clip(z + 0.4, 0, 1)
    high = (z + frame.lift * raised) * frame.tall_m
    high -= frame.drop_m * down**2 * (1 - 0.5 * np.clip(-x, 0, 1))
    edge = np.stack([0.5 * frame.gap_m + frame.wide_m + out, _middle(frame) + high], axis=-1)
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(edge, axis=0), axis=1))])
    at = np.interp(turn, fine, run) if frame.square < 2.2 else turn / (2 * np.pi) * run[-1]
    edge = np.stack([np.interp(at, run, edge[:, k]) for k in range(2)], axis=-1)
    along = np.roll(edge, -1, 0) - np.roll(edge, 1, 0)
    return edge, unit(np.stack([along[:, 1], -along[:, 0]], axis=-1))


_AROUND = np.linspace(0, 2 * np.pi, 72, endpoint=False)
_SECTION = np.linspace(0, 2 * np.pi, 12, endpoint=False) + np.pi / 12


def _rounded(power: float = 0.55) -> tuple[np.ndarray, np.ndarray]:
    """A rectangle with rounded edges, from -1 to 1."""
    c, s = np.cos(_SECTION), np.sin(_SECTION)
    return np.sign(c) * np.abs(c) ** power, np.sign(s) * np.abs(s) ** power


def _rim(frame: Frame) -> Piece:
    """Around the left lens; where the frame has half rims, above it alone."""
    edge, out = _outline(frame, _AROUND)
    high = np.clip((edge[:, 1] - _middle(frame)) / frame.tall_m, -1, 1)
    wide = frame.rim_m + frame.brow_m * np.clip(1.6 * high, 0, 1) ** 2
    if frame.half:
        first = int(np.argmin(np.abs(high) + (edge[:, 0] < edge[:, 0].mean())))
        keep = np.flatnonzero(np.roll(high, -first) > -0.05)
        order = np.roll(np.arange(len(high)), -first)[keep]
        edge, out, wide = edge[order], out[order], wide[order]
    return _strip(frame, edge, out, wide, not frame.half)


def _strip(
    frame: Frame, edge: np.ndarray, out: np.ndarray, wide: np.ndarray, closed: bool
) -> Piece:
    across, deep = _rounded()
    middle = edge + (0.5 * wide - 0.0006)[:, None] * out
    v = np.zeros((len(edge), len(across), 3))
    for k, (a, d) in enumerate(zip(across, deep, strict=True)):
        flat = middle + (0.5 * a * wide)[:, None] * out
        v[:, k] = surface(frame, flat[:, 0], flat[:, 1]) + 0.5 * d * frame.deep_m * _BACK
    core = surface(frame, middle[:, 0], middle[:, 1])
    if closed:
        v, core = np.concatenate([v, v[:1]]), np.concatenate([core, core[:1]])
    else:
        v = np.concatenate([core[:1, None] + 0 * v[:1], v, core[-1:, None] + 0 * v[:1]])
    uv = np.zeros((v.shape[0], v.shape[1] + 1, 2))
    return _mottled(outwards(grid(v, uv, True), core))


def _mottled(piece: Piece) -> Piece:
    """The piece with the picture laid on from the front, and from the side where it runs back."""
    corners = piece.vertices[piece.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    side = np.abs(normal[:, 0]) > np.abs(normal[:, 1])
    flat = np.where(side[:, None, None], corners[..., [1, 2]], corners[..., [0, 2]])
    return Piece(piece.vertices, piece.faces, 18.0 * flat + 0.5)


def _wire(frame: Frame) -> Piece:
    """The thread that holds the lens where the rim leaves off."""
    edge, _ = _outline(frame, _AROUND)
    return tube(surface(frame, edge[:, 0], edge[:, 1]), 0.0005, 0.0005, _BACK, closed=True, sides=6)


def _bridges(frame: Frame) -> list[Piece]:
    inner = 0.5 * frame.gap_m
    t = np.linspace(-1, 1, 17)
    thin = frame.metal or frame.half
    middle, share = _middle(frame), np.abs(t) ** 2
    reach = inner + (0.0006 if thin else 0.55 * frame.rim_m)
    if thin:
        z = middle + 0.34 * frame.tall_m + 0.0034 * (1 - share)
        tall, deep = np.full(17, 0.0009), np.full(17, 0.0009)
    else:
        z = middle + 0.40 * frame.tall_m + 0.0016 * (1 - share)
        tall = 0.0027 + 0.0030 * share
        deep = np.full(17, 0.46 * frame.deep_m)
    line = surface(frame, t * reach, z)
    line[:, 1] -= 0.0010 * (1 - share)
    found = [_mottled(tube(line, deep, tall, -_BACK, sides=12, square=1.8))]
    if frame.bar:
        high = _outline(frame, _AROUND)[0][:, 1].max() - 0.0022
        bar = surface(frame, t * (inner + 0.55 * frame.wide_m), high + 0.0012 * (1 - share))
        found.append(tube(bar, 0.0009, 0.0009, -_BACK, sides=8))
    return found


def _corner(frame: Frame) -> np.ndarray:
    """Where the left temple's hinge is, behind the front's outer end."""
    edge, _ = _outline(frame, _AROUND)
    height = _middle(frame) + (0.55 + 0.3 * frame.lift) * frame.tall_m
    there = edge[np.argmin(np.abs(edge[:, 1] - height) - 0.2 * edge[:, 0])]
    return surface(frame, np.array(there[0]), np.array(height))


def _run(frame: Frame) -> np.ndarray:
    """The left temple's middle line (n, 3), from the hinge to its tip."""
    corner = _corner(frame)
    start = corner + np.array([frame.rim_m + 0.0042, 0.5 * frame.deep_m + 0.0012, 0.0])
    start[0] = max(start[0], 0.0660)
    knots = np.array([
        start, start + np.array([0.0012, 0.010, 0.0]),
        0.5 * (start + EAR_M) + np.array([0.0022, 0.0, 0.0008]),
        EAR_M - np.array([0.0, 0.010, -0.0004]), EAR_M, *(EAR_M + _BEHIND_M),
    ])  # fmt: skip
    away = np.concatenate([[0], np.linalg.norm(np.diff(knots, axis=0), axis=1).cumsum()])
    at = np.linspace(0, away[-1], 44)
    line = np.stack([np.interp(at, away, knots[:, k]) for k in range(3)], axis=-1)
    for _ in range(3):
        line[1:-1] = 0.5 * line[1:-1] + 0.25 * (line[:-2] + line[2:])
    return line


def _temple(frame: Frame) -> Piece:
    line = _run(frame)
    t = np.linspace(0, 1, len(line))
    if frame.metal or frame.half:
        tall, thick = np.full(len(t), 0.0009), np.full(len(t), 0.0007)
    else:
        tall = 0.0036 - 0.0016 * np.clip(t / 0.5, 0, 1) + 0.0012 * np.clip((t - 0.72) / 0.2, 0, 1)
        tall *= np.clip((1 - t) / 0.02, 0.45, 1)
        thick = np.full(len(t), 0.0016)
    return _mottled(tube(line, tall, thick, _across(line), sides=12, square=1.7))


def _across(line: np.ndarray) -> np.ndarray:
    """The way that is up across a temple's line, also where it bends down."""
    way = unit(np.gradient(line, axis=0))
    return unit(np.cross(way, np.array([1.0, 0.0, 0.0]) + 0 * way)) * -1


def _tip(frame: Frame) -> Piece:
    """The sleeve over the end of a thin temple."""
    line = _run(frame)[28:]
    t = np.linspace(0, 1, len(line))
    grown = np.clip(t / 0.12, 0.5, 1) * np.clip((1 - t) / 0.06, 0.5, 1)
    return tube(line, 0.0022 * grown, 0.0014 * grown, _across(line), sides=10, square=1.4)


def _end(frame: Frame) -> Piece:
    """What leads from the rim's outer corner back to the temple."""
    corner, start = _corner(frame), _run(frame)[0]
    tall, deep = (0.0012, 0.0009) if frame.metal or frame.half else (0.0032, 0.0016)
    front = corner + np.array([0.3 * frame.rim_m, 0.0, 0.0])
    elbow = np.array([start[0] - 0.0012, front[1] + 0.0006, front[2]])
    last = start - np.array([0.0, 0.0022, 0.0])
    knots = np.array([front, 0.5 * (front + elbow), elbow, last, start])
    line = np.concatenate([knots[:1], 0.5 * (knots[:-1] + knots[1:]), knots[-1:]])
    return _mottled(tube(line, tall, deep, _UP, sides=12, square=1.6))


def _hinge(frame: Frame) -> Piece:
    middle = _run(frame)[0] - np.array([0.0017, -0.0015, 0.0])
    along = middle + np.outer(np.linspace(-1, 1, 5), 0.0026 * _BACK)
    return tube(along, 0.0016, 0.0011, _UP, sides=8, square=1.8)


def _pads(frame: Frame) -> list[Piece]:
    """What rests on the left flank of the nose."""
    if not (frame.metal or frame.half):
        edge, _ = _outline(frame, _AROUND)
        inner = edge[np.argsort(edge[:, 0] + 0.5 * np.abs(edge[:, 1] + 0.0075))[:9]].mean(0)
        high = inner[1] + np.linspace(0.0055, -0.0065, 9)
        at = surface(frame, inner[0] - 0.0012 + 0 * high, high)
        at[:, 1] += 0.5 * frame.deep_m + 0.0006
        t = np.linspace(-1, 1, 9)
        grown = np.sqrt(np.clip(1 - t**2, 0.04, 1))
        return [_mottled(tube(at, 0.0030 * grown, 0.0013 * grown, _BACK, sides=10, square=1.2))]
    pad = np.array(
        [[0.0098, 0.0045, -0.0035], [0.0105, 0.0052, -0.0075], [0.0120, 0.0060, -0.0125]]
    )
    pad = np.stack([np.interp(np.linspace(0, 2, 9), [0, 1, 2], pad[:, k]) for k in range(3)], -1)
    t = np.linspace(-1, 1, 9)
    grown = np.sqrt(np.clip(1 - t**2, 0.03, 1))
    edge, _ = _outline(frame, _AROUND)
    near_ = edge[np.argmin(edge[:, 0] + 0.6 * np.abs(edge[:, 1] - 0.001))]
    root = surface(frame, near_[0], near_[1])
    arm = np.array([
        root, root + np.array([-0.0016, 0.0028, 0.0008]),
        pad[4] + np.array([0.0014, -0.0022, 0.0022]), pad[4] + np.array([0.0006, 0.0, 0.0]),
    ])  # fmt: skip
    flat = np.array([0.55, 0.75, 0.35])
    return [
        tube(pad, 0.0030 * grown, 0.0011 * grown, flat, sides=10),
        tube(arm, 0.0005, 0.0005, _UP, sides=6),
    ]


def _lens(frame: Frame) -> Piece:
    edge, _ = _outline(frame, _AROUND)
    middle = edge.mean(axis=0)
    share = np.array([0.001, 0.35, 0.7, 1.0])[:, None, None]
    flat = middle + share * (edge - middle)
    v = surface(frame, flat[..., 0], flat[..., 1])
    v[..., 1] -= 0.0012 * (1 - share[..., 0] ** 2)
    span = edge[:, 1].min(), np.ptp(edge[:, 1])
    uv = np.stack([0.5 + 0 * flat[..., 0], (flat[..., 1] - span[0]) / span[1]], axis=-1)
    uv[..., 1] = 0.04 + 0.92 * uv[..., 1]
    piece = grid(v, np.concatenate([uv, uv[:, :1]], axis=1), True)
    return outwards(piece, v.reshape(-1, 3).mean(0)[None] + [[0, 0.02, 0]])
