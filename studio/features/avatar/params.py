"""The settings of the avatar."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from studio.human.fit import Options
from studio.human.shapefit import Hints


class Params(BaseModel):
    """What can be set. The first seven are what matters; the rest is behind “More”."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    height_m: float | None = Field(
        default=None, ge=0.4, le=2.6, description="Body height in metres, if it is known"
    )
    gender: float | None = Field(
        default=None, ge=0, le=1, description="Build: 0 male, 1 female; empty is in between"
    )
    age_years: float | None = Field(
        default=None, ge=1, le=100, description="Age in years, if it is known"
    )
    hands: bool = Field(default=True, description="Fit the fingers where they are seen")
    face: bool = Field(default=True, description="Fit the facial actions where the face is seen")
    plant_feet: bool = Field(default=True, description="Feet that stand neither slide nor sink")
    smoothing: float = Field(
        default=1.0,
        ge=0,
        le=10,
        description="How smooth movements are; 1 is natural, 0 as measured",
    )
    refine: bool = Field(
        default=True,
        title="Refine the whole take",
        description="After the live pass, refine the whole take at once",
    )
    weight: float = Field(
        default=0.5,
        ge=0,
        le=1,
        title="Build, thin to heavy",
        description="Build: 0 thin, 0.5 average, 1 heavy",
    )
    muscle: float = Field(
        default=0.5,
        ge=0,
        le=1,
        title="Muscles, soft to strong",
        description="Build: 0 soft, 0.5 average, 1 muscular",
    )

    dressed: bool = Field(
        default=True,
        description="Shirt, trousers, shoes and hair; off is a plain body in painted-on sportswear",
    )
    as_filmed: bool = Field(
        default=True,
        description="Garments, and colours of clothes, skin and hair, like those in the films",
    )

    def options(self) -> Options:
        """These settings as the fitting room knows them."""
        hints = Hints(self.height_m, self.gender, self.age_years, self.weight, self.muscle)
        return Options(hints, self.hands, self.face, self.plant_feet, self.smoothing, self.refine)
