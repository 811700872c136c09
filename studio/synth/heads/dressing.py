"""What a photograph shows besides the face: hair, colours of hair and eyes, the nearest skin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from jaxtyping import Bool

from studio.core.parts import PartLabel
from studio.core.types import Camera, Mesh
from studio.human.design import Colour, Design, Worn
from studio.human.heads.fit import View
from studio.human.heads.model import HEAD
from studio.human.wardrobe.library import load
from studio.perception.portraits import IRISES, Looked
from studio.render.raster import Renderer
from studio.render.scene import Drawable, Lighting
from studio.synth import closet, complexion, designed
from studio.synth.atlas import skin_atlas
from studio.synth.closet import Piece
from studio.synth.figure import Figure, figure_of, make_figure
from studio.synth.heads.seen import SeenHead

_SIDE_PX = 192
_SMALL_PX = 256
"""Skins of the wardrobe are compared so large."""
_WINDOW = 2.6
"""What of the photograph is compared, by the face's height."""
_BALD = 0.05
"""A head with less hair than this share of its face is bald."""
_RINGS, _GAMMA = (0.5, 0.65, 0.8), 2.2
_BROWN, _DARK = (0.27, 0.16, 0.10), (0.18, 0.34)
"""Irises darker than the first (brightest channel) are of this brown, from the second on as they
are seen."""
_FACE = (50, 280, 205, 425, 4, 151)
_CHIN, _BROW = 152, 9
_UNLIKE = 60.0
"""So much worse (8 bits a channel, summed) the skin of the other sex must fit not to be taken."""


@dataclass(frozen=True)
class Styled:
    """A style of hair, and how well it covers what the photograph's hair covers (0 to 1)."""

    name: str
    fits: float


def nearest_skin(looked: Looked, woman: bool) -> Piece:
    """The starter skin whose face has the photograph's colours."""
    seen = _median(looked.rgb, looked.xyz_px[list(_FACE), :2], looked.bare)
    atlas = skin_atlas(_SMALL_PX)
    x, y, z = np.moveaxis(atlas.xyz_m, -1, 0)
    head = make_figure().head("head")
    face = atlas.covered & (z > head[2]) & (y < head[1] - 0.07) & (np.abs(x) < 0.05)
    best: tuple[float, Piece] | None = None
    for one in closet.catalogue():
        if one.kind != "skin" or one.root is not None:
            continue
        small = _small(one.name)
        off = float(np.abs(np.median(small[face], axis=0) - seen).sum())
        off += _UNLIKE * (one.name.startswith("woman") != woman)
        if best is None or off < best[0]:
            best = off, one
    assert best is not None
    return best[1]


@cache
def _small(name: str) -> np.ndarray:
    """A starter skin's picture, small: read so, it is there in a tenth of the time."""
    data = np.frombuffer(load(name).material.pictures["diffuse"].data, np.uint8)
    found = cv2.imdecode(data, cv2.IMREAD_REDUCED_COLOR_4)
    assert found is not None
    size = (_SMALL_PX, _SMALL_PX)
    return np.ascontiguousarray(cv2.resize(found, size, interpolation=cv2.INTER_AREA)[..., ::-1])


def _median(rgb: np.ndarray, at: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The median colour around points, where the mask allows."""
    found: list[np.ndarray] = []
    reach = max(int(0.02 * np.ptp(at[:, 1])), 2)
    for x, y in np.rint(at).astype(int):
        window = slice(max(y - reach, 0), y + reach + 1), slice(max(x - reach, 0), x + reach + 1)
        found.append(rgb[window][where[window]])
    every = np.concatenate(found)
    return np.median(every if len(every) else rgb.reshape(-1, 3), axis=0)


def hair_colour(looked: Looked) -> Colour | None:
    """The colour of the hair where light falls on it, None where next to none is seen."""
    size = max(int(0.02 * np.ptp(looked.xyz_px[:, 1])), 1)
    inner = cv2.erode(looked.hair.astype(np.uint8), np.ones((2 * size + 1, 2 * size + 1))) > 0
    if inner.sum() < 50:
        return None
    colours = looked.rgb[inner].astype(float)
    light = colours.mean(1)
    lit = colours[(light >= np.percentile(light, 55)) & (light <= np.percentile(light, 85))]
    r, g, b = (lit.mean(0) / 255).tolist()
    return float(r), float(g), float(b)


def eye_colour(looked: Looked, shade: float = 1.0) -> Colour:
    """The irises' colour: what is rather bright of it, between its middle and its edge; irises that
    are dark are brown, as are those of shut eyes. ``shade`` is how many times too dark they are in
    the photograph."""
    found: list[np.ndarray] = []
    for (middle, edge), is_open in zip(IRISES, looked.open_eyes, strict=True):
        if not is_open:
            continue
        at = looked.xyz_px[middle, :2]
        out = looked.xyz_px[list(edge), :2] - at
        ring = np.concatenate([at + share * out for share in _RINGS])
        x, y = np.rint(ring).astype(int).T
        height, width = looked.rgb.shape[:2]
        found.append(looked.rgb[y.clip(0, height - 1), x.clip(0, width - 1)])
    if not found:
        return _BROWN
    colour = np.percentile(np.concatenate(found), 60, axis=0) / 255 * shade ** (1 / _GAMMA)
    dark = np.clip((_DARK[1] - colour.max()) / (_DARK[1] - _DARK[0]), 0, 1)
    colour = (colour + dark * (np.array(_BROWN) - colour)).clip(0.03, 0.9)
    r, g, b = colour.tolist()
    return float(r), float(g), float(b)


def hair_of(head: SeenHead, view: View, looked: Looked) -> tuple[Styled, ...]:
    """The starter styles of hair, the one that covers the photograph's hair best first; none for a
    bald head."""
    tall = float(np.ptp(looked.xyz_px[:, 1]))
    if looked.hair.sum() < _BALD * tall * tall:
        return ()
    window = _Window(looked, view, tall)
    seen = window.cut(looked.hair.astype(np.uint8) * 255) > 127
    rest, bones = designed.resting(head.design, actions=False)
    figure = figure_of(rest, bones)
    at = np.array(bones.rest_world[HEAD, :3, 3])
    found: list[Styled] = []
    with Renderer((_SIDE_PX, _SIDE_PX), samples=1) as renderer:
        body = _body(figure, at)
        for one in closet.catalogue():
            if one.kind != "hair" or one.root is not None:
                continue
            shown = _shown(renderer, figure, one, head.design, body, at, window.camera)
            shown &= window.above
            both = float((shown & seen).sum())
            found.append(Styled(one.name, both / max(float((shown | seen).sum()), 1.0)))
    return tuple(sorted(found, key=lambda one: -one.fits))


class _Window:
    """A square of the photograph around the head, and the camera that sees it."""

    def __init__(self, looked: Looked, view: View, tall: float) -> None:
        middle = looked.xyz_px[[_BROW, _CHIN], :2].mean(0)
        scale = _SIDE_PX / (_WINDOW * tall)
        self._shift = (_SIDE_PX - 1) / 2 - scale * middle
        self._scale = scale
        focal = scale * view.focal_px
        x, y = scale * np.array(view.centre_px) + self._shift
        matrix = np.array([[focal, 0, x], [0, focal, y], [0, 0, 1]])
        self.camera = Camera("window", (_SIDE_PX, _SIDE_PX), matrix, np.zeros(0), view.rotation,
                             view.translation_m)  # fmt: skip
        chin, brow = looked.xyz_px[_CHIN, 1], looked.xyz_px[_BROW, 1]
        level = scale * (chin - 0.25 * (chin - brow)) + self._shift[1]
        self.above = np.broadcast_to(np.arange(_SIDE_PX)[:, None] < level, (_SIDE_PX, _SIDE_PX))

    def cut(self, picture: np.ndarray) -> np.ndarray:
        """A picture of the photograph's size, as the window has it."""
        matrix = np.array([[self._scale, 0, self._shift[0]], [0, self._scale, self._shift[1]]])
        return cv2.warpAffine(picture, matrix, (_SIDE_PX, _SIDE_PX), flags=cv2.INTER_AREA)


def _body(figure: Figure, at: np.ndarray) -> Drawable:
    faces = figure.surface.faces["skin"]
    mesh = Mesh(figure.vertices_m - at, faces)
    return Drawable(mesh, complexion.skin((0.7, 0.5, 0.4), None, False, False), 1,
                    casts_shadow=False, part=PartLabel.FACE)  # fmt: skip


def _shown(
    renderer: Renderer, figure: Figure, one: Piece, design: Design, body: Drawable,
    at: np.ndarray, camera: Camera,
) -> Bool[np.ndarray, "side side"]:  # fmt: skip
    """Where a style of hair is seen on the head."""
    put = closet.put_on_body(figure, (Worn(item=one.name),), design.hair, design.brows)
    things = [
        Drawable(Mesh(part.mesh.vertices_m - at, part.mesh.faces, part.mesh.uv), part.material, 1,
                 casts_shadow=False, part=PartLabel.HAIR)
        for part in put.parts
    ]  # fmt: skip
    lighting = Lighting(np.array([[0.0, -1.0, 0.0]]), np.ones((1, 3)), np.full(1, 0.05))
    seen = renderer.render((body, *things), camera, lighting, geometry=True, near_m=0.05)
    assert seen.parts is not None
    return seen.parts == PartLabel.HAIR


def coloured(design: Design, looked: Looked, shade: float = 1.0) -> Design:
    """The design with the photograph's colours of hair, eyes and brows; ``shade`` is how many times
    too dark its eyes are."""
    colour = hair_colour(looked)
    told: dict[str, object] = {"eyes": eye_colour(looked, shade)}
    if colour is not None:
        told |= {"hair": colour, "brows": tuple(0.7 * c for c in colour)}
    return design.but(**told)
