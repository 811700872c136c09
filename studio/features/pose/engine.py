"""The engine of detection: clips of a take in, 2D keypoints of the person in every camera out."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from studio.core.counted import counted
from studio.core.errors import StudioError
from studio.core.percent import percent
from studio.core.types import Camera, Fact, Keypoints
from studio.jobs import Context
from studio.media.films import Films, opened
from studio.perception.cache import DetectionCache
from studio.perception.take import TakeDetections, detect_take
from studio.perception.whole_body import Options
from studio.weights.detectors import Networks, maker


class Params(BaseModel):
    """How carefully to look, and for what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    quality: Literal["fast", "balanced", "thorough"] = Field(
        default="balanced",
        description="How often each picture is looked at: fast once with the light network, "
        "balanced twice (once mirrored), thorough four times (tilted or larger too)",
    )
    backend: Networks = "mediapipe"
    body: bool = Field(
        default=True, description="Look for people; without, for hands and a face close up alone"
    )
    hands: bool = Field(default=True, description="Look for 21 points on each hand, close up")
    face: bool = Field(default=True, description="Look for 478 points on the face, close up")
    people: int = Field(
        default=1, ge=1, le=16, description="How many people to look for in each camera, at most"
    )
    use_cache: bool = Field(
        default=True,
        title="Reuse what was detected before",
        description="Reuse what was detected in the same video before",
    )
    threads: int = Field(
        default=0,
        ge=0,
        le=64,
        description="Cameras looked at side by side; 0 chooses by the processor",
        json_schema_extra={"zero": "as fits"},
    )

    @property
    def options(self) -> Options:
        """The same as a detector takes them."""
        return Options(self.quality, self.body, self.hands, self.face, self.people)


@dataclass(frozen=True)
class Inputs:
    """The films of a take, the name and id it goes by, and its cameras where they are calibrated,
    with the id of their rig."""

    films: Films
    name: str = "Take"
    take: str | None = None
    cameras: tuple[Camera, ...] = ()
    rig: str | None = None


def detect(
    params: Params, inputs: Inputs, context: Context
) -> Generator[tuple[Keypoints, ...], None, TakeDetections]:
    """Yields the newest keypoints of every camera, returns the detections of the take.

    More than one person is looked for where ``params.people`` says so; they are who
    :mod:`studio.features.triangulate.several` tells apart.

    Raises StudioError if a clip cannot be read, a network is not installed, or nobody is there.
    """
    with opened(inputs.films) as sets:
        cache = DetectionCache() if params.use_cache else None
        result = yield from detect_take(
            sets.clips, sets.times_s, sets.plan(), maker(params.backend, params.options), context,
            early_s=sets.early_s(), cache=cache, workers=params.threads or os.cpu_count() or 2,
        )  # fmt: skip
    if not any(result.found):
        raise StudioError(
            "Nobody was found in any picture.",
            "Check that the person is in view and not smaller than a tenth of the picture, or "
            "choose the quality “thorough”.",
        )
    if cache is not None:
        cache.prune()
    return result


def facts(result: TakeDetections, seconds: float) -> tuple[Fact, ...]:
    """How good the detections are: found, which parts, and how long it took."""
    detections = result.detections
    share = float(np.mean(result.found))
    worst = int(np.argmin(result.found))
    blame = ""
    if result.found[worst] < 0.98:
        blame = f"{detections.cameras[worst]} sees the person in {percent(result.found[worst], 1)}"
    sure = {
        part: float((detections.confidence[:, :, list(points)] > 0.3).any(1).mean())
        for part, points in detections.layout.parts.items()
        if part != "feet"
    }
    words = {"body": "body", "left_hand": "left hand", "right_hand": "right hand", "face": "face"}
    parts = ", ".join(f"{words[p]} {percent(s)}" for p, s in sure.items())
    moments = len(detections.times_s)
    if result.crowd is not None:
        most = (result.crowd.confidence > 0).any(-1).sum(-1).max(0).tolist()
        blame = blame or f"at most {_listed(most)} people at once in {_listed(detections.cameras)}"
    fresh = "from the cache" if result.reused == 1 else f"{seconds:.1f} s"
    turned = sum(result.turned)
    return (
        Fact(
            "Person found",
            f"{counted(len(detections.cameras), 'camera')}, {counted(moments, 'frame')}: in "
            f"{percent(share, 1)} of the pictures, {fresh}",
            "good" if share >= 0.98 else "look" if share >= 0.8 else "stop",
            blame,
        ),
        Fact("Points seen", parts, "good" if max(sure.values()) >= 0.9 else "look"),
        Fact(
            "Left and right",
            f"turned round {turned} times" if turned else "steady",
            "good" if turned <= 0.1 * moments * len(detections.cameras) else "look",
        ),
    )


def _listed(words: Sequence[object]) -> str:
    return ", ".join(map(str, words))
