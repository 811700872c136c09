"""How carefully to look, and whether to mend."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from studio.weights.detectors import Networks


class Params(BaseModel):
    """The settings of a check."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mend: bool = Field(
        default=False, title="Place moved cameras anew",
        description="Place the cameras that moved anew from the others, and keep those as they are",
    )  # fmt: skip
    person: bool = Field(
        default=True, title="Look at the person",
        description="Compare how the cameras see a person; without, the still scene alone",
    )  # fmt: skip
    backend: Networks = "mediapipe"
    quality: Literal["fast", "balanced"] = Field(
        default="fast", description="How often each picture is looked at"
    )
    moments: int = Field(
        default=200, ge=30, le=2000, description="Moments to look at, spread over the footage"
    )
