"""Tests that several cameras fail alike, told once: “cameras 1–4, 10–15 %”."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from studio.document.trust import GateMark

_NUMBER = re.compile(r"(?<![\w.:+±-])(?<!camera )(?<!cameras )\d+(?:\.\d+)?(?![\w:])(?!\.\d)")
_CAMERA = "\0"
_AGREES = {"has": "have", "is": "are", "was": "were", "sees": "see", "stands": "stand"}


@dataclass(frozen=True)
class Gathered:
    """One entry of a list of tests: ``mark`` is what to say, ``each`` the tests behind it."""

    mark: GateMark
    each: tuple[GateMark, ...]

    @property
    def details(self) -> tuple[str, ...]:
        """What each camera showed, where several are told as one; else nothing."""
        return tuple(gate.text for gate in self.each) if len(self.each) > 1 else ()


def gathered(gates: Iterable[GateMark]) -> tuple[Gathered, ...]:
    """Gates of one id and verdict whose words differ only in the camera and in figures become one.

    It names all of their cameras and the ranges of the figures, and stands where the first stood.
    """
    groups: dict[tuple[object, ...], list[GateMark]] = {}
    for number, gate in enumerate(gates):
        said = _said(gate)
        words = (_pattern(gate.text, said), _pattern(gate.remedy, said)) if said else number
        groups.setdefault((gate.id, gate.verdict, gate.title, words), []).append(gate)
    return tuple(_one(tuple(group)) for group in groups.values())


def _one(group: tuple[GateMark, ...]) -> Gathered:
    first = group[0]
    if len(group) == 1:
        return Gathered(first, group)
    said = [_said(gate) for gate in group]
    text = _merged([gate.text for gate in group], said)
    remedy = _merged([gate.remedy for gate in group], said)
    update = {"text": text, "remedy": remedy, "camera": ""}
    return Gathered(first.model_copy(update=update), group)


def _said(gate: GateMark) -> str:
    """The gate's camera as its text speaks of it: by its number or by its name; empty if not."""
    number = re.search(r"\d+$", gate.camera)
    spoken = [gate.camera, *([str(int(number[0]))] if number else [])]
    return next((say for say in spoken if say and _own(say).search(gate.text)), "")


def _own(said: str) -> re.Pattern[str]:
    return re.compile(rf"\b([Cc])amera {re.escape(said)}(?!\w)")


def _pattern(text: str, said: str) -> str:
    return _NUMBER.sub("#", _own(said).sub(rf"\1{_CAMERA}", text))


def _merged(texts: Sequence[str], said: Sequence[str]) -> str:
    """Sentences of one pattern as one, of all these cameras, each figure as its range."""
    named = [_own(say).sub(rf"\1{_CAMERA}", text) for text, say in zip(texts, said, strict=True)]
    figures = zip(*(_NUMBER.findall(text) for text in named), strict=True)
    ranges = iter([_range(values) for values in figures])
    told = _NUMBER.sub(lambda _: next(ranges), named[0])
    told = re.sub(
        rf"(^C|\. C|\bor c){_CAMERA} ({'|'.join(_AGREES)})\b",
        lambda m: f"{m[1]}{_CAMERA} {_AGREES[m[2]]}", told,
    )  # fmt: skip
    return told.replace(_CAMERA, f"ameras {_listed(said)}")


def _range(values: Sequence[str]) -> str:
    low, high = min(values, key=float), max(values, key=float)
    return low if float(low) == float(high) else f"{low}–{high}"


def _listed(said: Sequence[str]) -> str:
    """“1–4” for a run of numbers, else “1, 3 and 4”."""
    if all(say.isdecimal() for say in said):
        numbers = sorted(int(say) for say in said)
        if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
            return f"{numbers[0]}–{numbers[-1]}"
        said = [str(number) for number in numbers]
    return f"{', '.join(said[:-1])} and {said[-1]}"
