"""What must be said about the person, and how carefully to look."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from studio.vision.calibration.people import Scale


class Params(BaseModel):
    """What makes metres, and how the person is looked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    height_m: float | None = Field(
        default=None, ge=0.5, le=2.6, title="Body height",
        description="How tall the person is without shoes, in metres",
    )  # fmt: skip
    distance_m: float | None = Field(
        default=None, gt=0, le=200, title="Or a distance between lenses",
        description="Measured from one camera's lens to another's, in metres; overrules the height",
    )  # fmt: skip
    between: str = Field(
        default="", title="Between cameras",
        description="The two cameras of that distance: cam1,cam2",
    )  # fmt: skip
    solve_focal: bool = Field(
        default=False, title="Lenses are unknown",
        description="Find focal lengths too, without distortion: for lenses never calibrated",
    )  # fmt: skip
    quality: Literal["fast", "balanced"] = Field(
        default="fast", description="How often each picture is looked at"
    )
    moments: int = Field(
        default=300, ge=30, le=2000, description="Moments to look at, spread over the take"
    )

    @model_validator(mode="after")
    def _pair(self) -> Params:
        if self.distance_m is not None and len(self.pair) != 2:
            raise ValueError("name the two cameras of the distance: cam1,cam2")
        return self

    @property
    def pair(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.between.split(",") if name.strip())

    def scale(self) -> Scale:
        """What makes metres."""
        if self.distance_m is not None:
            return Scale(distance_m=self.distance_m, cameras=(self.pair[0], self.pair[1]))
        return Scale(height_m=self.height_m)
