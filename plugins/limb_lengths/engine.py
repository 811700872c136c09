"""An example plug-in: how long every limb of a motion is, and how steady."""

from __future__ import annotations

import io
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from studio.core.errors import StudioError
from studio.core.types import Fact, Motion
from studio.document.data import motion_from
from studio.document.folder import Assets
from studio.document.project import FileItem, MotionItem, Project, Recipe, traces
from studio.document.step import Missing, Packed
from studio.human.layouts import layout
from studio.jobs import Context


class Params(BaseModel):
    """What to leave out."""

    model_config = ConfigDict(frozen=True)

    max_error_mm: float = Field(
        default=50.0, gt=0, description="Leave out points less certain than this (mm)"
    )


@dataclass(frozen=True)
class Inputs:
    """A motion and where it came from."""

    motion: Motion
    item: MotionItem


@dataclass(frozen=True)
class Limb:
    """One limb over the take. ``spread`` is the standard deviation as a share of the mean."""

    name: str
    mean_m: float
    spread: float
    frames: int


def measure(params: Params, inputs: Inputs, context: Context) -> Generator[Limb, None, list[Limb]]:
    """Yield each limb as it is measured; return them all."""
    motion, limbs = inputs.motion, list[Limb]()
    unsure = motion.error_m > params.max_error_mm / 1000
    xyz = np.where(unsure[..., None], np.nan, motion.xyz_m)
    bones = [pair for pair in motion.layout.bones if set(pair) <= set(motion.layout.parts["body"])]
    for number, (parent, child) in enumerate(bones):
        context.check()
        length = np.linalg.norm(xyz[:, child] - xyz[:, parent], axis=1)
        length = length[np.isfinite(length)]
        if length.size:
            name = f"{motion.layout.points[parent]} – {motion.layout.points[child]}"
            mean = float(length.mean())
            limbs.append(Limb(name, mean, float(length.std()) / mean, length.size))
            yield limbs[-1]
        context.report((number + 1) / len(bones))
    if not limbs:
        raise StudioError(
            "No limb was seen well enough to be measured.", "Raise the largest error allowed."
        )
    return limbs


class LimbStep:
    """Reads the selected or newest motion; leaves a CSV file."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        if project.newest(MotionItem) is None:
            return (Missing("There is no motion to measure.", "triangulate", "Triangulate a take"),)
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        picked = [item for id in chosen if (item := project.get(id, MotionItem))]
        item = picked[0] if picked else project.newest(MotionItem)
        if item is None:
            raise StudioError("There is no motion to measure.", "Triangulate a take first.")
        return Inputs(motion_from(assets.arrays(item.data), layout(item.layout)), item)

    def pack(
        self, inputs: Inputs, params: BaseModel, result: list[Limb], assets: Assets, seconds: float
    ) -> Packed:
        text = io.StringIO("")
        text.write("limb,mean_m,spread,frames\n")
        for limb in result:
            text.write(f"{limb.name},{limb.mean_m:.4f},{limb.spread:.4f},{limb.frames}\n")
        spread = float(np.median([limb.spread for limb in result]))
        facts = (
            Fact("Limbs", f"{len(result)} measured"),
            Fact("Spread", f"{100 * spread:.1f} % of the length, median",
                 "good" if spread < 0.05 else "look"),
        )  # fmt: skip
        item = FileItem(
            name=f"Limb lengths of {inputs.item.name}",
            role="table",
            data=assets.put(text.getvalue().encode(), ".csv"),
            recipe=Recipe(feature="limb_lengths", params=params.model_dump(),
                          inputs=(inputs.item.id,), seconds=seconds),
            facts=traces(facts),
        )  # fmt: skip
        return Packed("Measure limbs", (item,), facts)
