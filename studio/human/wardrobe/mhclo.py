"""MakeHuman's ``.mhclo``: how a mesh is bound to the base mesh, and what it hides.

Source: the format of MakeHuman 1.x and MPFB 2 (proxy files). Offsets are along MakeHuman's axes
(Y up, facing +Z), and are multiplied by the scales; ``x_scale a b d`` says that the scale is the
distance of base vertices a and b along x, in decimetres, over d.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from studio.core import frames
from studio.core.errors import StudioError
from studio.human.wardrobe.asset import BASE_VERTICES, Asset, Binding, Scale

_AGAIN = "Fetch the asset again, or export it again from MakeClothes or MPFB."
_AXES = ("x_scale", "z_scale", "y_scale")
"""The scales of the world's x, y and z, by MakeHuman's names."""


@dataclass(frozen=True, eq=False)
class Proxy:
    """A ``.mhclo`` file: its header by keyword, comments, tags, binding and deleted vertices."""

    header: Mapping[str, str]
    binding: Binding
    deletes: np.ndarray
    tags: tuple[str, ...] = ()
    comments: str = ""
    inline: Mapping[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)


def read_mhclo(text: str, name: str) -> Proxy:
    """Read the text of an ``.mhclo`` file. Raises StudioError if it is damaged or for another base.

    Keywords may follow ``verts``, before its numbers. ``inline`` are the skin weights of older
    files: bone names to (vertex, weight) pairs.
    """
    header: dict[str, str] = {}
    tags: list[str] = []
    comments: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    deleted: list[str] = []
    inline: dict[str, list[tuple[int, float]]] = {}
    section, bone = "", ""
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        if words[0].startswith(("#", "//")):
            comments.append(line.lstrip("#/ ").rstrip())
            continue
        key, rest = words[0].lower(), " ".join(words[1:])
        try:
            if key in ("verts", "delete_verts", "weights"):
                section = key
                if key == "weights":
                    bone = rest
                    inline[bone] = []
            elif section == "verts" and _number(words[0]):
                rows.append((number, words))
            elif section == "weights" and _number(words[0]):
                inline[bone].append((int(words[0]), float(words[1])))
            elif section == "delete_verts" and _number(words[0]):
                deleted += words
            elif _number(words[0]):
                raise ValueError("numbers before “verts”")
            elif key == "tag":
                tags.append(rest)
            else:
                header[key] = rest
        except (ValueError, IndexError) as error:
            raise StudioError(
                f"Line {number} of “{name}” cannot be read ({error}).", _AGAIN
            ) from error
    base = header.get("basemesh", "hm08").lower()
    if base not in ("hm08", "hm07"):
        raise StudioError(
            f"“{name}” is made for the base mesh “{base}”.",
            "Doppel's people have MakeHuman's base mesh hm08: look for a version for it.",
        )
    if not rows:
        raise StudioError(f"“{name}” binds no vertices; it may be cut short.", _AGAIN)
    bound = _binding(rows, name)
    offsets = frames.points_to_world(bound[:, 6:], "y", "dm")
    binding = Binding(bound[:, :3].astype(np.int64), bound[:, 3:6], offsets, _scales(header, name))
    _check(binding.base, name)
    deletes = _ranges(deleted, name)
    _check(deletes, name)
    return Proxy(
        header,
        binding,
        deletes,
        tuple(tags),
        "\n".join(comments),
        {bone: tuple(pairs) for bone, pairs in inline.items()},
    )


def _number(word: str) -> bool:
    return word.lstrip("-").isdigit()


def _binding(rows: list[tuple[int, list[str]]], name: str) -> np.ndarray:
    """Three vertices, three shares and an offset (3) of each line. Raises StudioError."""
    if all(len(words) == 9 for _, words in rows):
        try:
            ids = np.array([words[:3] for _, words in rows], np.int64)
            rest = np.array([words[3:] for _, words in rows], np.float64)
        except ValueError:
            pass  # which line it is, is found below
        else:
            if np.isfinite(rest).all():
                return np.hstack([ids, rest])
    found: list[list[float]] = []
    for number, words in rows:
        try:
            found.append(_bound(words))
        except ValueError as error:
            raise StudioError(
                f"Line {number} of “{name}” cannot be read ({error}).", _AGAIN
            ) from error
    return np.array(found)


def _bound(words: list[str]) -> list[float]:
    if len(words) == 1:
        vertex = int(words[0])
        return [*[float(vertex)] * 3, 1.0, *[0.0] * 5]
    if len(words) not in (6, 9):
        raise ValueError(f"{len(words)} numbers where there should be 1, 6 or 9")
    values = [*(float(int(word)) for word in words[:3]), *(float(word) for word in words[3:])]
    if not np.isfinite(values).all():
        raise ValueError("a number that is none")
    return values if len(values) == 9 else [*values, 0.0, 0.0, 0.0]


def _scales(
    header: Mapping[str, str], name: str
) -> tuple[Scale | None, Scale | None, Scale | None]:
    found: list[Scale | None] = []
    for key in _AXES:
        if key not in header:
            found.append(None)
            continue
        try:
            first, second, reference = header[key].split()[:3]
            scale = Scale(int(first), int(second), float(reference) * frames.to_metres("dm"))
        except ValueError as error:
            raise StudioError(f"The line {key} of “{name}” cannot be read.", _AGAIN) from error
        _check(np.array([scale.first, scale.second]), name)
        if not scale.reference_m > 0:
            raise StudioError(f"The line {key} of “{name}” has the distance 0.", _AGAIN)
        found.append(scale)
    return found[0], found[1], found[2]


def _check(vertices: np.ndarray, name: str) -> None:
    wrong = vertices[(vertices < 0) | (vertices >= BASE_VERTICES)]
    if wrong.size:
        raise StudioError(
            f"“{name}” speaks of vertex {wrong.flat[0]} of the base mesh, which has "
            f"{BASE_VERTICES}.",
            _AGAIN,
        )


def _ranges(words: list[str], name: str) -> np.ndarray:
    """``3 - 5 9`` as 3, 4, 5, 9."""
    found: list[np.ndarray] = []
    k = 0
    try:
        while k < len(words):
            first = last = int(words[k])
            k += 1
            if k < len(words) and words[k] == "-":
                last = int(words[k + 1])
                k += 2
            if not 0 <= first <= last < BASE_VERTICES:
                raise ValueError(f"{first} - {last}")
            found.append(np.arange(first, last + 1))
    except (ValueError, IndexError) as error:
        raise StudioError(
            f"The deleted vertices of “{name}” cannot be read ({error}).", _AGAIN
        ) from error
    return np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)


def write_mhclo(asset: Asset, files: Mapping[str, str], comments: str = "") -> str:
    """The text of an ``.mhclo`` file. ``files`` names the others: keyword to file name.

    Raises ValueError for an asset that is not bound to the base mesh.
    """
    if asset.binding is None:
        raise ValueError("an asset without a binding has no .mhclo")
    lines = [f"# {line}" for line in comments.splitlines()]
    lines += [f"uuid {asset.uuid}"] if asset.uuid else []
    lines += ["basemesh hm08", *(f"tag {tag}" for tag in asset.tags), "", f"name {asset.name}"]
    lines += [f"{key} {name}" for key, name in files.items()]
    for key, scale in sorted(zip(_AXES, asset.binding.scales, strict=True)):
        if scale is not None:
            reference = scale.reference_m / frames.to_metres("dm")
            lines.append(f"{key} {scale.first} {scale.second} {reference:.5f}")
    lines.append(f"z_depth {asset.z_depth}")
    lines += [f"max_pole {asset.max_pole}"] if asset.max_pole is not None else []
    lines.append("verts 0")
    offsets = frames.points_from_world(asset.binding.offsets_m, "y", "dm")
    rows = zip(asset.binding.base, asset.binding.shares, offsets, strict=True)
    for base, shares, offset in rows:
        if shares[0] == 1 and not offset.any():
            lines.append(f"{base[0]:5d}")
        else:
            words = [*map(str, base), *(f"{value:.4f}" for value in shares)]
            lines.append(" ".join([*words, *(f"{value:.3f}" for value in offset)]))
    if len(asset.deletes):
        lines += ["", "delete_verts", *_as_ranges(asset.deletes)]
    return "\n".join(lines) + "\n"


def _as_ranges(vertices: np.ndarray) -> list[str]:
    breaks = np.flatnonzero(np.diff(vertices) > 1) + 1
    runs = np.split(vertices, breaks)
    words = [f"{run[0]} - {run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs]
    return [" ".join(words[k : k + 12]) for k in range(0, len(words), 12)]
