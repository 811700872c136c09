"""The settings of lifting."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

WAY = "Way: "
"""What the facts of compared ways of lifting begin with."""


class Params(BaseModel):
    """What can be set. The first seven are what matters; the rest is behind “More”."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["recurrent", "window", "frame"] = Field(
        default="recurrent",
        description="recurrent: remembers what it saw, calm where people hold still; window: sees "
        "the last nine frames; frame: each frame alone",
    )
    camera: str = Field(
        default="", description="The camera to lift; empty takes the one that sees the person best",
        json_schema_extra={"empty": "The one that sees best"},
    )  # fmt: skip
    people: int = Field(
        default=1,
        ge=0,
        le=16,
        description="How many people to lift at most: 1 follows the main one, 0 lifts everybody "
        "whom the camera followed",
        json_schema_extra={"zero": "everybody"},
    )
    height_m: float | None = Field(
        default=None,
        ge=0.4,
        le=2.6,
        description="Body height of the main person in metres, if it is known",
    )
    field_of_view_deg: float = Field(
        default=55.0,
        ge=10,
        le=140,
        description="Of a camera that is not calibrated: the angle that the longer side of its "
        "picture spans, in degrees (telephone 65, webcam 60, sports lens 40)",
    )
    fixed_bones: bool = Field(
        default=True, description="Bones keep one length over the whole take, the same both sides"
    )
    follow: float = Field(
        default=1.0,
        title="Follow the picture",
        ge=0,
        le=1,
        description="How closely the points keep to where the picture shows them (0 to 1); 0 is as "
        "the network says",
    )
    smoothing: float = Field(
        default=1.0,
        ge=0,
        le=10,
        description="How calm it is: 1 is natural, 0 as lifted",
    )
    compare: bool = Field(
        default=True, description="Lift the other ways too and tell how they differ"
    )
    min_confidence: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Detections less sure than this are not used (0 to 1); the network knows what "
        "to make of unsure ones",
    )
