"""Bodies, hands and faces in a picture of any size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from jaxtyping import UInt8
from safetensors import SafetensorError, safe_open

from studio.core.card import find_card
from studio.perception.crops import Crop
from studio.perception.dope.kinds import ELBOWS, HEAD, KINDS, SHOULDERS, WRISTS, in_order
from studio.perception.dope.looks import Parts, apart, between, joined, mirrored
from studio.perception.dope.network import DopeNetwork
from studio.perception.dope.ppi import Part, parts_in
from studio.perception.own import placed, quick_type, unpack
from studio.perception.trunk import fused

_CLOSE_PX = 96
_SMALL_PX = 40.0
_SECOND = {"hand": 4, "face": 3}
_NEARER = 0.6
_BODY_PX, _BODY_ROOM, _BODY_SECOND = 224, 1.5, {"body": 6}
_BODY_SMALL_PX = 8.0, 140.0
_ALIKE, _ALMOST = 0.25, 0.15
"""How far apart points of two looks at a body may be, in parts of its size: where as much of them
is in view, and where not."""
_CLOSE_ENOUGH, _AGREE, _AS_BEFORE, _FIRST = 0.3, 0.5, 0.3, 0.3
"""How sure closer looks must be of what was not seen before; how far apart, in parts of the size,
they may be of each other, and of the first look; how much of the face the first look tells then."""


@dataclass(frozen=True)
class Mode:
    """How to look: the longer sides that pictures are brought to, how many boxes of each kind are
    looked into, whether what is small is looked at closer, and all in the mirror too."""

    sides_px: tuple[int, ...]
    proposed: Mapping[str, int]
    closer: bool
    mirrored: bool


MODES: Mapping[str, Mode] = {
    "fast": Mode((224,), {"body": 6, "hand": 8, "face": 6}, False, False),
    "balanced": Mode((288,), {"body": 10, "hand": 14, "face": 10}, True, True),
    "thorough": Mode((288, 400), {"body": 14, "hand": 22, "face": 14}, True, True),
}
"""The modes by name. Pictures are as small as those that were learned from; the larger side of
``thorough`` is the seed's 400 px, with its 50 boxes."""
ModeName = Literal["fast", "balanced", "thorough"]


def kinds_of(weights: Path) -> tuple[str, ...]:
    """The kinds that a file of weights has heads for: ours, if it cannot be read."""
    try:
        with safe_open(weights, "pt") as file:
            keys = list(file.keys())
    except (OSError, SafetensorError):
        return tuple(KINDS)
    names = {key.split(".")[1] for key in keys if key.startswith("branches.")}
    return tuple(sorted(names)) or tuple(KINDS)


class PoseFinder:
    """Finds the parts of all people in a picture. For one thread at a time."""

    def __init__(
        self, network: DopeNetwork, device: str = "cpu", mode: str = "balanced",
        mirror: bool = True,
    ) -> None:  # fmt: skip
        """Without ``mirror`` no mode looks into it: there is no time live."""
        self.mode = MODES[mode] if mirror else replace(MODES[mode], mirrored=False)
        self._device, self._type = device, quick_type(device)
        moved = placed(network, device, self._type)
        assert isinstance(moved, DopeNetwork)
        self._network = moved

    @classmethod
    def load(
        cls, weights: Path | None = None, device: str = "cpu", mode: str = "balanced",
        mirror: bool = True,
    ) -> PoseFinder:  # fmt: skip
        """From published weights: those of Doppel or of the user, or a file.

        Raises StudioError if there are none.
        """
        path = weights or find_card("dope").weights
        network = fused(unpack(DopeNetwork(in_order(kinds_of(path))), path))
        assert isinstance(network, DopeNetwork)
        return cls(network, device, mode, mirror)

    def find(self, rgb: UInt8[np.ndarray, "height width 3"]) -> Parts:
        """The parts of each kind, the surest first, in pixels of the picture."""
        looks = [look for side in self.mode.sides_px for look in self._whole(rgb, side)]
        parts = joined(looks) if len(looks) > 1 else looks[0]
        if not self.mode.closer:
            return parts
        scale = self.mode.sides_px[0] / max(rgb.shape[:2])
        if "body" in parts:
            parts["body"] = self._nearer(rgb, parts["body"], scale)
        return self._closer(rgb, parts, scale)

    def _whole(self, rgb: np.ndarray, side_px: int) -> list[Parts]:
        """What looks at the whole picture, its longer side ``side_px``, show in its pixels."""
        height, width = rgb.shape[:2]
        scale = side_px / max(height, width)
        small = rgb
        if scale != 1:
            how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=how)
        rows, columns = small.shape[:2]
        canvas = np.full((-(-rows // 32) * 32, -(-columns // 32) * 32, 3), 128, np.uint8)
        canvas[:rows, :columns] = small
        pictures = [canvas]
        if self.mode.mirrored:
            pictures.append(np.full_like(canvas, 128))
            pictures[1][:rows, :columns] = small[:, ::-1]
        found = self._run(np.stack(pictures), self.mode.proposed)
        looks = [found[0], *(mirrored(other, columns) for other in found[1:])]
        scales = np.array([columns / width, rows / height])
        return [
            {name: [part.moved(lambda xy: (xy + 0.5) / scales - 0.5) for part in told]
             for name, told in look.items()}
            for look in looks
        ]  # fmt: skip

    def _nearer(self, rgb: np.ndarray, bodies: Sequence[Part], scale: float) -> list[Part]:
        """The bodies, small ones halfway to what a second look, in which they are larger, tells of
        them: both err each in their own way."""
        least, most = _BODY_SMALL_PX
        small = [body for body in bodies if least < body.size_px * scale < most]
        if not small:
            return list(bodies)
        crops = [
            Crop.around(body.box_px.reshape(2, 2).mean(0), _BODY_ROOM * body.size_px,
                        side_px=_BODY_PX)
            for body in small
        ]  # fmt: skip
        looks = self._run(np.stack([crop.cut(rgb) for crop in crops]), _BODY_SECOND)
        again = {
            id(body): _between(body, [part.moved(crop.back) for part in look["body"]])
            for body, crop, look in zip(small, crops, looks, strict=True)
        }
        return [again.get(id(body), body) for body in bodies]

    def _closer(self, rgb: np.ndarray, parts: Parts, scale: float) -> Parts:
        """The parts with closer looks at bodies' faces that are small or missing, and at hands that
        are missing: hands that were seen are known worse from closer."""
        places: list[_Place] = []
        for body in parts.get("body", []):
            for place in _squares(body):
                if place.kind not in parts or place.side * scale < 6:
                    continue
                there = [part for part in parts[place.kind] if place.away(part) < 0.5]
                small = all(p.size_px * scale < _SMALL_PX for p in there)
                if small if place.kind == "face" else not there:
                    places.append(place)
        if not places:
            return parts
        crops = [Crop.around(place.centre, place.side, side_px=_CLOSE_PX) for place in places]
        cut = np.stack([crop.cut(rgb) for crop in crops])
        looks = [self._run(cut, _SECOND)]
        if self.mode.mirrored:
            found = self._run(np.ascontiguousarray(cut[:, :, ::-1]), _SECOND)
            looks.append([mirrored(look, _CLOSE_PX) for look in found])
        out = {name: list(told) for name, told in parts.items()}
        for place, crop, *seen in zip(places, crops, *looks, strict=True):
            best = [place.best([p.moved(crop.back) for p in look[place.kind]]) for look in seen]
            _add(out[place.kind], best, place.kind)
        return out

    @torch.inference_mode()
    def _run(self, rgb: np.ndarray, proposed: Mapping[str, int]) -> list[Parts]:
        given = torch.from_numpy(rgb).to(self._device).permute(0, 3, 1, 2).float() / 255
        given = given.to(self._type).contiguous(memory_format=torch.channels_last)
        counts = {name: proposed.get(name, 1) for name in self._network.kinds}
        found = self._network(given, counts)
        return [parts_in(self._network, found, k) for k in range(len(rgb))]


def _between(body: Part, others: Sequence[Part]) -> Part:
    """A body halfway to whichever of others is the same person's; itself where none is."""
    best, most = body, -np.inf
    for other in others:
        off = apart(body, other)
        alike = off < (_ALIKE if other.family == body.family else _ALMOST)
        if alike and other.score - off > most:
            best, most = other, other.score - off
    return replace(between(body, best), score=max(body.score, best.score))


def _add(there: list[Part], looks: Sequence[Part | None], kind: str) -> None:
    """Add to the parts of a kind what closer looks at a place show, each one part or none. What no
    look had shown before must be seen by all of them."""
    seen = [part for part in looks if part is not None]
    if not seen:
        return
    best, agreed = seen[0], len(seen) == len(looks)
    for other in seen[1:]:
        if apart(best, other) < _AGREE:
            best = between(best, other)
        else:
            agreed = False
    near = [part for part in there if _same(part, best)]
    sure = sum(part.score for part in seen) / len(looks)
    if kind == "hand" if near else not agreed or sure < _CLOSE_ENOUGH:
        return
    if near:
        before = min(near, key=lambda part: apart(best, part))
        if apart(best, before) < _AS_BEFORE:
            best = between(best, before, _FIRST)
    there[:] = [part for part in there if not any(part is other for other in near)]
    there.append(replace(best, score=max([part.score for part in near] + [sure])))


def _same(a: Part, b: Part) -> bool:
    """Whether two parts of a kind lie in the same place."""
    apart = float(np.linalg.norm(a.xy_px.mean(0) - b.xy_px.mean(0)))
    return apart < _NEARER * max(a.size_px, b.size_px)


@dataclass(frozen=True, eq=False)
class _Place:
    """A square (middle and side, px) in which a body's hand (``family`` 1 right, 0 left) or face
    should be."""

    kind: str
    family: int
    centre: np.ndarray
    side: float

    def away(self, part: Part) -> float:
        """How far a part is from the middle, in sides."""
        return float(np.linalg.norm(part.xy_px.mean(0) - self.centre)) / self.side

    def best(self, found: Sequence[Part]) -> Part | None:
        """Whichever part is likeliest the one that should be here."""
        best, most = None, -np.inf
        for part in found:
            away = self.away(part)
            fits = self.kind == "face" or part.family == self.family
            worth = part.score * (1.0 if fits else 0.5) - away
            if away < 0.5 and worth > most:
                best, most = replace(part, family=self.family), worth
        return best


def _squares(body: Part) -> Sequence[_Place]:
    """Where a body's hands, whose wrists are seen, and face are."""
    xy = body.xy_px
    torso = float(np.linalg.norm(xy[list(SHOULDERS)].mean(0) - xy[HEAD])) * 1.4
    out: list[_Place] = []
    for place, family in ((0, 1), (1, 0)):
        wrist, elbow = xy[WRISTS[place]], xy[ELBOWS[place]]
        if body.seen[WRISTS[place]] < 0.3:
            continue
        forearm = float(np.linalg.norm(wrist - elbow))
        side = max(1.5 * forearm, 1.2 * torso)
        out.append(_Place("hand", family, wrist + 0.3 * (wrist - elbow), side))
    out.append(_Place("face", 0, xy[HEAD], max(1.6 * torso, 1.0)))
    return out
