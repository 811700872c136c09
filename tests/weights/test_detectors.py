"""Which detector a backend is."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.perception.dope.network import DopeNetwork
from studio.perception.heatmaps.network import HeatmapsNetwork
from studio.perception.own import pack
from studio.perception.whole_body import Options
from studio.weights import detectors


def test_a_backend_makes_its_own_detector_for_each_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    for name in ("whole_body", "own"):
        monkeypatch.setattr(
            detectors, name, lambda options, name=name: made.append(f"{name} {options.people}")
        )
    for backend in ("mediapipe", "dope", "dope"):
        detectors.maker(backend, Options(people=3))()
    assert made == ["whole_body 3", "own 3", "own 3"]


def test_our_own_detector_is_named_after_its_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOPPEL_MODELS_DIR", str(tmp_path))
    for name, network in (("dope", DopeNetwork()), ("heatmaps", HeatmapsNetwork())):
        (tmp_path / name).mkdir()
        (tmp_path / name / "weights.safetensors").write_bytes(pack(network, {}))
        (tmp_path / name / "card.toml").write_text(f'name = "{name}"\nlicence = "Apache-2.0"\n')
    first = detectors.own(Options("fast", people=2))
    assert first.layout.name == "coco_133"
    assert first.identity != detectors.own(Options("balanced", people=2)).identity
    (tmp_path / "dope" / "weights.safetensors").write_bytes(pack(DopeNetwork(), {}))
    assert first.identity != detectors.own(Options("fast", people=2)).identity
    (tmp_path / "dope" / "weights.safetensors").write_bytes(b"")
    with pytest.raises(StudioError, match="cannot be read"):
        detectors.own()
