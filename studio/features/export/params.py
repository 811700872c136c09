"""What an export may be told, and what each target program wants by itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from studio.media.formats.levels import MOST
from studio.media.formats.vrm.humanoid import Naming

Format = Literal[
    "glb", "vrm", "vrma", "bvh", "usdz", "usdc", "obj", "ply", "trc", "c3d", "csv"
]  # fmt: skip
Target = Literal["blender", "unity", "unreal", "vrm", "opensim", "plain"]

NEEDS_PERSON: frozenset[Format] = frozenset(
    {"glb", "vrm", "vrma", "bvh", "usdz", "usdc", "obj", "ply"}
)
NEEDS_MOTION: frozenset[Format] = frozenset({"vrma", "trc", "c3d", "csv"})


@dataclass(frozen=True)
class Wants:
    """What a program reads best. ``up`` and ``unit`` are for formats that state neither."""

    formats: tuple[Format, ...]
    up: Literal["y", "z"]
    unit: Literal["m", "cm", "mm"]
    naming: Naming


TARGETS: dict[Target, Wants] = {
    "blender": Wants(("glb", "bvh"), "y", "m", "anny"),
    "unity": Wants(("glb", "vrm", "bvh"), "y", "m", "humanoid"),
    "unreal": Wants(("glb", "usdc"), "z", "cm", "unreal"),
    "vrm": Wants(("vrm", "vrma"), "y", "m", "anny"),
    "opensim": Wants(("trc", "c3d"), "y", "m", "anny"),
    "plain": Wants(("glb", "bvh", "obj", "ply", "trc", "c3d", "csv"), "y", "m", "anny"),
}


class Params(BaseModel):
    """Where to, for which program, and what of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: Target = Field(
        "blender", description="The program it is for: chooses formats, axes, unit and bone names"
    )
    folder: Path | None = Field(
        None, description="Folder to write to; by default one beside the project"
    )
    include_animation: bool = Field(True, description="Write the motion too, not only the person")
    morphs: bool = Field(True, title="Facial shapes", description="Write the 52 facial shapes")
    visemes: bool = Field(
        False,
        title="Mouth shapes of lip sync",
        description="GLB and USD: the 14 mouth shapes of lip sync, too (viseme_aa and so on)",
    )
    triangles: int = Field(
        0, ge=0, le=2_000_000, json_schema_extra={"zero": "all"},
        description="About how many triangles the person has at most; 0 keeps all",
    )  # fmt: skip
    rate_hz: float = Field(
        title="Frames a second",
        default=0.0,
        ge=0,
        le=1000,
        description="Frames a second of the files, in hertz; 0 keeps the take's",
        json_schema_extra={"zero": "as the take"},
    )
    authors: str = Field("", description="Whose work it is; several names with commas between")
    terms: str = Field(
        "All rights reserved by the authors", description="Terms of use, written into the files"
    )
    formats: tuple[Format, ...] = Field(
        (), description="File formats, in place of those the target reads best"
    )
    up: Literal["target", "y", "z"] = Field(
        "target", description="Up axis of BVH, OBJ, PLY, USD, TRC, C3D and CSV"
    )
    unit: Literal["target", "m", "cm", "mm"] = Field(
        "target", description="Unit of length of BVH, OBJ, PLY, TRC and CSV"
    )
    naming: Literal["target", "anny", "humanoid", "unreal"] = Field(
        "target", description="Bone names: the rig's own, Unity's human bones, or Unreal's"
    )
    sparse: bool = Field(
        True,
        description="GLB: keep only the vertices a facial shape moves; off for readers that "
        "cannot, in a larger file",
    )
    lods: int = Field(
        1, ge=1, le=MOST, title="Levels of detail",
        description="GLB and VRM: so many files, NAME_LOD0 the finest, each next one with half the "
        "triangles and half the texture's side",
    )  # fmt: skip
    still_frame: int = Field(
        -1, ge=-1, description="Frame that OBJ and PLY show, from 0; -1 is the rest pose"
    )
    avatar_permission: Literal["onlyAuthor", "onlySeparatelyLicensedPerson", "everyone"] = Field(
        "onlyAuthor", description="VRM: who may act as this avatar"
    )
    commercial_use: Literal["personalNonProfit", "personalProfit", "corporation"] = Field(
        "personalNonProfit", description="VRM: which commercial use is allowed"
    )
    modification: Literal["prohibited", "allowModification", "allowModificationRedistribution"] = (
        Field("prohibited", description="VRM: whether others may change it")
    )
    redistribution: bool = Field(False, description="VRM: whether others may pass it on")

    @property
    def wants(self) -> Wants:
        """The target's wishes, overruled by what was chosen."""
        target = TARGETS[self.target]
        return Wants(
            self.formats or target.formats,
            target.up if self.up == "target" else self.up,
            target.unit if self.unit == "target" else self.unit,
            target.naming if self.naming == "target" else self.naming,
        )
