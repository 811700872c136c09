"""What covers a photographed head, as a surface around it: hair, or a hat, a scarf, a veil.

Above the ears the surface is a globe around the skull, below them a curtain around the neck. How
far it stands off the skin is taken from where the photograph's outline of the hair is, and is
smooth in between; where it is seen its colours are the photograph's, and elsewhere hair like that
which is seen is laid. Several photographs are asked together, each where it sees best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from studio.human.heads.fit import View
from studio.synth.facelight import EXPOSED, scene_linear, stored
from studio.synth.heads.shots import Shot
from studio.synth.heads.strands import evened, filled, locks
from studio.vision.sampling import sampled
from studio.vision.triangles import Triangles

COLUMNS, GLOBE, CURTAIN = 144, 36, 44
"""Cells around, from the crown to the brows' level, and from there down."""
STEP_M = 0.007
"""How high a row of the curtain is."""
TEXTURE = (1024, 1024)
"""Rows and columns of the surface's texture."""
_CROWN, _CROWN_RAD = 7, 0.45
"""How far behind the top the crown lies, from which hair grows."""
_FAR_M, _MOST_M = 0.4, 0.16
_IN_M = 0.0005
"""How much nearer to the neck long hair is, a row further down."""
_LEAST_M, _USUAL_M = 0.0025, 0.012
_STEPS, _GAP = 64, 8
"""So many steps along a ray, and so many without hair end it."""
_RIM = 0.3
"""What is turned from the line of sight by more than this cosine is the outline."""
_SEEN, _STRAIGHT = 0.15, 0.5
_TAPER_M, _CORNERS = (0.038, 0.03), (2.5, 3.5)
"""How far from where it begins hair has its full height, and by how much sooner than at straight
edges it is low, so that it is in corners too: short hair, and long."""
_HOLE = (3, 5)
"""Holes of so many cells down and across are none."""
_ABOVE_M = 0.03
"""So far above the brows hair beside what is seen is like that."""
_SOFT = 1.2
"""How softly what is there ends, in cells."""
_RELIEF_M = 0.0016
"""How far locks stand out, usually."""
_ABOVE = 1.3
"""How many times as brightly as faces hair is lit, which looks up, and shines."""
_SHADED, _RIM_LIGHT = 1.15, (35, 2.0)
"""Whose face is in the shade by so much has light behind, which shines through the hair's edges:
nothing is taken to be brighter than so many of a hundred of the hair's pixels by so many times."""
_ALIKE = (0.5, 2.0)
"""How much darker and brighter hair may be in one photograph than in another."""


@dataclass(frozen=True, eq=False)
class Shell:
    """The surface: a grid of places (rows from the crown down, columns around from the back over
    the left side... to the back again), in the head's frame (metres); its texture with what of it
    is there (RGBA, row 0 at the crown); and how well its outline covers the photograph's (0 to
    1)."""

    xyz_m: Float[np.ndarray, "rows columns 3"]
    rgba: UInt8[np.ndarray, "texels_down texels_across 4"]
    fits: float


@dataclass(frozen=True, eq=False)
class _Frame:
    """Where the rays begin from which the surface is told, and where they go."""

    base_m: np.ndarray
    way: np.ndarray
    radius_m: np.ndarray

    def at(self, off_m: np.ndarray) -> np.ndarray:
        """The surface that stands so far off the skin."""
        return self.base_m + (self.radius_m + off_m)[..., None] * self.way


def around(
    shots: Sequence[Shot], faces: np.ndarray, brow_m: float, ear_m: Float[np.ndarray, "3"],
    shade: float = 1.0,
) -> Shell:  # fmt: skip
    """The surface of what covers a head in photographs, the most frontal first.

    ``brow_m`` is the height of the brows; ``ear_m`` the left ear's outermost place; ``shade`` is
    how many times too dark the first photograph is.
    """
    frame = _frame(shots[0].skin_m, faces, brow_m)
    off = _thickness(frame, shots)
    there, long = _there(frame, off, shots, faces, brow_m, ear_m)
    if long > 0.5:
        frame = _hanging(frame)
        off = _thickness(frame, shots)
        there, long = _there(frame, off, shots, faces, brow_m, ear_m)
    off = _tapered(off, there, frame.at(off), long)
    there, long = _there(frame, off, shots, faces, brow_m, ear_m)
    there = _blurred(_closed(there), _SOFT)
    off = _tapered(off, there, frame.at(off), long)
    rgba = _painted(frame, off, there, shots, faces, shade)
    off = off + _RELIEF_M * np.clip(off / _USUAL_M, 0.2, 1.5) * _even(
        locks(rgba, (off.shape[0], off.shape[1] - 1))
    )  # fmt: skip
    places = frame.at(off)
    return Shell(places, rgba, float(np.mean([_alike(places, there, one) for one in shots])))


def _frame(skin_m: np.ndarray, faces: np.ndarray, brow_m: float) -> _Frame:
    level = np.abs(skin_m[:, 2] - brow_m - 0.03) < 0.02
    near = level & (np.abs(skin_m[:, 0]) < 0.06)
    middle = np.array([0.0, float(np.ptp(skin_m[near, 1]) / 2 + skin_m[near, 1].min()), brow_m])
    around = np.linspace(-np.pi, np.pi, COLUMNS + 1)
    above = np.linspace(np.pi / 2 - 0.03, 0, GLOBE)
    below = np.arange(1, CURTAIN + 1) * STEP_M
    up = np.concatenate([above, np.zeros(CURTAIN)])
    flat = np.stack([np.sin(around), -np.cos(around)], -1)
    way = np.empty((len(up), COLUMNS + 1, 3))
    way[..., :2] = np.cos(up)[:, None, None] * flat
    way[..., 2] = np.sin(up)[:, None]
    tilt = -_CROWN_RAD * np.sin(up) ** 2
    c, s = np.cos(tilt)[:, None], np.sin(tilt)[:, None]
    way[..., 1], way[..., 2] = c * way[..., 1] - s * way[..., 2], s * way[..., 1] + c * way[..., 2]
    base = np.broadcast_to(middle, way.shape).copy()
    base[GLOBE:, :, 2] -= below[:, None]
    rays = np.concatenate([base + _FAR_M * way, -way], -1).reshape(-1, 6)
    hit = Triangles.of(skin_m, faces).hits(rays)
    radius = _FAR_M - hit.far.reshape(way.shape[:2])
    radius = _even(np.where(np.isfinite(radius), radius, 0.05))
    for row in range(GLOBE, len(up)):
        radius[row] = np.minimum(radius[row], radius[row - 1] + 0.004)
    smooth = _blurred(radius, 2.5)
    return _Frame(base, way, np.fmax(radius, smooth))


def _hanging(frame: _Frame) -> _Frame:
    """The same where hair hangs down from where the head is widest, not in below the ears."""
    radius = frame.radius_m.copy()
    for row in range(GLOBE - GLOBE // 3, len(radius)):
        radius[row] = np.fmax(radius[row], radius[row - 1] - _IN_M)
    return replace(frame, radius_m=np.fmax(radius, _blurred(radius, 2.5)))


def _even(grid: np.ndarray) -> np.ndarray:
    """A grid that is the same all around at the crown, where its columns meet."""
    out = grid.copy()
    for row in range(_CROWN):
        share = 1 - (row / _CROWN) ** 2
        out[row] += share * (grid[:_CROWN].mean() - grid[row])
    return out


def _blurred(grid: np.ndarray, sigma: float) -> np.ndarray:
    """A grid blurred, around the head without a seam; ``sigma`` in cells."""
    wide = int(3 * sigma) + 1
    ring = grid[:, :-1]
    many = -(-wide // ring.shape[1])
    padded = np.concatenate([ring] * (2 * many + 1), axis=1).astype(np.float32)
    out = cv2.GaussianBlur(padded, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    first = many * ring.shape[1]
    return np.concatenate([out, out], axis=1)[:, first : first + ring.shape[1] + 1]


def _closed(grid: np.ndarray) -> np.ndarray:
    """A grid without small holes, around the head without a seam."""
    wide = _HOLE[1]
    ring = grid[:, :-1].astype(np.float32)
    padded = np.concatenate([ring[:, -wide:], ring, ring[:, :wide]], axis=1)
    out = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones(_HOLE, np.uint8))
    return out[:, wide : wide + grid.shape[1]].astype(float)


def _sight(places: np.ndarray, view: View) -> np.ndarray:
    """Unit vectors from places to the camera."""
    way = -view.translation_m @ view.rotation - places
    return way / np.linalg.norm(way, axis=-1, keepdims=True)


def _thickness(frame: _Frame, shots: Sequence[Shot]) -> np.ndarray:
    """How far the surface stands off the skin: on the outlines as the photographs have them, smooth
    in between."""
    off = np.full(frame.radius_m.shape, _USUAL_M)
    say, value = np.zeros_like(off), np.zeros_like(off)
    for shot in shots:
        _outline(frame, off, shot, say, value)
    total, mean = np.full_like(off, 1e-4), np.full_like(off, 1e-4 * _USUAL_M)
    for sigma, trust in ((3.0, 1.0), (8.0, 0.1), (16.0, 0.02)):
        total += trust * _blurred(say, sigma)
        mean += trust * _blurred(say * value, sigma)
    return _even(mean / total)


def _outline(
    frame: _Frame, off: np.ndarray, shot: Shot, say: np.ndarray, value: np.ndarray
) -> None:
    """Adds what a photograph's outline tells: how surely, and how far off the skin it is."""
    across = np.abs((frame.way * _sight(frame.at(off), shot.view)).sum(-1))
    rim = across < _RIM
    reach = np.linspace(-0.02, _MOST_M, _STEPS)
    along = frame.radius_m[rim][:, None] + reach
    places = frame.base_m[rim][:, None] + along[..., None] * frame.way[rim][:, None]
    share = shot.shown(places) > 0.5
    found = share.any(1)
    last = _STEPS - 1 - np.argmax(share[:, ::-1], axis=1)
    first = np.argmax(share, axis=1)
    for k in np.flatnonzero(found):
        at = np.flatnonzero(share[k, first[k] :]) + first[k]
        gaps = np.flatnonzero(np.diff(at) > _GAP)
        last[k] = at[gaps[0]] if len(gaps) else at[-1]
    weight = (1 - across[rim] / _RIM) * found
    say[rim] += weight
    value[rim] += (
        weight * (np.clip(reach[last], _LEAST_M, _MOST_M) - value[rim]) / np.fmax(say[rim], 1e-6)
    )


def _normals(places: np.ndarray) -> np.ndarray:
    down = np.gradient(places, axis=0)
    ring = np.concatenate([places[:, -2:-1], places, places[:, 1:2]], axis=1)
    along = (ring[:, 2:] - ring[:, :-2]) / 2
    out = np.cross(down, along)
    return out / np.fmax(np.linalg.norm(out, axis=-1, keepdims=True), 1e-12)


def _seen(places: np.ndarray, normals: np.ndarray, shot: Shot, faces: np.ndarray) -> np.ndarray:
    """How well each place is seen, 0 to 1: turned to the camera, and before the skin."""
    way = _sight(places, shot.view)
    straight = (normals * way).sum(-1)
    start = places + 0.004 * normals + 0.004 * way
    rays = np.concatenate([start, way], -1).reshape(-1, 6)
    free = np.isinf(Triangles.of(shot.skin_m, faces).hits(rays).far).reshape(straight.shape)
    return np.clip((straight - _SEEN) / (_STRAIGHT - _SEEN), 0, 1) * free


def _inside(places: np.ndarray, frame: _Frame, off: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Places as they are where they are seen well; towards the outline, further inside."""
    return places - (0.6 * (1 - seen) * off + 0.003 * (1 - seen))[..., None] * frame.way


def _there(
    frame: _Frame, off: np.ndarray, shots: Sequence[Shot], faces: np.ndarray, brow: float,
    ear_m: np.ndarray,
) -> tuple[np.ndarray, float]:  # fmt: skip
    """How much of the surface is there, 0 to 1: as the photographs show, and where they do not, as
    hair usually grows, as long behind as it is at the sides; and how long that is (0: to the ears,
    1: beyond)."""
    places = frame.at(off)
    normals = _normals(places)
    total, shown, known, beside, rims = (np.zeros_like(off) for _ in range(5))
    for shot in shots:
        seen = _seen(places, normals, shot, faces)
        inside = _inside(places, frame, off, seen)
        told = np.fmax(shot.told(places), shot.told(inside))
        sure = np.clip(seen * 2.5, 0, 1) * told + 1e-6 * seen
        shown += sure * np.fmax(shot.shown(places), shot.shown(inside))
        total += sure
        known = np.fmax(known, seen * told)
        rim = np.abs((frame.way * _sight(places, shot.view)).sum(-1)) < _RIM
        beside += rim * shot.shown(_inside(places, frame, off, np.zeros_like(seen)))
        rims += rim
    shown /= np.fmax(total, 1e-12)
    twin = known[:, ::-1] > known + 0.2
    shown = np.where(twin, shown[:, ::-1], shown)
    known = np.where(twin, known[:, ::-1], known)
    sides = beside.sum(1) / np.fmax(rims.sum(1), 1)
    covered = places[GLOBE // 2 :][sides[GLOBE // 2 :] > 0.4]
    lowest = float(covered[..., 2].min()) if len(covered) else brow
    long = float(np.clip((float(ear_m[2]) - lowest) / 0.05, 0, 1))
    usual = _usual(places, ear_m, brow, lowest, long)
    aside = np.clip((places[..., 1] - float(ear_m[1]) + 0.05) / 0.008, 0, 1)
    usual = np.fmax(usual, np.clip(2 * sides - 0.5, 0, 1)[:, None] * aside)
    say = np.clip(known * 2.5, 0, 1)
    near = _blurred(say, 3.0)
    like = _blurred(say * shown, 3.0) / np.fmax(near, 1e-6)
    usual = usual + np.clip(3 * near, 0, 1) * (places[..., 2] > brow + _ABOVE_M) * (like - usual)
    whole = np.clip(say * shown + (1 - say) * usual, 0, 1)
    free = np.fmax((places[..., 1] - float(ear_m[1]) + 0.05) / 0.008,
                   (places[..., 2] - brow + 0.02) / 0.008)  # fmt: skip
    return whole * np.clip(free, 0, 1), long


def _usual(
    places: np.ndarray, ear_m: np.ndarray, brow: float, lowest: float, long: float
) -> np.ndarray:
    """Where hair grows on a head seen from the side and from behind."""
    y, z = places[..., 1], places[..., 2]
    ear_y, ear_z = float(ear_m[1]), float(ear_m[2])
    nape = min(ear_z - 0.045, lowest)
    ahead = np.clip(1 - (y - ear_y - 0.012) / 0.05, 0, 1) * (1 - long)
    edge = nape + (ear_z - 0.015 - nape) * ahead
    behind = np.minimum((y - (ear_y + 0.012 - 0.05 * long)) / 0.006,
                        (z - edge) / (0.026 - 0.018 * long))  # fmt: skip
    over = np.minimum((y - (ear_y - 0.03)) / 0.008, (z - (ear_z + 0.016)) / 0.006)
    above = (z - (brow + 0.075)) / 0.01
    return np.clip(np.maximum.reduce([behind, over, above]) + 0.5, 0, 1)


def _tapered(off: np.ndarray, there: np.ndarray, places: np.ndarray, long: float) -> np.ndarray:
    """Thin where it begins on the skin."""
    cell = float(np.linalg.norm(np.diff(places[GLOBE], axis=0), axis=1).mean())
    near = np.clip(1 - there, 0, 1)
    near[GLOBE + 4 :] *= 1 - 0.65 * long
    reach, sooner = (np.interp(long, (0, 1), ends) for ends in (_TAPER_M, _CORNERS))
    edge = np.clip(_blurred(near, 0.5 * float(reach) / cell) * float(sooner), 0, 1)
    return _LEAST_M + (off - _LEAST_M) * (1 - edge)


def _fine(grid: np.ndarray) -> np.ndarray:
    """A grid as large as the texture."""
    rows, columns = TEXTURE
    v = (np.arange(rows) + 0.5) / rows * (grid.shape[0] - 1)
    u = (np.arange(columns) + 0.5) / columns * (grid.shape[1] - 1)
    x, y = np.meshgrid(u.astype(np.float32), v.astype(np.float32))
    planes = grid.astype(np.float32)
    if planes.ndim == 2:
        planes = planes[..., None]
    found = cv2.remap(planes, x, y, cv2.INTER_LINEAR)
    return found if grid.ndim == 3 else found.reshape(rows, columns)


def _painted(
    frame: _Frame, off: np.ndarray, there: np.ndarray, shots: Sequence[Shot], faces: np.ndarray,
    shade: float,
) -> np.ndarray:  # fmt: skip
    """The texture: the photographs' colours where they show them, the other side's, and hair like
    what is near."""
    places = frame.at(off)
    normals = _normals(places)
    colour, total = np.zeros((*TEXTURE, 3), np.float32), np.zeros(TEXTURE, np.float32)
    first = _middle(shots[0])
    for shot in shots:
        seen = _seen(places, normals, shot, faces)
        at = _fine(_inside(places, frame, off, seen))
        xy = shot.view.project(at.reshape(-1, 3).astype(float)).astype(np.float32)
        size = max(int(0.006 * max(np.ptp(np.nonzero(shot.hair)[0]), 1)), 1)
        core = cv2.erode(shot.hair.astype(np.uint8), np.ones((2 * size + 1,) * 2, np.uint8))
        mask = cv2.GaussianBlur(core.astype(np.float32), (0, 0), size)
        say = _fine(seen) ** 2 * sampled(mask, xy).reshape(TEXTURE)
        found = sampled(shot.rgb.astype(np.float32), xy).reshape(*TEXTURE, 3)
        middle, linear = _middle(shot), scene_linear(found)
        if shade > _SHADED:
            own = np.percentile(scene_linear(shot.rgb[shot.hair]).mean(-1), _RIM_LIGHT[0])
            most = _RIM_LIGHT[1] * max(float(own), 1e-3)
            over = np.clip(linear.mean(-1) / most - 1, 0, 1)[..., None]
            linear *= np.fmin(most / np.fmax(linear.mean(-1), 1e-6), 1.0)[..., None]
            linear += over * (most * middle / middle.mean() - linear)
        bright = np.clip(first / middle, *_ALIKE).astype(np.float32)
        colour += say[..., None] * linear * bright
        total += say
    colour /= np.fmax(total, 1e-6)[..., None]
    say = np.sqrt(np.clip(total, 0, 1))
    own = stored(colour * (shade / (_ABOVE * EXPOSED)))
    if shade > _SHADED:
        own = evened(own.astype(np.float32), say)
    return filled(own.astype(np.float32).clip(0, 255), say, _fine(there))


def _middle(shot: Shot) -> np.ndarray:
    """The middle of the colours of what covers the head (linear)."""
    if not shot.hair.any():
        return np.ones(3)
    return np.fmax(np.median(scene_linear(shot.rgb[shot.hair]), axis=0), 1e-3)


def _alike(places: np.ndarray, there: np.ndarray, shot: Shot) -> float:
    """How much of the photograph's hair and of the surface's side that it shows is both."""
    view, hair, tall = shot.view, shot.hair, shot.tall
    ahead = (_normals(places) * _sight(places, view)).sum(-1) > 0
    scale = min(160 / tall, 1.0)
    xy = view.project(places.reshape(-1, 3)).reshape(*there.shape, 2) * scale
    small = cv2.resize(hair.astype(np.uint8), None, fx=scale, fy=scale,
                       interpolation=cv2.INTER_AREA) > 0  # fmt: skip
    drawn = np.zeros(small.shape, np.uint8)
    for r in range(there.shape[0] - 1):
        for c in range(there.shape[1] - 1):
            if ahead[r, c] and there[r : r + 2, c : c + 2].mean() > 0.5:
                quad = xy[[r, r, r + 1, r + 1], [c, c + 1, c + 1, c]]
                cv2.fillConvexPoly(drawn, np.rint(quad).astype(np.int32), 1)
    both = float(((drawn > 0) & small).sum())
    return both / max(float(((drawn > 0) | small).sum()), 1.0)
