"""In what networks are computed, and that training and inference agree about it."""

from __future__ import annotations

import pytest
import torch

from studio.perception.own import quick_type
from studio.training.launch import choose_precision

ASKED = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")


@pytest.mark.parametrize("able", [*ASKED, None])
def test_bfloat16_where_a_processor_multiplies_in_it(monkeypatch, able):
    for asked in ASKED:
        monkeypatch.setattr(torch.cpu, asked, lambda found=asked == able: found)
    assert quick_type("cpu") is (torch.float32 if able is None else torch.bfloat16)
    assert choose_precision("auto", "cpu") == ("float32" if able is None else "bfloat16")
    assert choose_precision("float32", "cpu") == "float32"


def test_a_torch_that_cannot_tell_gets_float32(monkeypatch):
    for asked in ASKED:
        monkeypatch.delattr(torch.cpu, asked)
    assert quick_type("cpu") is torch.float32
    assert quick_type("cuda") is torch.bfloat16
