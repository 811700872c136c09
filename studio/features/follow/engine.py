"""Following whoever the window's cameras see, until somebody ends it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from studio.core.errors import StudioError
from studio.core.types import CameraRig
from studio.jobs import Context, Engine
from studio.live.lanes import Lasted
from studio.live.moment import Moment
from studio.live.outlets.outlet import Outlet
from studio.live.solving import LiftSolver, RigSolver, Solver
from studio.live.tracking import follow
from studio.media.live.hub import Cameras
from studio.perception.whole_body import Options
from studio.weights.detectors import Networks, maker


class Params(BaseModel):
    """What is looked for, and who is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    quality: Literal["fast", "balanced", "thorough"] = Field(
        default="fast",
        description="How often each picture is looked at: fast once with the light network, "
        "balanced twice, thorough four times",
    )
    backend: Networks = "mediapipe"
    hands: bool = Field(default=True, description="Look for 21 points on each hand")
    face: bool = Field(default=True, description="Look for 478 points on the face")
    people: int = Field(default=1, ge=1, le=16, description="How many people to follow, at most")
    in_3d: bool = Field(
        default=True, title="In 3D", description="Lift the main person to a skeleton in metres"
    )
    osc: str = Field(
        default="osc://127.0.0.1:39540", description="Where OSC messages are sent to, by UDP"
    )
    json_lines: str = Field(
        default="json://127.0.0.1:39541", description="Where programs connect for JSON lines"
    )
    other_hosts: bool = Field(
        default=False, description="Let the streams leave this computer, or be read from others"
    )


@dataclass(frozen=True)
class Inputs:
    """The open cameras, their calibration if there is one, and who is told at the moment."""

    cameras: Cameras | None = None
    rig: CameraRig | None = None
    outlets: Callable[[], Sequence[Outlet]] = tuple


def follow_live(params: Params, inputs: Inputs, context: Context) -> Engine[Moment, Lasted]:
    """Yields every moment until asked to finish. Several calibrated cameras are triangulated, else
    the first camera's main person is lifted.

    Raises StudioError if no camera is open, or a network is not installed.
    """
    if inputs.cameras is None:
        raise StudioError("No camera is open.", "Open a webcam, or a video in its place.")
    options = Options(params.quality, True, params.hands, params.face, params.people, live=True)
    result = yield from follow(
        inputs.cameras, maker(params.backend, options), context,
        make_solver=_solver(inputs) if params.in_3d else None, outlets=inputs.outlets,
    )  # fmt: skip
    return result


def _solver(inputs: Inputs) -> Callable[[], Solver]:
    rig, hub = inputs.rig, inputs.cameras
    names = [source.name for source in hub.sources] if hub is not None else []
    if rig is not None and len(set(names) & set(rig.names)) > 1:
        return lambda: RigSolver(rig)
    known = next((c for c in rig.cameras if c.name in names), None) if rig is not None else None
    return lambda: LiftSolver(camera=known)
