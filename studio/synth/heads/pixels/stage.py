"""A head that landmarks told, fitted to the photographs' pixels.

A detector of landmarks marks where points of a face are, and hardly how deep they lie. Skin shows
more: how light it is tells its normals, its outline before the ground how wide it is. Shape, pose,
lens, expression, light and the skin's colours are solved together, with the landmarks; hair, eyes
and what is far off, as shadows and glasses are, count little or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from studio.human.heads import model
from studio.human.heads.descent import Block, descend
from studio.human.heads.fit import FittedHead, Held, Problem, View
from studio.human.heads.model import NECK
from studio.human.heads.shown import Portrait
from studio.human.solver import left_jacobian
from studio.perception.portraits import IRISES, Looked
from studio.synth.heads.pixels.colours import WAYS, colours, ways
from studio.synth.heads.pixels.outlines import Outline
from studio.synth.heads.pixels.picture import Pictured
from studio.synth.heads.pixels.shading import DEGREES, LIGHT, OFF, Places, Shaded
from studio.synth.heads.pixels.surface import Skin

ROUNDS, STEPS = 3, 3
NECK_SPREAD, SKULL_STAYS = 0.3, 0.15
"""How much necks differ; how far skulls are from what points told, by how much they differ: light
on a forehead tells little of what hair covers."""
_FAR, _OUTLINE_FAR = 2.0, 2.0
"""So many times as far off as usual, skin counts a quarter."""
_SETTLED = 4
_TURNED_DEG = 18.0


@dataclass(frozen=True)
class Trust:
    """How much is made of what tells of a head: landmarks, MediaPipe's depths, skin's light and
    outlines, by how much they count usually (0: not at all)."""

    say: float = 1.0
    deep: float = 1.0
    light: float = 0.6
    outlines: float = 1.0

    @classmethod
    def usual(cls, views: Sequence[View]) -> Trust:
        """What is usual for photographs: of a face that looks ahead landmarks and depths tell less
        than its skin; where several photographs show it they tell how deep it is."""
        if len(views) > 1:
            return _SEVERAL
        return _AHEAD if views[0].turned_deg < _TURNED_DEG else cls()


_AHEAD, _SEVERAL = Trust(say=0.8, deep=0.5, light=0.6), Trust(light=0.4)


def to_pixels(
    looked: Sequence[Looked],
    portraits: Sequence[Portrait],
    head: FittedHead,
    expression: bool = True,
    held: Collection[Held] = (),
    check: Callable[[], object] = lambda: None,
    trust: Trust | None = None,
) -> tuple[tuple[Portrait, ...], FittedHead]:
    """The ``head`` of photographs fitted to their pixels, but for what is ``held``; its build is a
    woman's or a man's as before. With it come the portraits: the points of a single photograph are
    where the head has them now, those of several still tell what numbers do not reach. ``check`` is
    called often and may raise to stop the work. Where hardly any skin is seen all stays as it
    was."""
    pictured = [Pictured.of(one, told) for one, told in zip(looked, portraits, strict=True)]
    if not any(one.tells for one in pictured):
        return tuple(portraits), head
    values, neck, views = head.values, head.neck, list(head.views)
    tones = np.zeros(WAYS)
    trust = Trust.usual(views) if trust is None else trust
    for _ in range(ROUNDS):
        skin = Skin.near(values, neck)
        problem = _Pixels(portraits, pictured, skin, values, head, expression, held, trust)
        values, neck, views, tones = problem.fitted(views, tones, check)
    values = model.with_usual_ears(values)
    near = model.linear(values)
    found = FittedHead(values, tuple(views), head.off_px, near, neck)
    if len(views) > 1:
        return tuple(portraits), found
    return (_as_fitted(portraits[0], views[0], found),), found


def _as_fitted(one: Portrait, view: View, head: FittedHead) -> Portrait:
    """A portrait with its points where the head has them; irises stay where they were found."""
    acted = head.acted(view)
    deep = view.camera_points(acted)[:, 2]
    per_px = float(deep.mean()) / view.focal_px
    xyz = np.column_stack([view.project(acted), (deep - deep.mean()) / per_px])
    for middle, rim in IRISES:
        xyz[[middle, *rim], :2] = one.xyz_px[[middle, *rim], :2]
    return replace(one, xyz_px=xyz, matched=None)


class _Pixels(Problem):
    """The least squares of landmarks, and of skin in the photographs. After the landmarks' numbers
    come the neck's sliders, the ways of the skin's colours and each photograph's light (27)."""

    def __init__(
        self, portraits: Sequence[Portrait], pictured: Sequence[Pictured], skin: Skin,
        values: np.ndarray, head: FittedHead, expression: bool, held: Collection[Held],
        trust: Trust,
    ) -> None:  # fmt: skip
        super().__init__(portraits, model.linear(values), values, expression, True, held)
        self.skull = model.skull()
        self._stays = 1 / (SKULL_STAYS * model.spread()[self.skull])
        self._skull_was = head.values[self.skull]
        self.sure, self.deep = self.sure / trust.say, self.deep / trust.deep
        self.pictured, self.skin, self.trust = pictured, skin, trust
        self.own = self.count + self.EACH * len(portraits)
        self._neck = self.own + np.arange(len(NECK))
        self._ways = self._neck[-1] + 1 + np.arange(WAYS)
        self._plain = len(self._firm)

    def _light(self, k: int) -> np.ndarray:
        return self._ways[-1] + 1 + 27 * k + np.arange(27)

    def fitted(
        self, views: Sequence[View], tones: np.ndarray, check: Callable[[], object]
    ) -> tuple[np.ndarray, np.ndarray, list[View], np.ndarray]:
        """The numbers, the neck's, the views and the skin's tones, after some steps."""
        start, low, high = self.begun(views)
        lights = np.zeros(27 * len(views))
        x = np.concatenate([start, self.skin.neck, tones, lights])
        free = np.full(len(x) - len(start), np.inf)
        low, high = np.concatenate([low, -free]), np.concatenate([high, free])
        low[self._neck], high[self._neck] = -1.0, 1.0
        hidden = model.hidden()
        low[hidden] = high[hidden] = self.values[hidden]
        if "neck" in self.held:
            low[self._neck] = high[self._neck] = self.skin.neck
        self._look(x)
        for k in range(len(views)):
            x[self._light(k)] = self._first_light(x, k).ravel()

        def residuals(x: np.ndarray) -> np.ndarray:
            check()
            return self.residuals(x)

        x = descend(residuals, self.jacobian, self.weights, x, low, high, STEPS)
        values, found = self.told(x[: self.own])
        return values, x[self._neck], found, x[self._ways]

    def _look(self, x: np.ndarray) -> None:
        """Choose what is compared, as the head is now."""
        self._places: list[Places] = []
        self._outlines: list[Outline] = []
        for k, pictured in enumerate(self.pictured):
            view, vertices = self._view(x, k), self._vertices(x, k)
            self._places.append(Places.seen(pictured, view, vertices))
            self._outlines.append(Outline.seen(pictured, view, vertices))

    def _first_light(self, x: np.ndarray, k: int) -> np.ndarray:
        """The light that a photograph's skin tells; what is far off counts less, a few times."""
        shaded, pictured = self._shaded(x, k), self.pictured[k]
        sure = np.ones(len(shaded.px))
        light = shaded.light(pictured, sure)
        for _ in range(_SETTLED):
            off = shaded.off(pictured, light).reshape(-1, 3) / self._places[k].say[:, None]
            far = np.abs(off).mean(1) / (OFF * pictured.level * _FAR)
            sure = 1 / (1 + far**2)
            light = shaded.light(pictured, sure)
        return light

    def _vertices(self, x: np.ndarray, k: int) -> np.ndarray:
        return self.skin.at(x[: self.count], x[self._neck], self._of(x, k)[9:])

    def _shaded(self, x: np.ndarray, k: int) -> Shaded:
        tones = colours(x[self._ways])
        return Shaded.of(self._places[k], self._view(x, k), self._vertices(x, k), tones)

    def _bright(self, k: int) -> np.ndarray:
        """How little each number of a light is believed to be."""
        return np.repeat(DEGREES, 3) * LIGHT / self.pictured[k].level

    def residuals(self, x: np.ndarray) -> np.ndarray:
        skull = (x[self.skull] - self._skull_was) * self._stays
        parts = [super().residuals(x[: self.own]), x[self._neck] / NECK_SPREAD, x[self._ways],
                 skull]  # fmt: skip
        for k, (pictured, outline) in enumerate(zip(self.pictured, self._outlines, strict=True)):
            shaded = self._shaded(x, k)
            light = x[self._light(k)]
            px = shaded.view.project(shaded.vertices_m)
            parts += [shaded.off(pictured, light.reshape(9, 3)) * self.trust.light,
                      outline.off(px) * self.trust.outlines, light * self._bright(k)]  # fmt: skip
        return np.concatenate(parts)

    def weights(self, off: np.ndarray) -> np.ndarray:
        out = np.ones(len(off))
        out[: self._plain] = super().weights(off[: self._plain])
        first = self._plain + len(NECK) + WAYS + len(self.skull)
        for places, outline, one in zip(self._places, self._outlines, self.pictured, strict=True):
            usual = np.repeat(places.say, 3) * (
                OFF * one.level * _FAR * max(self.trust.light, 1e-9)
            )
            rows = slice(first, first + len(usual))
            out[rows] = 1 / (1 + np.square(off[rows] / usual))
            first += len(usual)
            rows = slice(first, first + len(outline.ends))
            far = off[rows] / (_OUTLINE_FAR * outline.usual * max(self.trust.outlines, 1e-9))
            out[rows] = 1 / (1 + np.square(far))
            first += len(outline.ends) + 27
        return out

    def jacobian(self, x: np.ndarray) -> list[Block]:
        blocks = super().jacobian(x[: self.own])
        first = self._plain
        for columns, slope in (
            (self._neck, 1 / NECK_SPREAD), (self._ways, 1.0), (self.skull, self._stays)
        ):  # fmt: skip
            blocks.append(Block(first, columns, slope * np.eye(len(columns))))
            first += len(columns)
        moves = self.skin.slopes(x[: self.count])
        for k, (pictured, outline) in enumerate(zip(self.pictured, self._outlines, strict=True)):
            shaded, light = self._shaded(x, k), x[self._light(k)].reshape(9, 3)
            own = self.count + k * self.EACH + np.arange(self.EACH)
            skin = np.concatenate([np.arange(self.count), own[9:], self._neck])
            turned = left_jacobian(self._of(x, k)[:3])
            told = shaded.slopes(pictured, light, moves, ways())
            seen = outline.slopes(shaded.view, shaded.vertices_m, moves)
            for (by_skin, by_camera, *rest), trust, others in (
                (told, self.trust.light, [self._light(k), self._ways]),
                (seen, self.trust.outlines, []),
            ):
                by_camera[:, :3] = by_camera[:, :3] @ turned
                slopes = trust * np.concatenate([by_skin, by_camera, *rest], 1)
                columns = np.concatenate([skin, own[:7], *others])
                blocks.append(Block(first, columns, slopes))
                first += len(slopes)
            blocks.append(Block(first, self._light(k), np.diag(self._bright(k))))
            first += 27
        return blocks
