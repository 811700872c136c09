"""One small session of three cameras, filmed once, with its lenses in a file."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import filmed

from studio.core.types import CameraRig
from studio.features.calibrate.engine import calibrate
from studio.features.calibrate.look import Seen
from studio.features.calibrate.params import Params
from studio.features.calibrate.result import Calibrated, Inputs
from studio.jobs import Context, run
from studio.media.formats.rigs import write_rig


@dataclass(frozen=True)
class Session:
    """Folders of pictures, the lenses' file, and the truth."""

    paths: tuple[Path, ...]
    lenses: Path
    rig: CameraRig
    poses: np.ndarray

    def params(self, **more: object) -> Params:
        """Params that take the lenses from the file."""
        said = {"paths": self.paths, "board": filmed.SPEC, "intrinsics": self.lenses,
                "refine": "never", **more}  # fmt: skip
        return Params.model_validate(said)


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("board session")
    rig, poses = filmed.rig(), filmed.poses(26)
    lenses = folder / "lenses.rig.json"
    write_rig(lenses, rig)
    return Session(filmed.film(folder, rig, poses), lenses, rig, poses)


@pytest.fixture(scope="session")
def solved(session: Session) -> tuple[Calibrated, list[Seen]]:
    """The session solved once, and everything that was shown meanwhile."""
    live: list[Seen] = []
    return run(calibrate(session.params(), Inputs(), Context()), live.append), live
