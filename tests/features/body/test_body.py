"""``doppel body``: what is refused, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.features.body.command import main
from studio.features.body.engine import Inputs, reconstruct
from studio.features.body.params import Params
from studio.jobs import Context, run
from studio.ui.drop import wanting


def test_nothing_to_write_is_said(tmp_path: Path):
    with pytest.raises(StudioError, match="nothing to write"):
        main((tmp_path / "a.png",))
    with pytest.raises(StudioError, match="ending"):
        main((tmp_path / "a.png",), out=tmp_path / "a.fbx")


@pytest.mark.parametrize("wrong", [{"height_m": 9.0}, {"texture_px": 64}, {"triangles": 10}])
def test_values_out_of_range_are_said(tmp_path: Path, wrong: dict[str, float]):
    with pytest.raises(StudioError, match=next(iter(wrong)).split("_")[0]):
        main((tmp_path / "a.png",), out=tmp_path / "a.glb", **wrong)  # pyright: ignore


def test_photographs_must_be_there(tmp_path: Path):
    with pytest.raises(StudioError, match="no photograph"):
        run(reconstruct(Params(), Inputs(), Context()))
    with pytest.raises(StudioError, match="many"):
        run(reconstruct(Params(photos=(tmp_path / "a.png",) * 13), Inputs(), Context()))
    with pytest.raises(StudioError, match="design"):
        run(reconstruct(
            Params(photos=(tmp_path / "a.png",), head=tmp_path / "h.glb"), Inputs(), Context()
        ))  # fmt: skip


def test_photographs_go_to_the_panel_that_is_shown(studio):
    photo = Path("/x/somebody.JPG")
    assert wanting(studio, photo).id == "head"
    assert wanting(studio, photo, "body").id == "body"
    assert wanting(studio, photo, "export").id == "head", "exporting wants no photograph"
