"""What is worn, by whom, and how it is laid into the picture."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Occlusion = Literal["static", "depth", "predicted", "none"]
Occluder = Literal["fitted", "own", "both"]
Compared = Literal["static", "depth", "predicted", "fitted"]
Told = Literal["network", "skin"]
MOST_PEOPLE = 6


class WearSettings(BaseModel):
    """Frozen; every picture may have others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: tuple[str, ...] = Field(
        default=(), description="The items worn: catalogue ids or files, of one kind each"
    )
    occlusion: Occlusion = Field(
        default="predicted",
        description="What hides an item: a fixed map of its kind, the depth of the fitted body, or "
        "a map that a network predicts from the picture; or nothing",
    )  # fmt: skip
    compare: Compared | None = Field(
        default=None,
        description="Also show the picture with this way of hiding, beside; fitted is by depth, "
        "without a head of one's own",
    )  # fmt: skip
    show_map: bool = Field(
        default=False, description="Colour where an item is seen green and where hidden red"
    )
    edge_px: float = Field(
        default=0.8, ge=0, le=10, description="How soft the edge of what hides an item is, pixels"
    )
    own_head: str = Field(
        default="",
        description="A head of the wearer's own, whose depth hides items: a design (.json) that "
        "doppel head or doppel person wrote; the largest face wears it",
    )  # fmt: skip
    occluder: Occluder = Field(
        default="own",
        description="Where there is a head of one's own: whether it hides items, the average head "
        "fitted to the face, or both",
    )  # fmt: skip
    pupil_mm: float | None = Field(
        default=None, ge=40, le=80,
        description="Distance between the wearer's pupils, millimetres; told from the irises "
        "where it is not known",
    )  # fmt: skip
    foot_mm: float | None = Field(
        default=None, ge=120, le=350,
        description="How long the wearer's feet are, millimetres; told from the body where it is "
        "not known",
    )  # fmt: skip
    wrist: Literal["left", "right"] = Field(
        default="left", description="On which wrist a watch is worn"
    )
    people: int = Field(
        default=MOST_PEOPLE, ge=1, le=MOST_PEOPLE, description="How many people are dressed at most"
    )
    view_deg: float = Field(
        default=55.0, ge=10, le=120,
        description="What the camera sees across its longer side, degrees",
    )  # fmt: skip
    colour: float = Field(
        default=1.0, ge=0, le=1,
        description="How much of the light found in the picture falls on items, 0 to 1",
    )  # fmt: skip
    light_by: Told = Field(
        default="network",
        description="What tells that light: a network that sees the face and what is about it, or "
        "the face's colours alone, as if its skin were average",
    )  # fmt: skip
    contrast: float = Field(default=1.0, ge=0.2, le=3, description="Contrast of items, 1 as found")
    gamma: float = Field(default=1.0, ge=0.2, le=3, description="Gamma of items, 1 as found")
    brightness: float = Field(
        default=0.0, ge=-0.5, le=0.5, description="Added brightness of items, -0.5 to 0.5"
    )
    shadow: float = Field(
        default=0.6, ge=0, le=1, description="Strength of the shadow that items cast, 0 to 1"
    )
    lens: float = Field(
        default=1.0, ge=0, le=2, description="Strength of the tint of lenses, 1 as modelled"
    )
    match_camera: bool = Field(
        default=True, description="Blur items and add noise as the camera does"
    )
    paint_out: bool = Field(
        default=False,
        description="Paint out what the wearer has on under new things: shoes, and dark rims of "
        "glasses",
    )
    smoothing_ms: float = Field(
        default=40.0, ge=0, le=500,
        description="How far a calm item may lag behind, milliseconds; quick moves lag less",
    )  # fmt: skip
    only_items: bool = Field(
        default=False, description="Show the items alone, before nothing: for films with alpha"
    )
