"""A body for motion that has none: the humanoid bones of a person of middling build, in T-pose."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np

from studio.core import frames
from studio.core.types import Armature


@cache
def stand_in() -> Armature:
    """The bones by VRM's names, parents first, soles on z = 0; every bone's rest axes are those
    of a file whose Y is up, as in :func:`studio.media.formats.vrm.tpose.t_posed`."""
    rows = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
    names, parents, heads, tails = zip(*rows, strict=True)
    rest = np.tile(np.eye(4), (len(names), 1, 1))
    rest[:, :3, :3] = frames.world_from("y")
    rest[:, :3, 3] = heads
    return Armature(tuple(names), np.array(parents), rest, np.array(tails, float))
