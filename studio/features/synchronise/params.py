"""How to find out which pictures belong together."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from studio.weights.detectors import Networks

Method = Literal["auto", "timestamps", "flash", "clap", "motion"]


class Params(BaseModel):
    """What to go by, and how far to look."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Method = Field(
        default="auto",
        title="Go by",
        description="timestamps: what a recorder wrote beside the videos; flash: a light that "
        "comes on; clap: the sound; motion: what moves; auto: the first of these that is sure",
    )
    keypoints: bool = Field(
        default=True,
        title="Look at the person",
        description="Find the person in every picture where movement alone is not sure enough: "
        "slower, more exact",
    )
    backend: Networks = "mediapipe"
    refine: bool = Field(
        default=True,
        title="Refine with the rig",
        description="With a calibrated rig, shift the cameras until their rays to each point meet",
    )
    max_shift_s: float = Field(
        default=120.0,
        title="Started at most apart",
        gt=0,
        le=36_000,
        description="The cameras were started at most this far apart, in seconds",
    )
