"""Points of photographs that somebody put right by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field


class PhotoPlace(BaseModel):
    """A place of a photograph."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    photo: Path = Field(description="The photograph")
    x_px: float = Field(description="Where it is in the photograph, across (px)")
    y_px: float = Field(description="Where it is in the photograph, down (px)")


class PhotoPin(PhotoPlace):
    """A point, put where a photograph shows it."""

    point: int = Field(ge=0, description="Which point")


P = TypeVar("P", bound=PhotoPin)


def with_pin(pins: Sequence[P], new: P) -> tuple[P, ...]:
    """Pins with one more, or one elsewhere."""
    where = {(pin.photo, pin.point): pin for pin in pins}
    where[new.photo, new.point] = new
    return tuple(where.values())
