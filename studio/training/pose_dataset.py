"""Takes of real people as truth for lifting: what each camera saw, and where the points were.

::

    NAME/poses.json               format, and whose footage it is (a licence, a consent)
    NAME/TAKE/take.json           who it is, whether kept for tests, what was measured
    NAME/TAKE/poses.npz           the arrays below; float32
    NAME/TAKE/rig.toml            the calibration, for people and other programs

Truth comes from several cameras, points only where enough of them agree ("meta" truth; Iskakov et
al. 2019 train on such). Points are the 137 of OpenPose, joints at their centres; what was not seen,
or not agreed upon, is missing: confidence 0, NaN. Rays are x / z and y / z of undistorted pictures.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from studio.core.errors import StudioError
from studio.core.files import natural_key, read_text, write_whole
from studio.perception.lifting.normalise import POINTS
from studio.training.collection import Collection

COUNT = len(POINTS)
_ABOUT, _ARRAYS = "take.json", "poses.npz"
_AGAIN = "Take the footage into the dataset again, or restore the file."


@dataclass(frozen=True)
class About:
    """Who is recorded, and how. ``held_out`` takes are never learned from; ``mediapipe`` is whose
    way of marking points it is; ``reprojection_px`` and ``error_mm`` are medians."""

    person: str
    held_out: bool
    mediapipe: bool
    cameras: tuple[str, ...]
    frames: int
    poses: int
    reprojection_px: float
    error_mm: float


@dataclass(frozen=True, eq=False)
class Recording:
    """One person's take. Rotation and translation bring world points (metres, z up) into a
    camera's axes (x right, y down, z ahead); ``views`` counts the cameras that agree on a point."""

    about: About
    times_s: Float[np.ndarray, " frames"]
    rays: Float[np.ndarray, "frames cameras 137 2"]
    confidence: Float[np.ndarray, "frames cameras 137"]
    rotation: Float[np.ndarray, "cameras 3 3"]
    translation_m: Float[np.ndarray, "cameras 3"]
    xyz_m: Float[np.ndarray, "frames 137 3"]
    views: Int[np.ndarray, "frames 137"]

    def __len__(self) -> int:
        return len(self.times_s)


class PoseDataset(Collection):
    """A folder of takes. ``origin`` says whose they are and who may use them."""

    index, kind, holds = "poses.json", "pose dataset", "poses"
    made_with = "Choose a folder made with “Pose dataset” or doppel dataset."
    restored = _AGAIN

    @classmethod
    def create(cls, path: Path, origin: str = "") -> PoseDataset:
        """A new folder, or the one that is there already; it takes over a new ``origin``.

        Raises StudioError if it holds something else.
        """
        made = super().create(path, origin)
        if origin and made.origin != origin:
            made.origin = origin
            made.save_index()
        return made

    def names(self) -> tuple[str, ...]:
        """The names of its takes, as people count."""
        found = [p.parent.name for p in self.path.glob(f"*/{_ABOUT}")]
        return tuple(sorted(found, key=natural_key))

    def about(self, name: str) -> About:
        """What is known of a take without reading its arrays."""
        path = self.path / name / _ABOUT
        try:
            raw = _json(path)
            return About(
                str(raw["person"]), bool(raw["held_out"]), bool(raw["mediapipe"]),
                tuple(str(name) for name in raw["cameras"]), int(raw["frames"]),
                int(raw["poses"]), float(raw["reprojection_px"]), float(raw["error_mm"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(path) from error

    def read(self, name: str) -> Recording:
        """A take. Raises StudioError if it is not there or damaged."""
        about, path = self.about(name), self.path / name / _ARRAYS
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {key: file[key] for key in file.files}
            made = Recording(
                about, arrays["times_s"].astype(float), arrays["rays"].astype(float),
                arrays["confidence"].astype(float), arrays["rotation"].astype(float),
                arrays["translation_m"].astype(float), arrays["xyz_m"].astype(float),
                arrays["views"].astype(int),
            )  # fmt: skip
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise _damaged(path) from error
        seen = (len(made), len(about.cameras), COUNT)
        if made.rays.shape != (*seen, 2) or made.confidence.shape != seen:
            raise _damaged(path)
        if made.xyz_m.shape != (len(made), COUNT, 3) or made.views.shape != (len(made), COUNT):
            raise _damaged(path)
        return made

    def add(self, name: str, recording: Recording) -> str:
        """Write a take under a name, made unique; the name it got."""
        plain = re.sub(r"[^\w .()-]", "_", name).strip(" .") or "take"
        free, number = plain, 2
        while (self.path / free).exists():
            free, number = f"{plain} {number}", number + 1
        packed = io.BytesIO()
        np.savez_compressed(
            packed, times_s=recording.times_s, views=recording.views.astype(np.int16),
            **{key: getattr(recording, key).astype(np.float32)
               for key in ("rays", "confidence", "rotation", "translation_m", "xyz_m")},
        )  # fmt: skip
        write_whole(self.path / free / _ARRAYS, packed.getvalue())
        about = json.dumps(asdict(recording.about), indent=2, ensure_ascii=False)
        write_whole(self.path / free / _ABOUT, about.encode())
        return free

    def takes(self, *, held_out: bool) -> tuple[Recording, ...]:
        """All takes that may be learned from, or those that are kept for tests."""
        some = [name for name in self.names() if self.about(name).held_out == held_out]
        return tuple(self.read(name) for name in some)


def alike(takes: Sequence[About]) -> tuple[str, ...]:
    """People who are both learned from and kept for tests: their tests prove little."""
    parts = [{take.person for take in takes if take.held_out == kept} for kept in (True, False)]
    return tuple(sorted(parts[0] & parts[1], key=natural_key))


def _json(path: Path) -> dict[str, Any]:
    try:
        raw: Any = json.loads(read_text(path, "the description"))
        return dict(raw)
    except (ValueError, TypeError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> StudioError:
    return StudioError(
        f"“{path.parent.name}/{path.name}” is damaged.",
        _AGAIN,
    )
