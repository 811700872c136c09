"""Boards by name: ``charuco:4x5:54mm:DICT_4X4_1000:inverted`` and its like."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from studio.core.errors import StudioError
from studio.perception.boards.aprilgrid import AprilGrid
from studio.perception.boards.board import Board
from studio.perception.boards.charuco import CharucoBoard
from studio.perception.boards.chessboard import Chessboard
from studio.perception.boards.lengths import parse_length
from studio.perception.boards.marker_set import read_marker_set

EXAMPLES: dict[str, str] = {
    "charuco": "charuco:4x5:54mm:DICT_4X4_1000",
    "chessboard": "chessboard:9x6:25mm (inner corners)",
    "aprilgrid": "aprilgrid:6x6:88mm",
    "aruco": "aruco:markers.toml",
}


def parse_board(spec: str) -> Board:
    """The board that ``spec`` names.

    ``charuco:COLUMNSxROWS:SQUARE:DICTIONARY`` (squares) with any of ``marker=SHARE or LENGTH``,
    ``inverted``, ``mirrored``, ``legacy`` or ``new``, ``two-sided=THICKNESS``, ``back=next``;
    ``chessboard:COLUMNSxROWS:SQUARE`` (inner corners); ``aprilgrid:COLUMNSxROWS:TAG`` with
    ``spacing=0.3``, ``border=2``, ``first=0``; ``aruco:FILE`` (see :func:`read_marker_set`).
    Raises StudioError that says which word is wrong, with an example.
    """
    words = _Words(spec)
    kind = words.kind
    if kind not in _KINDS:
        raise StudioError(
            f"“{kind}” is not a kind of board." if kind else "No board was named.",
            f"Write {' or '.join(EXAMPLES.values())}.",
        )
    return _KINDS[kind](words)


class _Words:
    """A spec taken apart: its kind, the words in order, the flags and the settings."""

    def __init__(self, spec: str) -> None:
        kind, _, self.rest = spec.strip().partition(":")
        self.kind = kind.strip().lower()
        parts = [part.strip() for part in self.rest.split(":") if part.strip()]
        self.plain = [part for part in parts if "=" not in part]
        pairs = (part.partition("=") for part in parts if "=" in part)
        self.settings = {key.strip().lower(): value.strip() for key, _, value in pairs}
        self._unit = ""

    @property
    def example(self) -> str:
        return f"Write it like {EXAMPLES[self.kind]}."

    def counts(self, what: str) -> tuple[int, int]:
        """Columns and rows, the first word."""
        match = re.fullmatch(r"(\d+)\s*[xX×*]\s*(\d+)", self.plain[0]) if self.plain else None
        if match is None:
            said = f"“{self.plain[0]}”" if self.plain else "nothing"
            raise StudioError(f"The board's {what} are not given: {said}.", self.example)
        del self.plain[0]
        return int(match[1]), int(match[2])

    def length(self, text: str, what: str) -> float:
        """A length in metres; all lengths of a board are in one unit."""
        metres, unit = parse_length(text, what)
        if self._unit and unit != self._unit:
            raise StudioError(
                f"{what} “{text}” is in {unit}, the length before it in {self._unit}.",
                f"Write both in {self._unit}.",
            )
        self._unit = unit
        return metres

    def side(self, what: str) -> float:
        """The next word, a length."""
        if not self.plain:
            raise StudioError(f"{what} is missing.", self.example)
        return self.length(self.plain.pop(0), what)

    def flag(self, word: str) -> bool:
        """Whether the word is there."""
        for part in self.plain:
            if part.lower() == word:
                self.plain.remove(part)
                return True
        return False

    def setting(self, key: str) -> str | None:
        return self.settings.pop(key, None)

    def number(self, key: str, otherwise: float) -> float:
        text = self.setting(key)
        try:
            return otherwise if text is None else float(text)
        except ValueError:
            raise StudioError(f"“{key}={text}” is not a number.", self.example) from None

    def end(self) -> None:
        """Raises StudioError if a word was not understood."""
        left = self.plain + [f"{key}={value}" for key, value in self.settings.items()]
        if left:
            raise StudioError(
                f"“{left[0]}” is not understood in {self.kind}:{self.rest}.", self.example
            )


def _charuco(words: _Words) -> Board:
    columns, rows = words.counts("squares across and down")
    square_m = words.side("The square's side")
    inverted, mirrored = words.flag("inverted"), words.flag("mirrored")
    legacy, new = words.flag("legacy"), words.flag("new")
    marker, thickness = words.setting("marker"), words.setting("two-sided")
    behind = words.setting("back")
    names = [word.upper() for word in words.plain if word.upper().startswith("DICT_")]
    if not names:
        raise StudioError("The board's dictionary of markers is not given.", words.example)
    words.plain.remove(next(w for w in words.plain if w.upper() == names[0]))
    words.end()
    if legacy and new:
        raise StudioError("A board has the old layout or the new one.", "Leave both words out.")
    if behind not in (None, "next", "mirror") or (behind and thickness is None):
        raise StudioError(
            f"“back={behind}” is not understood.",
            "Write two-sided=5mm, and back=next if the back carries the next ids.",
        )
    return CharucoBoard(
        columns, rows, square_m, names[0],
        marker_m=0.0 if marker is None else _marker(words, marker, square_m),
        inverted=inverted, mirrored=mirrored, legacy=legacy if legacy or new else None,
        thickness_m=None if thickness is None else _thickness(words, thickness),
        back_next=behind == "next",
    )  # fmt: skip


def _marker(words: _Words, text: str, square_m: float) -> float:
    try:
        share = float(text)
    except ValueError:
        return words.length(text, "The marker's side")
    if not 0 < share < 1:
        return words.length(text, "The marker's side")
    return share * square_m


def _thickness(words: _Words, text: str) -> float:
    return 0.0 if re.fullmatch(r"0+(\.0*)?\s*[a-zA-Z]*", text) else words.length(
        text, "The board's thickness"
    )  # fmt: skip


def _chessboard(words: _Words) -> Board:
    columns, rows = words.counts("inner corners across and down")
    square_m = words.side("The square's side")
    words.end()
    return Chessboard(columns, rows, square_m)


def _aprilgrid(words: _Words) -> Board:
    columns, rows = words.counts("tags across and down")
    tag_m = words.side("The tag's side")
    spacing = words.number("spacing", 0.3)
    border, first = words.number("border", 2), words.number("first", 0)
    words.end()
    return AprilGrid(columns, rows, tag_m, spacing, int(border), int(first))


def _aruco(words: _Words) -> Board:
    if not words.rest.strip():
        raise StudioError("The file with the markers' places is missing.", words.example)
    return read_marker_set(Path(words.rest.strip()).expanduser())


_KINDS: dict[str, Callable[[_Words], Board]] = {
    "charuco": _charuco, "chessboard": _chessboard, "aprilgrid": _aprilgrid, "aruco": _aruco,
}  # fmt: skip


def scaled(board: Board, factor: float) -> Board:
    """The same board printed larger or smaller; a panel's thickness is not printed.

    Raises StudioError for a board that is not printed from a design.
    """
    if isinstance(board, CharucoBoard):
        return replace(board, square_m=board.square_m * factor, marker_m=board.marker_m * factor)
    if isinstance(board, Chessboard):
        return replace(board, square_m=board.square_m * factor)
    if isinstance(board, AprilGrid):
        return replace(board, tag_m=board.tag_m * factor)
    raise StudioError(f"{board.name} has no printed size.", "Measure its parts one by one.")
