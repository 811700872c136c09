"""What to do next while a target is shown to the cameras: coverage, tilts, depth, pairs, words.

Everything is counted as views come in, so that an update costs far less than a frame; nothing
here needs intrinsics. The thresholds follow what single-camera calibration needs in practice
(Zhang 2000: several tilts; corners and edges carry the distortion) and what the pair graph needs
to be solved well.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Int

from studio.core.calibration import Target, View
from studio.core.percent import percent
from studio.vision.calibration.lean import lean_of

COLUMNS, ROWS = 8, 6
TILTED_DEG = 12.0
_RECENT = 30
_TOWARDS = (
    "right edge", "lower right corner", "lower edge", "lower left corner",
    "left edge", "upper left corner", "upper edge", "upper right corner",
)  # fmt: skip
_PLACES = (
    ("upper left", "top", "upper right"),
    ("left side", "middle", "right side"),
    ("lower left", "bottom", "lower right"),
)


@dataclass(frozen=True)
class Wanted:
    """How much is enough: views a camera, common moments a pair, shares of the picture, tilts."""

    views: int = 20
    pair: int = 10
    covered: float = 0.6
    edges: float = 0.5
    corners: float = 0.25
    tilts: int = 4
    depth_ratio: float = 1.5


@dataclass(frozen=True, eq=False)
class CameraGuidance:
    """What one camera has seen so far.

    ``coverage`` counts points in a grid over the picture; ``covered``, ``edges`` and ``corners``
    are shares of its cells with any. ``tilts`` are the eight directions in which the target
    leaned, ``depth_ratio`` its farthest over its nearest distance.
    """

    camera: str
    views: int
    blurred: int
    coverage: Int[np.ndarray, "rows columns"]
    covered: float
    edges: float
    corners: float
    tilts: tuple[bool, ...]
    depth_ratio: float
    progress: float

    @property
    def blurred_share(self) -> float:
        """Blurred ones among all that were seen."""
        return self.blurred / max(self.blurred + self.views, 1)


@dataclass(frozen=True, eq=False)
class Guidance:
    """Where the cameras stand, and the one next best action in words.

    ``camera`` is whom the action concerns, ``pair`` which two should see the target together.
    ``ready`` says that a solution can be tried, ``enough`` that more would hardly help.
    """

    cameras: tuple[CameraGuidance, ...]
    pairs: Mapping[tuple[str, str], int]
    action: str
    camera: str = ""
    pair: tuple[str, str] | None = None
    progress: float = 0.0
    ready: bool = False
    enough: bool = False

    def __getitem__(self, camera: str) -> CameraGuidance:
        return next(one for one in self.cameras if one.camera == camera)


@dataclass
class _Seen:
    """One camera's counts."""

    size_px: tuple[int, int]
    grid: np.ndarray = field(default_factory=lambda: np.zeros((ROWS, COLUMNS), np.int64))
    views: int = 0
    blurred: int = 0
    recent: deque[bool] = field(default_factory=lambda: deque[bool](maxlen=_RECENT))
    tilts: set[int] = field(default_factory=set)
    near: float = np.inf
    far: float = 0.0
    largest: float = 0.0
    last: int | None = None


class Guide:
    """Counts views as they come and says what to do next.

    Cameras of ``known_lenses`` bring their intrinsics: they need no coverage, tilts or depths.
    ``what`` the target is called in sentences.
    """

    def __init__(
        self,
        target: Target,
        sizes_px: Mapping[str, tuple[int, int]],
        *,
        known_lenses: frozenset[str] = frozenset(),
        wanted: Wanted = Wanted(),
        what: str = "board",
    ) -> None:
        self._target = target
        self._flat = target.flat
        self._known = known_lenses
        self._wanted, self._what = wanted, what
        self._seen: dict[str, _Seen] = {}
        self._moments: dict[int, list[str]] = defaultdict(list)
        self._pairs: dict[tuple[str, str], int] = {}
        self._gaps: dict[tuple[str, str], int] = {}
        for name, size in sizes_px.items():
            self.meet(name, size)

    def meet(self, camera: str, size_px: tuple[int, int]) -> None:
        """Take a camera in, if it is not known yet."""
        if camera not in self._seen:
            self._pairs |= {(other, camera): 0 for other in self._seen}
            self._seen[camera] = _Seen(size_px)
            self._says = spoken(tuple(self._seen))

    def add(self, view: View) -> None:
        """Count one good view; one without a point shows nothing and does not count."""
        if not len(view.points):
            return
        seen = self._seen[view.camera]
        seen.views += 1
        seen.recent.append(False)
        width, height = seen.size_px
        column = np.clip((view.xy_px[:, 0] + 0.5) / width * COLUMNS, 0, COLUMNS - 1).astype(int)
        row = np.clip((view.xy_px[:, 1] + 0.5) / height * ROWS, 0, ROWS - 1).astype(int)
        np.add.at(seen.grid, (row, column), 1)
        seen.largest = max(
            seen.largest, float(np.ptp(view.xy_px, axis=0).max()) / max(width, height)
        )
        lean = lean_of(self._target.points_m[view.points], view.xy_px, seen.size_px, self._flat)
        if lean is not None:
            seen.near, seen.far = min(seen.near, lean.depth_m), max(seen.far, lean.depth_m)
            if lean.tilt_deg >= TILTED_DEG:
                seen.tilts.add(round(lean.towards_deg / 45) % 8)
        for other in self._moments[view.moment]:
            if other != view.camera:
                self._pairs[self._pair(view.camera, other)] += 1
        self._moments[view.moment].append(view.camera)
        for name, one in self._seen.items():
            if name != view.camera and one.last is not None:
                pair, gap = self._pair(view.camera, name), abs(view.moment - one.last)
                self._gaps[pair] = min(gap, self._gaps.get(pair, gap))
        seen.last = view.moment

    def blurred(self, camera: str) -> None:
        """Count a view that was too blurred to use."""
        self._seen[camera].blurred += 1
        self._seen[camera].recent.append(True)

    def _pair(self, one: str, other: str) -> tuple[str, str]:
        return (one, other) if (one, other) in self._pairs else (other, one)

    def advice(self) -> Guidance:
        """Where the cameras stand now, and what to do next."""
        cameras = tuple(self._camera(name) for name in self._seen)
        tree, parts = _strongest_tree(tuple(self._seen), self._pairs)
        links = [min(self._pairs[pair] / self._wanted.pair, 1.0) for pair in tree]
        links += [0.0] * (len(parts) - 1)
        shares = [share for one in cameras for share in self._shares(one)] + links
        progress = float(np.mean(shares)) if shares else 0.0
        ready = len(parts) == 1 and all(one.views >= 4 for one in cameras)
        enough = ("Enough now. Every camera has seen what it needs", "", None)
        action, camera, pair = next(self._actions(cameras, tree, parts), enough)
        return Guidance(
            cameras, dict(self._pairs), action, camera, pair, progress, ready, action == enough[0]
        )

    def _camera(self, name: str) -> CameraGuidance:
        seen = self._seen[name]
        there = seen.grid > 0
        ring = np.ones_like(there)
        ring[1:-1, 1:-1] = False
        corner = np.zeros_like(there)
        corner[:: ROWS - 1, :: COLUMNS - 1] = True
        one = CameraGuidance(
            name, seen.views, seen.blurred, seen.grid.copy(), float(there.mean()),
            float(there[ring & ~corner].mean()), float(there[corner].mean()),
            tuple(direction in seen.tilts for direction in range(8)),
            seen.far / seen.near if seen.far else 1.0, 0.0,
        )  # fmt: skip
        shares = self._shares(one)
        return replace(one, progress=float(np.mean(shares)))

    def _shares(self, one: CameraGuidance) -> tuple[float, ...]:
        """How far a camera is with each thing it needs, 0 to 1."""
        wanted = self._wanted
        views = min(one.views / wanted.views, 1.0)
        if one.camera in self._known:
            return (views,)
        return (views, self._spread(one), self._tilt(one), self._depth(one))

    def _spread(self, one: CameraGuidance) -> float:
        wanted = self._wanted
        return min(
            one.covered / wanted.covered,
            one.edges / wanted.edges,
            one.corners / wanted.corners,
            1.0,
        )

    def _tilt(self, one: CameraGuidance) -> float:
        return min(sum(one.tilts) / self._wanted.tilts, 1.0) if self._flat else 1.0

    def _depth(self, one: CameraGuidance) -> float:
        return float(np.clip((one.depth_ratio - 1) / (self._wanted.depth_ratio - 1), 0, 1))

    def _actions(
        self,
        cameras: Sequence[CameraGuidance],
        tree: Sequence[tuple[str, str]],
        parts: Sequence[frozenset[str]],
    ) -> Iterator[tuple[str, str, tuple[str, str] | None]]:
        """What could be done, the most urgent first."""
        says = self._says
        if not any(one.views for one in cameras):
            yield f"Show the {self._what} to the cameras", "", None
        blind = [one.camera for one in cameras if not one.views]
        if blind:
            yield f"Show it to {says[blind[0]].long}", blind[0], None
        for name, seen in self._seen.items():
            share = sum(seen.recent) / max(len(seen.recent), 1)
            if len(seen.recent) >= 10 and share >= 0.4:
                text = f"Hold still: {percent(share)} of the views of {says[name].long} are blurred"
                yield text, name, None
        if len(parts) > 1:
            pair = self._bridge(parts)
            yield self._wave(pair), "", pair
        weak = min(tree, key=lambda pair: self._pairs[pair], default=None)
        if weak and self._pairs[weak] < self._wanted.pair:
            yield self._wave(weak), "", weak
        yield from self._for_cameras(cameras)

    def _for_cameras(
        self, cameras: Sequence[CameraGuidance]
    ) -> Iterator[tuple[str, str, tuple[str, str] | None]]:
        says = self._says
        least = min(cameras, key=lambda one: one.views)
        if least.views < self._wanted.views:
            yield f"Show it longer to {says[least.camera].long}", least.camera, None
        unknown = [one for one in cameras if one.camera not in self._known]
        for share, words in (
            (self._spread, self._fill), (self._tilt, self._lean), (self._depth, self._nearer)
        ):  # fmt: skip
            worst = min(unknown, key=share, default=None)
            if worst is not None and share(worst) < 1:
                yield words(worst), worst.camera, None

    def _wave(self, pair: tuple[str, str]) -> str:
        one, other = (self._says[name].short for name in pair)
        return f"Wave the {self._what} between {one} and {other}"

    def _bridge(self, parts: Sequence[frozenset[str]]) -> tuple[str, str]:
        """The two cameras of different parts that saw the target nearest in time: neighbours."""
        apart = [p for p in self._pairs if not any(set(p) <= part for part in parts)]
        return min(apart, key=lambda pair: self._gaps.get(pair, 1 << 60))

    def _fill(self, one: CameraGuidance) -> str:
        """The ninth of the picture with the least in it, and of several the farthest from what
        was seen."""
        there = one.coverage > 0
        middle = np.argwhere(there).mean(0) / there.shape if there.any() else np.full(2, 0.5)
        best, place = (2.0, 0.0), ""
        for y, (rows, names) in enumerate(zip(np.array_split(there, 3), _PLACES, strict=True)):
            for x, (cell, name) in enumerate(zip(np.array_split(rows, 3, 1), names, strict=True)):
                apart = np.hypot(*((np.array([y, x]) + 0.5) / 3 - middle))
                if (rank := (float(cell.mean()), -float(apart))) < best:
                    best, place = rank, name
        return f"Fill the {place} of {self._says[one.camera].long}"

    def _lean(self, one: CameraGuidance) -> str:
        lacking = [d for d in (*range(0, 8, 2), *range(1, 8, 2)) if not one.tilts[d]]
        return f"Tilt its {_TOWARDS[lacking[0]]} towards {self._says[one.camera].long}"

    def _nearer(self, one: CameraGuidance) -> str:
        says = self._says[one.camera].long
        if self._seen[one.camera].largest < 0.45:
            return f"Bring it closer to {says}"
        return f"Take it further away from {says}"


@dataclass(frozen=True)
class Spoken:
    """A camera's name as said in a sentence, and beside another one."""

    long: str
    short: str


def spoken(names: Sequence[str]) -> dict[str, Spoken]:
    """How to speak of cameras: by number where their names end in different ones."""
    numbers = {name: match[0] for name in names if (match := re.search(r"\d+$", name))}
    if len(numbers) == len(names) == len({int(number) for number in numbers.values()}):
        return {n: Spoken(f"camera {int(k)}", f"{int(k)}") for n, k in numbers.items()}
    return {name: Spoken(f"camera {name}", f"{name}") for name in names}


def _strongest_tree(
    names: Sequence[str], pairs: Mapping[tuple[str, str], int]
) -> tuple[list[tuple[str, str]], list[frozenset[str]]]:
    """The spanning forest of the pairs seen most together (Kruskal), and its parts."""
    part = {name: frozenset({name}) for name in names}
    tree: list[tuple[str, str]] = []
    for pair in sorted(pairs, key=lambda pair: -pairs[pair]):
        one, other = part[pair[0]], part[pair[1]]
        if pairs[pair] and one is not other:
            tree.append(pair)
            joined = one | other
            part.update(dict.fromkeys(joined, joined))
    return tree, list(dict.fromkeys(part.values()))
