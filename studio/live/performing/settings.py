"""How a person's performance is made of what a camera sees."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from studio.human.rig import ACTIONS

MAX_GAIN = 4.0


class Settings(BaseModel):
    """What is looked for, and how it is shaped. Frozen; a running performance takes up new ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mirror: bool = Field(
        default=False, description="Move as a mirror does: the person's left is the avatar's right"
    )
    body: bool = Field(default=True, description="Look for the body and move trunk, arms and legs")
    hands: bool = Field(
        default=True, description="Look for both hands of the body and move the fingers"
    )
    smoothing_ms: float = Field(
        default=20.0, ge=0, le=500,
        description="How far a calm face may lag behind, milliseconds; quick moves lag less. "
        "More is calmer",
    )  # fmt: skip
    hold_s: float = Field(
        default=0.5, ge=0, le=10,
        description="How long a face that was lost keeps its look, seconds, before it relaxes",
    )  # fmt: skip
    idle: bool = Field(
        default=True, description="Breathe, and blink now and then while no face is seen"
    )
    gains: dict[str, float] = Field(
        default_factory=dict,
        description="How much more of an expression is shown than was seen, by ARKit's names; "
        "without Left or Right a name means both",
    )  # fmt: skip
    limits: dict[str, tuple[float, float]] = Field(
        default_factory=dict,
        description="The least and the most of an expression that is shown, 0 to 1, by ARKit's "
        "names; without Left or Right a name means both",
    )  # fmt: skip

    @field_validator("gains")
    @classmethod
    def _gains(cls, gains: dict[str, float]) -> dict[str, float]:
        for name, gain in gains.items():
            actions_of(name)
            if not 0 <= gain <= MAX_GAIN:
                raise ValueError(f"the gain of {name} must be 0 to {MAX_GAIN:g}")
        return gains

    @field_validator("limits")
    @classmethod
    def _limits(cls, limits: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
        for name, (low, high) in limits.items():
            actions_of(name)
            if not 0 <= low <= high <= 1:
                raise ValueError(f"the limits of {name} must rise from 0 to 1")
        return limits


def actions_of(name: str) -> tuple[int, ...]:
    """The numbers of the actions that a name means: one, or the left and the right one.

    Raises ValueError if there is none.
    """
    found = tuple(
        k for k, one in enumerate(ACTIONS) if one in (name, f"{name}Left", f"{name}Right")
    )
    if not found:
        raise ValueError(f"there is no expression {name}")
    return found
