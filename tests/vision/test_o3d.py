"""Open3D is imported though other threads import at the same time."""

from __future__ import annotations

import importlib

import pytest

from studio.vision import o3d


@pytest.fixture
def afresh(monkeypatch):
    """A process that has not imported it, and whose tries fail as told."""
    o3d.open3d.cache_clear()
    monkeypatch.setattr(o3d, "_WAIT_S", 0.0)
    tries = []

    def fails(errors):
        def one(name):
            tries.append(name)
            if len(tries) <= len(errors):
                raise errors[len(tries) - 1]
            return name

        monkeypatch.setattr(importlib, "import_module", one)
        return tries

    yield fails
    o3d.open3d.cache_clear()


def test_it_is_tried_again_while_others_import(afresh):
    tries = afresh([RuntimeError("dictionary changed size during iteration")] * 3)
    assert o3d.open3d() == "open3d"
    assert o3d.open3d() == "open3d"
    assert len(tries) == 4


def test_what_is_wrong_with_it_is_told(afresh):
    tries = afresh([RuntimeError("no libusb")])
    with pytest.raises(RuntimeError, match="libusb"):
        o3d.open3d()
    assert len(tries) == 1
    afresh([RuntimeError("dictionary changed size during iteration")] * 99)
    with pytest.raises(RuntimeError, match="changed size"):
        o3d.open3d()
