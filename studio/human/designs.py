"""What a design is made of, as numbers: its build, and what sliders and carving add to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from studio.human.compact import Change
from studio.human.design import Design, Worn
from studio.human.heads.carving import skin_offsets
from studio.human.person import PHENOTYPES, Shape
from studio.human.segments import SEGMENT_NAMES
from studio.human.sliders import change


def shape_of(design: Design) -> Shape:
    """A design's build."""
    return Shape(
        torch.tensor([design.build(name) for name in PHENOTYPES]),
        torch.tensor([design.scale(name) for name in SEGMENT_NAMES]),
    )


def design_of(shape: Shape, worn: tuple[Worn, ...] = ()) -> Design:
    """A design of a shape, to go on from: phenotypes and scales to four digits."""
    values = [round(min(max(float(v), 0.0), 1.0), 4) for v in shape.phenotypes]
    scales = [round(min(max(float(v), 0.5), 2.0), 4) for v in shape.scales]
    return Design(
        phenotypes=dict(zip(PHENOTYPES, values, strict=True)),
        scales={n: s for n, s in zip(SEGMENT_NAMES, scales, strict=True) if s != 1.0},
        worn=worn,
    )


def change_of(design: Design) -> Change | None:
    """What a design's local sliders add, and what is carved. Raises StudioError for a slider that
    there is not."""
    if not design.local and not design.carved:
        return None
    slid = change(design.local)
    if not design.carved:
        return slid
    moved = torch.from_numpy(skin_offsets(design.carved).astype(np.float32))[None]
    return replace(slid, skin_m=slid.skin_m + moved)
