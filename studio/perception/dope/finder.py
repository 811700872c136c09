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


@dataclass(frozen=True)
class Mode:
    """How to look: the longer side that pictures are brought to, how many boxes of each kind are
    looked into, and whether what is small gets a second look."""

    side_px: int
    proposed: Mapping[str, int]
    closer: bool


MODES: Mapping[str, Mode] = {
    "fast": Mode(224, {"body": 6, "hand": 8, "face": 6}, False),
    "balanced": Mode(288, {"body": 10, "hand": 14, "face": 10}, True),
    "thorough": Mode(400, {"body": 14, "hand": 22, "face": 14}, True),
}
"""The modes by name. Pictures are as small as those that were learned from; ``thorough`` is the
seed's 400 px and 50 boxes."""
ModeName = Literal["fast", "balanced", "thorough"]
Parts = dict[str, list[Part]]


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

    def __init__(self, network: DopeNetwork, device: str = "cpu", mode: str = "balanced") -> None:
        self.mode = MODES[mode]
        self._device, self._type = device, quick_type(device)
        moved = placed(network, device, self._type)
        assert isinstance(moved, DopeNetwork)
        self._network = moved

    @classmethod
    def load(
        cls, weights: Path | None = None, device: str = "cpu", mode: str = "balanced"
    ) -> PoseFinder:
        """From published weights: those of Doppel or of the user, or a file.

        Raises StudioError if there are none.
        """
        path = weights or find_card("dope").weights
        network = fused(unpack(DopeNetwork(in_order(kinds_of(path))), path))
        assert isinstance(network, DopeNetwork)
        return cls(network, device, mode)

    def find(self, rgb: UInt8[np.ndarray, "height width 3"]) -> Parts:
        """The parts of each kind, the surest first, in pixels of the picture."""
        height, width = rgb.shape[:2]
        scale = self.mode.side_px / max(height, width)
        small = rgb
        if scale != 1:
            how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=how)
        rows, columns = small.shape[:2]
        canvas = np.full((-(-rows // 32) * 32, -(-columns // 32) * 32, 3), 128, np.uint8)
        canvas[:rows, :columns] = small
        found = self._run(canvas[None], self.mode.proposed)[0]
        scales = np.array([columns / width, rows / height])
        parts = {
            name: [part.moved(lambda xy: (xy + 0.5) / scales - 0.5) for part in told]
            for name, told in found.items()
        }
        if not self.mode.closer:
            return parts
        if "body" in parts:
            parts["body"] = self._nearer(rgb, parts["body"], scale)
        return self._closer(rgb, parts, scale)

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
        """The parts with a second look at where hands and faces of bodies are small or missing."""
        places: list[tuple[str, int, np.ndarray, float]] = []
        for body in parts.get("body", []):
            for kind, family, centre, side in _squares(body):
                if kind not in parts or side * scale < 6:
                    continue
                there = [p for p in parts[kind]
                         if np.linalg.norm(p.xy_px.mean(0) - centre) < 0.5 * side]  # fmt: skip
                if all(p.size_px * scale < _SMALL_PX for p in there):
                    places.append((kind, family, centre, side))
        if not places:
            return parts
        crops = [Crop.around(centre, side, side_px=_CLOSE_PX) for _, _, centre, side in places]
        looks = self._run(np.stack([crop.cut(rgb) for crop in crops]), _SECOND)
        out = {name: list(told) for name, told in parts.items()}
        for (kind, family, centre, side), crop, found in zip(places, crops, looks, strict=True):
            best: Part | None = None
            for part in found[kind]:
                moved = part.moved(crop.back)
                away = float(np.linalg.norm(moved.xy_px.mean(0) - centre)) / side
                fits = kind == "face" or part.family == family
                worth = part.score * (1.0 if fits else 0.5) - away
                if away < 0.5 and (best is None or worth > best.score):
                    best = replace(moved, score=max(worth, 0.01),
                                   family=family if kind == "hand" else 0)  # fmt: skip
            if best is None:
                continue
            near = [p for p in out[kind] if _same(p, best)]
            score = max([part.score for part in near] + [best.score + 0.2])
            out[kind] = [p for p in out[kind] if not any(p is q for q in near)]
            out[kind].append(replace(best, score=min(score, 1.0)))
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
        apart = float(np.linalg.norm(other.xy_px - body.xy_px, axis=1).mean()) / body.size_px
        alike = apart < (_ALIKE if other.family == body.family else _ALMOST)
        if alike and other.score - apart > most:
            best, most = other, other.score - apart
    return replace(
        body, xy_px=(body.xy_px + best.xy_px) / 2, xyz_m=(body.xyz_m + best.xyz_m) / 2,
        seen=(body.seen + best.seen) / 2, score=max(body.score, best.score),
    )  # fmt: skip


def _same(a: Part, b: Part) -> bool:
    """Whether two parts of a kind lie in the same place."""
    apart = float(np.linalg.norm(a.xy_px.mean(0) - b.xy_px.mean(0)))
    return apart < _NEARER * max(a.size_px, b.size_px)


def _squares(body: Part) -> Sequence[tuple[str, int, np.ndarray, float]]:
    """Where a body's hands (right: family 1, left: 0) and face are: kind, family, middle, side."""
    xy = body.xy_px
    torso = float(np.linalg.norm(xy[list(SHOULDERS)].mean(0) - xy[HEAD])) * 1.4
    out: list[tuple[str, int, np.ndarray, float]] = []
    for place, family in ((0, 1), (1, 0)):
        wrist, elbow = xy[WRISTS[place]], xy[ELBOWS[place]]
        if body.seen[WRISTS[place]] < 0.3:
            continue
        forearm = float(np.linalg.norm(wrist - elbow))
        side = max(1.5 * forearm, 1.2 * torso)
        out.append(("hand", family, wrist + 0.3 * (wrist - elbow), side))
    out.append(("face", 0, xy[HEAD], max(1.6 * torso, 1.0)))
    return out
