"""Which board is it? When the named one is not found, the pictures are asked what they show."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8

from studio.perception.boards.board import Board
from studio.perception.boards.charuco import CharucoBoard
from studio.perception.boards.crossings import crossing
from studio.perception.boards.markers import DICTIONARIES, Seen, dictionary
from studio.perception.boards.spec import parse_board

_FAMILIES = (
    "DICT_4X4_1000", "DICT_5X5_1000", "DICT_6X6_1000", "DICT_7X7_1000", "DICT_APRILTAG_36H11",
    "DICT_ARUCO_ORIGINAL", "DICT_ARUCO_MIP_36H12", "DICT_APRILTAG_16H5", "DICT_APRILTAG_25H9",
)  # fmt: skip
_LONGEST_PX, _CHESS_PX = 1280, 800
_FEWEST, _CERTAIN = 3, 8
_FEWEST_PLACED = 5
_FITS = 0.12
_RATIOS = (0.5, 0.6, 0.75, 0.85)
_SPACINGS = (0.2, 0.3, 0.5)
_MOST_PICTURES, _SEARCHED, _CHESS_PICTURES = 12, 3, 6


@dataclass(frozen=True)
class Suggestion:
    """A board that pictures show: in words, and as a spec whose size is still to be measured.

    ``pictures`` is how many of the sample show it; ``ratio`` a marker's side as a share of a
    square's (NaN for boards without markers).
    """

    text: str
    spec: str
    pictures: int
    ratio: float = float("nan")


@dataclass(frozen=True)
class _Look:
    """A way to look at a picture."""

    family: str
    border: int
    inverted: bool
    mirrored: bool


def explain(pictures: Sequence[UInt8[np.ndarray, "height width"]], board: Board) -> str:
    """What to do when the named board is not found: what the pictures show instead."""
    suggestions = which_board(pictures, board.dictionary if isinstance(board, CharucoBoard) else "")
    if not suggestions:
        return (
            "No board of any kind can be made out in them. Show it larger, whole and in good "
            "light, and film it slowly."
        )
    first = suggestions[0]
    words = board.spec.split(":")
    size = words[2] if len(words) > 2 else "SIZE"
    return f"These pictures show {first.text}. Write --board {first.spec.replace('SIZE', size)}."


def which_board(
    pictures: Sequence[UInt8[np.ndarray, "height width"]], named: str = ""
) -> tuple[Suggestion, ...]:
    """The boards that pictures (grey) may show, the likeliest first.

    Dictionaries of one family share their first markers: of those that hold all markers seen, the
    ``named`` one is told, or else the smallest.
    """
    spread = np.linspace(0, len(pictures) - 1, min(len(pictures), _MOST_PICTURES)).round()
    sample = [pictures[int(at)] for start in range(4) for at in spread[start::4]]
    plain = _by_corners([_shrunk(picture, _CHESS_PX) for picture in sample[:_CHESS_PICTURES]])
    searched = 1 if plain and plain[0].pictures > 1 else _SEARCHED
    return _by_markers([_shrunk(p, _LONGEST_PX) for p in sample], named, searched) or plain


def goes_on(gray: UInt8[np.ndarray, "height width"], board: CharucoBoard) -> bool:
    """Whether markers beyond the board's own lie where its pattern would go on: then it is only
    the first rows of the board in the picture."""
    if board.back_next:
        return False
    look = _Look(_family(board.dictionary), 1, board.inverted, board.mirrored)
    seen = _markers(_shrunk(gray, _LONGEST_PX), look)
    more = seen.ids >= board.markers
    return bool(more.any()) and any(
        bool((fits & more).any()) and (fits & ~more).sum() >= _FEWEST
        for fits in (_fitting(_Grid(board.columns, True, old), seen) for old in (False, True))
    )


def _shrunk(gray: np.ndarray, longest_px: int) -> np.ndarray:
    shrink = min(1.0, longest_px / max(gray.shape))
    return gray if shrink == 1 else cv2.resize(
        gray, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA
    )  # fmt: skip


# -- boards with markers --------------------------------------------------------------------------


@cache
def _detector(family: str, border: int) -> Any:
    wanted = cv2.aruco.DetectorParameters()
    wanted.markerBorderBits = border
    wanted.minMarkerPerimeterRate = 0.015
    return cv2.aruco.ArucoDetector(dictionary(family), wanted)


def _markers(gray: np.ndarray, look: _Look) -> Seen:
    """The markers as they would be without the print being inverted or mirrored."""
    picture = cv2.bitwise_not(gray) if look.inverted else gray
    picture = np.ascontiguousarray(picture[:, ::-1]) if look.mirrored else picture
    corners, ids, _ = _detector(look.family, look.border).detectMarkers(picture)
    if ids is None or not len(ids):
        return Seen.none()
    found, counts = np.unique(ids, return_counts=True)
    once = np.isin(ids.ravel(), found[counts == 1])
    return Seen(np.concatenate(corners)[once], ids.ravel()[once].astype(np.int64))


def _by_markers(
    pictures: Sequence[np.ndarray], named: str, searched: int
) -> tuple[Suggestion, ...]:
    """Every way to look is tried on as many pictures as are to be ``searched``, slow as it is;
    those that show markers there are tried on all."""
    looks = [_Look("DICT_APRILTAG_36H11", 2, False, False)]
    looks += [_Look(f, 1, i, m) for f, i, m in product(_FAMILIES, (False, True), (False, True))]
    score: Counter[_Look] = Counter()
    seen: dict[_Look, list[Seen]] = defaultdict(list)
    for number, picture in enumerate(pictures):
        for look in list(score) or (looks if number < searched else ()):
            markers = _markers(picture, look)
            if len(markers) >= _FEWEST:
                seen[look].append(markers)
                score[look] += len(markers)
            if len(markers) >= _CERTAIN:
                break
    made = [_arranged(look, seen[look], named) for look, _ in score.most_common(4)]
    known = [_confirmed(suggestions, pictures) for suggestions in made if suggestions]
    once = {suggestion.spec: suggestion for suggestion in reversed(known)}
    if once:
        return tuple(reversed(once.values()))
    return tuple(_loose(look, seen[look], named) for look, _ in score.most_common(1))


def _confirmed(suggestions: Sequence[Suggestion], pictures: Sequence[np.ndarray]) -> Suggestion:
    """The one found in the most pictures, of those the one with the most corners; of equals the
    smallest, which comes first."""
    if len(suggestions) == 1:
        return suggestions[0]

    def found(suggestion: Suggestion) -> tuple[int, int]:
        board = parse_board(suggestion.spec.replace("SIZE", "100mm"))
        shown = [len(one) for one in map(board.find, pictures) if one is not None]
        return len(shown), sum(shown)

    return max(suggestions, key=found)


def _loose(look: _Look, seen: Sequence[Seen], named: str) -> Suggestion:
    """Markers whose arrangement does not show."""
    last = max(int(one.ids.max()) for one in seen)
    name = _dictionary(look.family, last, named)
    kinds = ", inverted" * look.inverted + ", mirrored" * look.mirrored
    return Suggestion(
        f"markers of {name}{kinds}, ids up to {last}, in no arrangement that can be told",
        f"charuco:COLUMNSxROWS:SIZE:{name}" + ":inverted" * look.inverted, len(seen),
    )  # fmt: skip


@dataclass(frozen=True)
class _Grid:
    """Where the ids lie: columns of squares or tags; ``checked`` if only on every second square
    (the first one light if ``legacy``)."""

    columns: int
    checked: bool
    legacy: bool

    def places(self, ids: np.ndarray) -> np.ndarray:
        """Columns and rows of the squares that carry these markers."""
        if not self.checked:
            return np.stack([ids % self.columns, ids // self.columns], -1)
        rows = 2 * int(ids.max()) // self.columns + 2
        y, x = np.mgrid[:rows, : self.columns]
        light = (x + y) % 2 == (0 if self.legacy else 1)
        return np.stack([x[light], y[light]], -1)[ids]


def _arranged(look: _Look, seen: Sequence[Seen], named: str) -> tuple[Suggestion, ...]:
    """The arrangement that the markers fit best, ending with the last row that each picture
    shows, the smallest first; strays that fit nowhere do not count."""
    best = max(seen, key=len)
    grids = [
        _Grid(columns, checked, legacy)
        for columns in range(2, 25)
        for checked, legacy in ((True, False), (True, True), (False, False))
    ]
    fits = {grid: _fitting(grid, best) for grid in grids}
    grid = max(grids, key=lambda one: int(fits[one].sum()))
    own = Seen(best.corners[fits[grid]], best.ids[fits[grid]])
    if len(own) < max(_FEWEST_PLACED, 0.7 * len(best)):
        return ()
    ratio = _ratio(grid.places(own.ids), own.corners)
    if ratio > 0.95:
        return ()
    ends = sorted({int(one.ids[_fitting(grid, one)].max(initial=0)) for one in seen})
    if grid.checked:
        tops = {_rows(grid.columns, end): end for end in ends if end}
        share = _common(ratio, _RATIOS)
        return tuple(_charuco(look, grid, end, len(seen), share, named) for end in tops.values())
    if look.family != "DICT_APRILTAG_36H11":
        return ()
    rows = ends[-1] // grid.columns + 1
    spacing = _common(1 / ratio - 1, _SPACINGS, 0.1)
    words = [f"aprilgrid:{grid.columns}x{rows}:SIZE"]
    words += [f"spacing={spacing:.2g}"] * (spacing != 0.3) + ["border=1"] * (look.border == 1)
    return (Suggestion(
        f"an AprilGrid of {grid.columns} x {rows} tags, {spacing:.2g} of a tag apart",
        ":".join(words), len(seen), ratio,
    ),)  # fmt: skip


def _fitting(grid: _Grid, seen: Seen) -> np.ndarray:
    """Which markers lie where the arrangement puts them."""
    places = grid.places(seen.ids).astype(np.float64)
    none = np.zeros(len(seen), bool)
    if len(seen) < _FEWEST_PLACED or np.linalg.matrix_rank(places - places.mean(0)) < 2:
        return none
    side = float(np.linalg.norm(np.diff(seen.corners, axis=1), axis=-1).mean())
    centres = seen.corners.mean(1).astype(np.float64)
    found: Any
    found, fits = cv2.findHomography(places, centres, cv2.RANSAC, _FITS * side)
    return none if found is None else fits.ravel().astype(bool)


def _rows(columns: int, last: int) -> int:
    """The fewest rows of squares that carry the marker ``last``."""
    return next(rows for rows in range(2, 1002) if columns * rows // 2 > last)


def _charuco(
    look: _Look, grid: _Grid, last: int, pictures: int, ratio: float, named: str
) -> Suggestion:
    name, rows = _dictionary(look.family, last, named), _rows(grid.columns, last)
    old = grid.legacy and rows % 2 == 0
    kinds = ["inverted"] * look.inverted + ["mirrored"] * look.mirrored + ["old layout"] * old
    words = [f"charuco:{grid.columns}x{rows}:SIZE:{name}"]
    words += [f"marker={ratio:.2g}"] * (ratio != 0.75) + ["inverted"] * look.inverted
    text = [f"a ChArUco board of {name}", f"{grid.columns} x {rows} squares", *kinds]
    return Suggestion(
        f"{', '.join(text)}, markers {ratio:.2g} of a square", ":".join(words), pictures, ratio
    )


def _common(measured: float, usual: Sequence[float], within: float = 0.06) -> float:
    """The usual value that a rough measurement means, or the measurement itself."""
    nearest = min(usual, key=lambda one: abs(one - measured))
    return nearest if abs(nearest - measured) < within else round(measured, 2)


def _family(name: str) -> str:
    """The dictionary that holds all that a dictionary of its family holds."""
    return next((whole for whole in _FAMILIES if whole == f"{name[:8]}_1000"), name)


def _dictionary(family: str, last: int, named: str) -> str:
    """The named dictionary if it is of the family and has the id, or the smallest that does."""
    if not family.endswith("_1000"):
        return family
    held = [
        name for name in DICTIONARIES
        if name.startswith(family[:8]) and int(name.rsplit("_", 1)[1]) > last
    ]  # fmt: skip
    return named if named in held else held[0]


def _ratio(places: np.ndarray, corners: np.ndarray) -> float:
    """A marker's side as a share of the squares' distance."""
    found = cv2.findHomography(corners.mean(1).astype(np.float64), places.astype(np.float64), 0)[0]
    flat = cv2.perspectiveTransform(corners.reshape(-1, 1, 2).astype(np.float64), found)
    quads = flat.reshape(-1, 4, 2)
    return float(np.median(np.linalg.norm(quads - np.roll(quads, 1, axis=1), axis=-1)))


# -- chessboards ----------------------------------------------------------------------------------


def _by_corners(pictures: Sequence[np.ndarray]) -> tuple[Suggestion, ...]:
    sizes: Counter[tuple[int, int]] = Counter()
    for picture in pictures:
        size = _chessboard(picture)
        if size is not None:
            sizes[size] += 1
        if sizes and max(sizes.values()) > 2:
            break
    return tuple(
        Suggestion(
            f"a chessboard of {columns} x {rows} inner corners",
            f"chessboard:{columns}x{rows}:SIZE", count,
        )
        for (columns, rows), count in sizes.most_common(3)
    )  # fmt: skip


def _chessboard(gray: np.ndarray) -> tuple[int, int] | None:
    """Columns and rows of the inner corners, the larger number first."""
    flags = cv2.CALIB_CB_LARGER | cv2.CALIB_CB_NORMALIZE_IMAGE
    found, xy, meta = cv2.findChessboardCornersSBWithMeta(gray, (3, 3), flags)
    if not found:
        return None
    rows, columns = meta.shape[:2]
    grid = xy.reshape(rows, columns, 2).astype(np.float64)
    if crossing(gray, grid).mean() < 0.85:
        return None
    return max(columns, rows), min(columns, rows)
