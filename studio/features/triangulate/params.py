"""The settings of triangulation."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from studio.vision.filters import FilterName

Method = Literal["weighted", "ransac", "dlt", "algebraic", "volumetric"]
METHODS: tuple[Method, ...] = get_args(Method)


class Params(BaseModel):
    """What can be set. The first seven are what matters; the rest is behind “More”."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Method = Field(
        default="weighted",
        description="weighted: by confidence, cameras that disagree left out one by one; "
        "ransac: from the cameras that agree with the best pair; dlt: all cameras alike; "
        "algebraic and volumetric: networks look at the pictures, each by itself or all at once "
        "in space",
    )
    refine: bool = Field(
        default=True,
        title="Refine the whole take",
        description="Refine the whole take: rigid bones, inertia, most likely points",
    )
    people: int = Field(
        default=0,
        ge=0,
        le=16,
        description="How many people there are at most: 0 finds out, 1 follows the main one",
        json_schema_extra={"zero": "find out"},
    )
    compare: bool = Field(
        default=False,
        title="Compare methods",
        description="Triangulate one person by every method and by fewer cameras too; draw the "
        "error against cameras",
    )
    min_confidence: float = Field(
        default=0.3,
        ge=0,
        le=1,
        title="Least confidence",
        description="Detections less sure than this are not used (0 to 1)",
    )
    max_reprojection_px: float = Field(
        default=15.0,
        title="Largest reprojection error",
        gt=0,
        le=500,
        description="A point may lie this far from its detections, in pixels",
    )
    min_cameras: int = Field(
        default=2,
        ge=2,
        le=16,
        title="Cameras that must agree",
        description="Cameras that must agree on a point",
    )
    fill_gaps_s: float = Field(
        default=0.3,
        ge=0,
        le=10,
        description="Gaps up to this long are bridged and marked, in seconds",
    )
    filter: FilterName = Field(default="none", description="Smoothing of the finished tracks")
    cutoff_hz: float = Field(
        default=6.0,
        gt=0,
        le=120,
        description="Movements faster than this are smoothed away, in hertz",
    )
    causal: bool = Field(
        default=False, description="Smooth from the past only, as a live picture must"
    )
    beta: float = Field(
        default=1.5,
        ge=0,
        le=50,
        description="One-Euro: how much the cutoff rises with speed (Hz per m/s)",
    )
    undistort: bool = Field(default=True, description="Take the lenses' distortion into account")
    swap_sides: bool = Field(
        default=True, description="Exchange left and right where a camera confused them"
    )
    huber: bool = Field(
        default=True, description="Refine each point against its detections, robustly (Huber)"
    )
    knee_px: float = Field(
        default=4.0,
        gt=0,
        le=100,
        description="Where a detection begins to count as doubtful, in pixels",
    )
    bone_give_percent: float = Field(
        default=2.0, gt=0, le=50, title="Bones may give",
        description="How much a bone's length may vary between frames (%)",
    )  # fmt: skip
    agility_m_s2: float = Field(
        default=50.0,
        gt=0,
        le=1000,
        title="Agility",
        description="Typical acceleration of a point (m/s²)",
    )
