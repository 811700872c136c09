"""What is known of the person besides the photographs, and what was put right by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from studio.document.pins import PhotoPin
from studio.human.heads.fit import Held


class Pin(PhotoPin):
    """A point of the face, put where a photograph shows it."""

    point: int = Field(ge=0, lt=478, description="Which of MediaPipe's 478 points")


class Params(BaseModel):
    """What is known of the person besides the photographs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    photos: tuple[Path, ...] = Field(
        default=(), description="Photographs of one person's head; one that looks ahead is enough"
    )
    name: str = Field(default="", description="What the person is called; the first photo's name")
    pupils_mm: float | None = Field(
        default=None, ge=40, le=80, title="Between the pupils",
        description="Millimetres from pupil to pupil: makes the head true to size; 63 if not given",
    )  # fmt: skip
    chin_mm: float | None = Field(
        default=None, ge=80, le=160, title="Nose to chin",
        description="Millimetres from the bridge of the nose, between the eyes, to the chin, mouth "
        "closed: makes the head true to size where the pupils' distance is not given",
    )  # fmt: skip
    gender: Literal["as the face", "woman", "man"] = Field(
        default="as the face", title="Build",
        description="A woman's build or a man's; otherwise as the face's proportions tell",
    )  # fmt: skip
    lens_mm: float | None = Field(
        default=None, ge=10, le=400, title="Lens",
        description="Focal length of the photographs as of a 35 mm camera (mm); otherwise as their "
        "files or the faces tell",
    )  # fmt: skip
    pixels: bool = Field(
        default=True, title="Fit to pixels",
        description="The head is fitted to the light and the outlines of skin, not only to points "
        "of the face; not where a surface is learned",
    )  # fmt: skip
    expression: bool = Field(
        default=True, description="Faces may smile or frown: the head is calm all the same"
    )
    hair: bool = Field(default=True, description="Hair, or what else covers the head")
    style: bool = Field(
        default=False, title="Hair of the wardrobe",
        description="The style of the wardrobe that fits best, not the photograph's own hair",
    )  # fmt: skip
    seconds: float | None = Field(
        default=None, ge=1, le=3600, title="Learn the surface",
        description="So long a neural surface is fitted to the photographs (s): head and hair keep "
        "its shape where it is seen to be better; not at all if not given",
    )  # fmt: skip
    go_on: bool = Field(
        default=True, title="Go on learning",
        description="The surface goes on from what it learned from these photographs before",
    )  # fmt: skip
    seed: int = Field(
        default=0, ge=0, description="Another number draws other places to learn the surface from"
    )
    wrap: bool = Field(
        default=True, title="Wrap the face",
        description="The face takes the learned surface's shape too, not only hair",
    )  # fmt: skip
    texture_px: int = Field(
        default=2048, ge=512, le=4096, title="Skin", description="Side of the skin's texture (px)"
    )
    scan: Path | None = Field(
        default=None,
        description="A scan of the same head, upright, to measure the result against",
    )
    pins: tuple[Pin, ...] = Field(
        default=(), description="Points of the face put where the photographs show them"
    )
    reach_mm: float = Field(
        default=14.0, ge=3, le=60, title="Reach of pins",
        description="How far around a pin the face goes with it (mm)",
    )  # fmt: skip
    held: tuple[Held, ...] = Field(
        default=(), description="What pins leave as it was found: expression, eyelids, neck, pose"
    )

    @property
    def fine(self) -> bool:
        """Whether the head is fitted to pixels: neural heads learned from points' fits."""
        return self.pixels and self.seconds is None
