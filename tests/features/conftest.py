"""A studio without a window, and the panels of its features."""

from __future__ import annotations

import gc

import pytest

from studio.core.settings import SettingsFile
from studio.registry import discover
from studio.ui import theme
from studio.ui.studio import Studio


@pytest.fixture
def studio(qapp, tmp_path, monkeypatch):
    """With data of its own."""
    monkeypatch.setenv("DOPPEL_DATA_DIR", str(tmp_path / "data"))
    theme.apply("dark")
    made = Studio(discover(), SettingsFile())
    yield made
    made.close()
    qapp.processEvents()
    gc.collect()


@pytest.fixture
def shown(qtbot, studio):
    """Shows a panel of a feature, of that many pixels, loaded."""

    def show(panel_class, feature: str, width: int, height: int, timeout: int = 60_000):
        panel = panel_class(studio, studio.registry[feature])
        qtbot.addWidget(panel)
        panel.resize(width, height)
        panel.show()
        qtbot.waitUntil(lambda: panel.loaded, timeout=timeout)
        return panel

    return show
