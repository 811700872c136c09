"""Anchor poses from packed people: ``python -m studio.training.tasks.dope_anchors PACKS OUT``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save

from studio.core.files import write_whole
from studio.perception.dope.anchors import anchors
from studio.perception.dope.kinds import KINDS, Kind
from studio.training.people import Pack
from studio.training.tasks.dope_targets import Parts, in_box, parts_of

_BATCH = 64


def of_kind(kind: Kind, parts: Sequence[Parts]) -> tuple[np.ndarray, np.ndarray]:
    """The anchor poses of a kind from parts that are there (see :func:`anchors`)."""
    xyz = torch.cat([p.xyz_m[p.there] for p in parts]).double().numpy()
    xy = torch.cat([in_box(p.xy_px, p.box_px)[p.there] for p in parts]).double().numpy()
    family = torch.cat([p.family[p.there] for p in parts]).numpy()
    mirror = kind.mirror if kind.mirrored_families else None
    return anchors(xyz, xy, family, kind.families, kind.clusters, mirror)


def make(folder: Path, out: Path) -> None:
    """The anchor poses of all kinds, from a folder of packed pictures into one file."""
    pack = Pack(folder)
    height, width = pack[0]["rgb"].shape[:2]
    told: dict[str, np.ndarray] = {}
    whole = [np.stack([pack.part(n, "whole") for n in range(first, first + _BATCH)])
             for first in range(0, len(pack), _BATCH)]  # fmt: skip
    for name, kind in KINDS.items():
        parts = [
            parts_of(kind, points[..., :2], points[..., 2] > 0, points[..., 3:], height, width)
            for points in map(torch.from_numpy, whole)
        ]
        flat, deep = of_kind(kind, parts)
        told |= {f"{name} flat": flat.astype(np.float16), f"{name} deep": deep.astype(np.float16)}
    write_whole(out, save(told))


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
