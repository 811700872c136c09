"""What is worn is chosen by itself until somebody chooses."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.ui.catalogue import outfit as module
from studio.ui.catalogue.outfit import Outfit

FACE = frozenset({"glasses", "sunglasses", "hat"})
FEET = frozenset({"shoes"})


@pytest.fixture
def outfit(qtbot, studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outfit:
    monkeypatch.setenv("DOPPEL_DATA_DIR", str(tmp_path / "data"))
    made = Outfit(studio)
    qtbot.addWidget(made)
    qtbot.waitUntil(lambda: made.worn == ("cat_eye",), timeout=20000)
    return made


def test_what_fits_the_picture_is_worn_until_somebody_chooses(
    outfit: Outfit, studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    outfit.see(FEET)
    now[0] += 1
    outfit.see(FEET)
    assert outfit.worn == ("cat_eye",)  # a face may come back
    outfit.see(FACE)
    now[0] += 2
    outfit.see(FEET)
    assert outfit.worn == ("cat_eye",)
    now[0] += 2
    outfit.see(FEET)
    assert outfit.worn == ("sneakers",)
    assert studio.settings.value.worn == ()  # nobody has chosen them
    outfit.see(frozenset())
    now[0] += 9
    outfit.see(frozenset())
    assert outfit.worn == ("sneakers",)
    outfit.pick("fedora")
    assert set(outfit.worn) == {"sneakers", "fedora"}
    outfit.pick("sneakers")
    for _ in range(3):
        outfit.see(FEET)
        now[0] += 9
    assert outfit.worn == ("fedora",)
