"""How far a calibration is to be trusted, drawn: error ellipsoids, error bars, where the board was.

Ellipsoids are three thin rings of one standard deviation, enlarged by a factor that is written
beside them. All of it is lines: nothing hides the cameras or the person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from studio.core.types import CameraRig
from studio.scene.items.base import DrawnItem, Eye, Role
from studio.scene.items.cameras import corners_m
from studio.scene.labels import Label
from studio.scene.palette import Palette, Rgb
from studio.scene.strokes import Strokes, discs

Part = Literal["cameras", "bars", "boards", "coverage"]
PARTS: tuple[Part, ...] = ("cameras", "bars", "boards", "coverage")
_SIDES = 48
_FACTORS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_BOARDS = 60
_NOTHING = np.full((1, 2, 3), np.nan)


@dataclass(frozen=True, eq=False)
class TrustMarks:
    """What is drawn, in world metres.

    ``cameras`` are the cameras' places with their covariance (m²); ``bars`` the places of the
    volume with theirs, each with a text; ``boards`` outlines of the target (closed polygons);
    ``coverage`` points on the cameras' image planes. ``shown`` are the parts in view.
    """

    cameras_m: np.ndarray
    cameras_m2: np.ndarray
    bars_m: np.ndarray
    bars_m2: np.ndarray
    texts: tuple[str, ...]
    boards_m: np.ndarray
    coverage_m: np.ndarray
    size_m: float
    shown: frozenset[Part] = field(default=frozenset({"cameras", "bars", "boards"}))

    def showing(self, *parts: Part) -> TrustMarks:
        """The same with only these parts in view."""
        return replace(self, shown=frozenset(parts))


def trust_marks(
    rig: CameraRig,
    cameras_mm: np.ndarray,
    places_m: np.ndarray,
    bars_mm: np.ndarray,
    texts: Sequence[str] = (),
    *,
    boards_m: np.ndarray | None = None,
    coverage: Mapping[str, np.ndarray] | None = None,
) -> TrustMarks:
    """From plain arrays: standard deviations in mm, or covariances in mm².

    ``cameras_mm`` is (cameras, 3) along the world's axes or (cameras, 3, 3); ``bars_mm`` (places,)
    or (places, 3, 3); NaN draws nothing. ``texts`` stand beside the bars (their largest axis in mm
    if not given). ``boards_m`` is (boards, corners, 3); ``coverage`` holds counts in a grid (rows,
    columns) over a camera's picture.
    """
    centres = np.array([camera.centre_m for camera in rig.cameras]).reshape(-1, 3)
    spread = float(np.ptp(centres, axis=0).max()) if len(rig) > 1 else 2.0
    size = float(np.clip(0.09 * spread, 0.08, 0.6))
    bars = _covariances(bars_mm, len(places_m))
    worst = 1000 * np.sqrt(np.fmax(np.linalg.eigvalsh(np.nan_to_num(bars))[:, -1], 0))
    known = [bool(np.isfinite(one).all()) for one in bars]
    figures = zip(worst.tolist(), known, strict=True)
    written = tuple(texts) or tuple(f"{mm:.1f} mm" if good else "unseen" for mm, good in figures)
    boards = np.empty((0, 4, 3)) if boards_m is None else np.asarray(boards_m, np.float64)
    if len(boards) > _BOARDS:
        boards = boards[np.linspace(0, len(boards) - 1, _BOARDS).astype(int)]
    return TrustMarks(
        centres,
        _covariances(cameras_mm, len(centres)),
        np.asarray(places_m, np.float64).reshape(-1, 3),
        bars,
        written,
        boards,
        _covered(rig, coverage or {}, size),
        size,
    )


def _covariances(given_mm: np.ndarray, count: int) -> np.ndarray:
    """Covariances (n, 3, 3) in m² from any of the ways to give them in mm."""
    given = np.asarray(given_mm, np.float64)
    if given.shape == (count, 3, 3):
        return given * 1e-6
    deviations = np.broadcast_to(given.reshape(count, -1), (count, 3)) / 1000
    return np.square(deviations)[:, :, None] * np.eye(3)


def _covered(rig: CameraRig, coverage: Mapping[str, np.ndarray], size_m: float) -> np.ndarray:
    """The middles of the cells that the target reached, on the cameras' image planes."""
    points: list[np.ndarray] = []
    for camera in rig.cameras:
        if camera.name not in coverage:
            continue
        grid = coverage[camera.name]
        rows, columns = np.nonzero(grid)
        a, b, _, d = corners_m(camera, size_m)
        across, down = (columns + 0.5) / grid.shape[1], (rows + 0.5) / grid.shape[0]
        points.append(a + across[:, None] * (b - a) + down[:, None] * (d - a))
    return np.concatenate([np.empty((0, 3)), *points])


def rings(centre_m: np.ndarray, covariance_m2: np.ndarray, factor: float) -> np.ndarray:
    """Three rings (3 · sides, 2, 3) in the main planes of an ellipsoid of one deviation."""
    values, axes = np.linalg.eigh(covariance_m2)
    reach = factor * np.sqrt(np.fmax(values, 0.0))[:, None] * axes.T
    angle = np.linspace(0, 2 * np.pi, _SIDES + 1)[:, None]
    circles = [
        centre_m + np.cos(angle) * reach[i] + np.sin(angle) * reach[j]
        for i, j in ((0, 1), (1, 2), (0, 2))
    ]
    return np.concatenate([np.stack([c[:-1], c[1:]], 1) for c in circles])


def enlargement(covariances_m2: np.ndarray, size_m: float) -> int:
    """The round factor that draws the median ellipsoid about as large as ``size_m``."""
    good = covariances_m2[np.isfinite(covariances_m2).all((1, 2))]
    reach = np.sqrt(np.fmax(np.linalg.eigvalsh(good)[:, -1], 0.0)) if len(good) else np.zeros(0)
    reach = reach[reach > 1e-9]
    if not len(reach):
        return 1
    wanted = size_m / float(np.median(reach))
    return max((f for f in _FACTORS if f <= wanted), default=1)


class TrustItem(DrawnItem):
    """Error ellipsoids, error bars, boards and coverage of one calibration."""

    accepts = (TrustMarks,)
    framed = False

    def __init__(self, key: str, palette: Palette, role: Role = "result") -> None:
        super().__init__(key, palette, role)
        self.strokes = [Strokes(), Strokes()]
        self._labels: list[Label] = []
        self._marks: TrustMarks | None = None
        self.factors: dict[Part, int] = {}

    def update(self, value: Any) -> None:
        self._marks = marks = value
        segments, colours = self._lines(marks)
        if not len(segments):
            segments, colours = _NOTHING, np.zeros((1, 4))
        self.strokes[0].update(segments, colours, 0.0, 0.7)
        dots = marks.coverage_m if "coverage" in marks.shown else np.empty((0, 3))
        ends = discs(dots) if len(dots) else _NOTHING
        rgba = np.tile([*self.palette.accent, 0.8], (len(ends), 1))
        self.strokes[1].update(ends, rgba, 0.02 * marks.size_m, 1.0)
        self._write(marks)

    def _lines(self, marks: TrustMarks) -> tuple[np.ndarray, np.ndarray]:
        segments, colours = [np.empty((0, 2, 3))], [np.empty((0, 4))]

        def add(lines: np.ndarray, rgb: Rgb, alpha: float) -> None:
            segments.append(lines)
            colours.append(np.tile([*rgb, alpha], (len(lines), 1)))

        if "boards" in marks.shown and len(marks.boards_m):
            closed = np.stack([marks.boards_m, np.roll(marks.boards_m, -1, 1)], 2)
            add(closed.reshape(-1, 2, 3), self.palette.camera, 0.35)
        self.factors = {}
        for part, places, spreads, rgb in (
            ("cameras", marks.cameras_m, marks.cameras_m2, self.palette.accent),
            ("bars", marks.bars_m, marks.bars_m2, self.palette.left),
        ):
            if part not in marks.shown:
                continue
            factor = enlargement(spreads, 0.4 * marks.size_m)
            self.factors[part] = factor
            for place, spread in zip(places, spreads, strict=True):
                if np.isfinite(spread).all() and spread.any():
                    add(rings(place, spread, factor), rgb, 0.9)
        return np.concatenate(segments), np.concatenate(colours)

    def _write(self, marks: TrustMarks) -> None:
        texts: list[tuple[str, np.ndarray, Rgb]] = []
        middle = np.nanmean(marks.bars_m, axis=0) if len(marks.bars_m) else np.zeros(3)
        if "bars" in marks.shown:
            for text, place in zip(marks.texts, marks.bars_m, strict=True):
                way = place - middle
                apart = float(np.linalg.norm(way))
                away = way / apart if apart > marks.size_m else np.array([0, 0, 0.5])
                texts.append((text, place + 0.6 * marks.size_m * away, self.palette.text))
        if "cameras" in marks.shown:
            for place, spread in zip(marks.cameras_m, marks.cameras_m2, strict=True):
                if np.isfinite(spread).all() and spread.any():
                    mm = 1000 * float(np.sqrt(np.linalg.eigvalsh(spread)[-1]))
                    under = place - np.array([0, 0, 0.9 * marks.size_m])
                    texts.append((f"{mm:.1f} mm", under, self.palette.accent))
        words = {"bars": "error bars", "cameras": "camera errors"}
        told = [f"{words[part]} × {factor}" for part, factor in self.factors.items()]
        if told:
            foot = np.array([*middle[:2], np.nanmin(marks.bars_m[:, 2], initial=middle[2])])
            foot[2] -= 1.6 * marks.size_m
            texts.append((f"drawn larger: {', '.join(told)}", foot, self.palette.left))
        while len(self._labels) < len(texts):
            self._labels.append(Label("", (0.0, 0.0, 0.0), 11))
        del self._labels[len(texts) :]
        for label, (text, place, rgb) in zip(self._labels, texts, strict=True):
            label.actor.SetInput(text)
            label.move((float(place[0]), float(place[1]), float(place[2])))
            label.colour(rgb)
        self.actors = [label.actor for label in self._labels]

    @property
    def labels(self) -> tuple[Label, ...]:
        return tuple(self._labels)

    def seen_by(self, eye: Eye) -> None:
        super().seen_by(eye)
        for label in self._labels:
            label.sized(eye.pixel_ratio)

    def recolour(self, palette: Palette) -> None:
        super().recolour(palette)
        if self._marks is not None:
            self.update(self._marks)

    def points_m(self) -> np.ndarray:
        return np.empty((0, 3)) if self._marks is None else self._marks.bars_m
