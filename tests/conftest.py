"""What every test may use: footage if it is there, private settings, one CPU thread for torch."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tests import shapes_checked

shapes_checked.install()

# Before torch and NumPy are loaded: small products are slower on two threads than on one.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Tests that run side by side have a screen each: the focus and the pointer are one per screen.
_SCREENS = os.environ.get("DOPPEL_TEST_SCREENS", "").split()
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
if _SCREENS and _WORKER:
    os.environ["DISPLAY"] = _SCREENS[int(_WORKER.removeprefix("gw")) % len(_SCREENS)]

# A property is not false because the machine was busy; pytest-timeout ends what hangs. The same
# examples every time: DOPPEL_HYPOTHESIS=explore looks for new ones.
settings.register_profile("studio", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=500)
settings.load_profile(os.environ.get("DOPPEL_HYPOTHESIS", "studio"))

_SHARED = Path(__file__).parents[2] / "shared"
FOOTAGE = Path(os.environ.get("DOPPEL_FOOTAGE", _SHARED / "footage"))


@pytest.fixture(scope="session")
def footage() -> Callable[[str], Path]:
    """``footage("mv_pose2sim")`` is a folder of real data, or the test is skipped."""

    def find(name: str) -> Path:
        folder = FOOTAGE / name
        if not folder.is_dir():
            pytest.skip(f"real footage {name} is not beside the project")
        return folder

    return find


@pytest.fixture(scope="session")
def makehuman() -> Callable[[str], Path]:
    """``makehuman("clothes/shoes01")`` is a real asset's folder, or the test is skipped."""
    home = Path(os.environ.get("DOPPEL_MAKEHUMAN", _SHARED / "makehuman_cc0"))

    def find(name: str) -> Path:
        if not (home / name).exists():
            pytest.skip(f"MakeHuman's asset {name} is not beside the project")
        return home / name

    return find


@pytest.fixture(autouse=True)
def private_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's own settings."""
    monkeypatch.setenv("DOPPEL_CONFIG_DIR", str(tmp_path / "config"))


@pytest.fixture
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, but for what takes a minute to make and is always the same."""
    from studio.core.folders import cache_folder

    own = tmp_path / "cache"
    own.mkdir()
    for name in ("anny", "key_poses", "places", "wardrobe"):
        kept = cache_folder(name)
        kept.mkdir(parents=True, exist_ok=True)
        (own / name).symlink_to(kept, target_is_directory=True)
    monkeypatch.setenv("DOPPEL_CACHE_DIR", str(own))
    return own


@pytest.fixture(scope="module", autouse=True)
def imports_set_aside() -> None:
    """What was imported stays: to look through it for garbage after every window took a second.

    A studio that is closed takes it back (:mod:`studio.ui.gc_guard`), so every module looks again.
    """
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()
