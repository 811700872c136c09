"""Recorded takes as sequences that the lifting network learns from, and is tested on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from studio.core.errors import StudioError
from studio.perception.lifting.normalise import BODY, PELVIS, POINTS
from studio.synth.moving.views import Seen
from studio.training.pose_dataset import PoseDataset, Recording
from studio.vision.gaps import runs

_LEAST_BODY = 8
_FASTEST_S = 1 / 12
_SIZES = (0.85, 1.15)


@dataclass(frozen=True, eq=False)
class _Track:
    """One person in one camera from the first frame that teaches something to the last."""

    rays: Tensor
    confidence: Tensor
    xyz_m: Tensor
    up: Tensor
    step_s: float
    mediapipe: bool

    def __len__(self) -> int:
        return len(self.rays)


class Recorded:
    """Everybody of some takes in every camera that saw them, cut where they were lost."""

    def __init__(self, takes: Sequence[Recording]) -> None:
        """Raises StudioError if no camera saw anybody long enough."""
        self._tracks = [track for take in takes for track in _tracks(take)]
        if not self._tracks:
            raise StudioError(
                "In these takes no camera sees anybody for two frames on end.",
                "Add other takes to the pose dataset.",
            )

    @classmethod
    def of(cls, path: Path, *, held_out: bool = False) -> Recorded:
        """The takes of a dataset that may be learned from, or those kept for tests.

        Raises StudioError if the folder is no dataset, or has none of them.
        """
        takes = PoseDataset.open(path).takes(held_out=held_out)
        if not takes:
            kind = "is kept for tests" if held_out else "may be learned from"
            raise StudioError(f"No take of “{path.name}” {kind}.", "Add one with doppel dataset.")
        return cls(takes)

    @property
    def frames(self) -> int:
        """How many pictures' poses there are."""
        return sum(map(len, self._tracks))

    def seen(self, dice: torch.Generator, batch: int, frames: int) -> Seen:
        """Random parts, mirrored and resized by chance; points without truth are NaN.

        A part that is longer than its track stands still at the track's end: its truth is unknown
        there. Rays do not change with the person's size, so the network learns nothing false from
        it, and every size of person comes before every camera.
        """
        chances = torch.tensor([float(len(track)) for track in self._tracks])
        which = torch.multinomial(chances, batch, replacement=True, generator=dice)
        rows = [self._part(dice, self._tracks[int(at)], frames) for at in which]
        return Seen(**{name: torch.stack([getattr(row, name) for row in rows])
                       for name in vars(rows[0])})  # fmt: skip

    def whole(self, frames: int) -> list[Seen]:
        """Every track as it is, in parts of ``frames`` at most, one after the other."""
        parts: list[Seen] = []
        for track in self._tracks:
            for start in range(0, len(track), frames):
                at = torch.arange(start, min(start + frames, len(track)))
                if len(at) > 1:
                    one = _seen(track, at, track.step_s)
                    parts.append(Seen(**{name: value[None] for name, value in vars(one).items()}))
        return parts

    def _part(self, dice: torch.Generator, track: _Track, frames: int) -> Seen:
        most = max(1, int(_FASTEST_S / track.step_s))
        stride = int(torch.randint(1, most + 1, (1,), generator=dice))
        start = int(torch.randint(max(len(track) - stride * frames, 0) + 1, (1,), generator=dice))
        at = start + stride * torch.arange(frames)
        part = _seen(track, at.clamp(max=len(track) - 1), stride * track.step_s)
        part.xyz_m[at >= len(track)] = torch.nan
        low, high = _SIZES
        part.xyz_m.mul_(low + (high - low) * float(torch.rand(1, generator=dice)))
        return _mirrored(part) if float(torch.rand(1, generator=dice)) < 0.5 else part


def _tracks(take: Recording) -> list[_Track]:
    tracks: list[_Track] = []
    step = float(np.median(np.diff(take.times_s))) if len(take) > 1 else 0.0
    if step <= 0:
        return tracks
    known = np.isfinite(take.xyz_m[:, PELVIS]).all(-1)
    for view in range(len(take.about.cameras)):
        seen = known & ((take.confidence[:, view, :BODY] > 0).sum(-1) >= _LEAST_BODY)
        local = take.xyz_m @ take.rotation[view].T + take.translation_m[view]
        for first, end in runs(seen):
            if end - first > 1:
                tracks.append(_Track(
                    torch.from_numpy(np.nan_to_num(take.rays[first:end, view])).float(),
                    torch.from_numpy(take.confidence[first:end, view]).float(),
                    torch.from_numpy(local[first:end]).float(),
                    torch.from_numpy(take.rotation[view][:, 2].copy()).float(),
                    step, take.about.mediapipe,
                ))  # fmt: skip
    return tracks


def _seen(track: _Track, at: Tensor, step_s: float) -> Seen:
    """Frames of a track as they were seen; without a batch axis."""
    sure = track.confidence[at]
    return Seen(
        track.rays[at].clone(), sure > 0, sure.clone(), torch.tensor(step_s),
        torch.tensor(track.mediapipe), torch.tensor(1.0), track.xyz_m[at].clone(), track.up.clone(),
    )  # fmt: skip


@cache
def _other_side() -> Tensor:
    return torch.tensor(POINTS.mirror)


def _mirrored(seen: Seen) -> Seen:
    """The same in a mirror: left is right."""
    other = _other_side()
    flip = torch.tensor([-1.0, 1.0, 1.0])
    return Seen(
        seen.rays[..., other, :] * flip[:2], seen.valid[..., other], seen.confidence[..., other],
        seen.step_s, seen.mediapipe, seen.focal, seen.xyz_m[..., other, :] * flip, seen.up * flip,
    )  # fmt: skip
