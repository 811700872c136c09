"""Who is made."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from studio.human.design import Design
from studio.synth.people import FIRST


class Params(BaseModel):
    """A preset, or a whole design in its place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: str = Field(default=FIRST, description="Somebody to begin with, by name")
    design: Design | None = Field(
        default=None, description="The person in full; takes the preset's place"
    )
    paths: tuple[Path, ...] = Field(
        default=(), description="Clothes to add to the wardrobe first: folders or zips of MakeHuman"
    )
    name: str = Field(default="", description="What the person is called; empty: as the preset")
