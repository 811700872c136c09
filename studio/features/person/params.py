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
    seconds: float = Field(
        default=0.0,
        ge=0.0,
        le=60.0,
        description="How long they move by chance, learned from real people; 0: they stand (s)",
    )
    motion: int = Field(default=1, ge=0, description="Which motion by chance; the same comes again")
    variety: float = Field(
        default=1.0, ge=0.2, le=1.4, description="How far motions by chance are from the usual"
    )
    name: str = Field(default="", description="What the person is called; empty: as the preset")
