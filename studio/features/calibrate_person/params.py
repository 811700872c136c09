"""What must be said about the person, and how carefully to look."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from studio.vision.calibration.people.solve import Scale
from studio.weights.detectors import Networks


class Params(BaseModel):
    """What makes metres, and how the person is looked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    height_m: float = Field(
        default=0.0, ge=0, le=2.6, title="Body height",
        description="How tall the person is without shoes, in metres; 0 if it is not known",
    )  # fmt: skip
    distance_m: float = Field(
        default=0.0, ge=0, le=200, title="Or a distance between lenses",
        description="Measured from one camera's lens to another's, in metres; overrules the "
        "height; 0 if none was measured",
    )  # fmt: skip
    between: str = Field(
        default="", title="Between cameras",
        description="The two cameras of that distance: cam1,cam2",
    )  # fmt: skip
    solve_focal: bool = Field(
        default=False, title="Lenses are unknown",
        description="Find focal lengths too, without distortion: for lenses never calibrated",
    )  # fmt: skip
    backend: Networks = "mediapipe"
    quality: Literal["fast", "balanced"] = Field(
        default="fast", description="How often each picture is looked at"
    )
    moments: int = Field(
        default=300, ge=30, le=2000, description="Moments to look at, spread over the take"
    )

    @model_validator(mode="after")
    def _pair(self) -> Params:
        if self.distance_m and len(self.pair) != 2:
            raise ValueError("name the two cameras of the distance: cam1,cam2")
        if 0 < self.height_m < 0.5:
            raise ValueError("nobody is that small; 0 means that the height is not known")
        return self

    @property
    def pair(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.between.split(",") if name.strip())

    def scale(self) -> Scale:
        """What makes metres."""
        if self.distance_m:
            return Scale(distance_m=self.distance_m, cameras=(self.pair[0], self.pair[1]))
        return Scale(height_m=self.height_m or None)
