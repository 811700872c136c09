"""A world of one's own for a rig that is there: by board, clicks, feet, tape; undone by undo."""

from __future__ import annotations

import json

import filmed
import numpy as np
import pytest

from studio.cli import main
from studio.core.errors import StudioError
from studio.core.types import CameraRig
from studio.document.document import Document
from studio.document.folder import Assets
from studio.document.project import Project, RigItem
from studio.features.calibrate.floor import (
    boards_of,
    by_board,
    by_clicks,
    by_feet,
    by_length,
    set_floor,
)
from studio.features.calibrate.params import Click
from studio.features.calibrate.result import Inputs
from studio.features.calibrate.step import Step
from studio.media.formats.rigs import read_rig, write_rig
from studio.vision.camera import project

FLOOR = np.array([[0.1, -0.3, 0.0], [0.6, -0.3, 0.0], [0.1, 0.4, 0.0]])


def clicked(rig: CameraRig, scale: float = 1.0) -> tuple[Click, ...]:
    """The three points of the floor as every camera sees them."""
    return tuple(
        Click(point=number, camera=camera.name, x_px=float(x), y_px=float(y))
        for camera in rig.cameras
        for number, (x, y) in enumerate(project(camera, scale * FLOOR))
    )


@pytest.fixture
def assets(tmp_path):
    return Assets(tmp_path / "assets")


@pytest.fixture
def item(session, solved, assets) -> RigItem:
    return Step().pack(Inputs(), session.params(), solved[0], assets, 1.0).items[0]


def lying(item: RigItem, assets: Assets) -> int:
    """The last moment: the board lies 0.3 m over the floor of the truth."""
    return max(boards_of(assets.arrays(item.views)))


def test_the_board_lying_on_the_floor_becomes_the_floor(session, item, assets):
    moment = lying(item, assets)
    floor = by_board(item.rig(), assets.arrays(item.views), moment)
    placed = set_floor(item, floor, assets)
    for camera in session.rig.cameras:
        assert placed.rig()[camera.name].centre_m[2] == pytest.approx(camera.centre_m[2] - 0.3,
                                                                      abs=0.006)  # fmt: skip
    corners = boards_of(assets.arrays(placed.views))[moment]
    assert np.abs(corners[:, 2]).max() < 1e-6
    mm, degrees = filmed.apart(placed.rig(), session.rig)
    assert mm < 2
    assert degrees < 0.08
    assert placed.trust.since == ("Floor set under the board, at 25.0 s.",)
    assert placed.recipe.params["world"] == "board"
    assert placed.trust.held_out_mm == pytest.approx(item.trust.held_out_mm)
    with pytest.raises(StudioError, match="not known"):
        by_board(item.rig(), assets.arrays(item.views), 999)


def test_a_floor_is_a_step_that_can_be_undone(session, item, assets):
    document = Document()
    document.replace(Project(items=(item,)))
    floor = by_board(item.rig(), assets.arrays(item.views), lying(item, assets))
    placed = set_floor(item, floor, assets)
    document.edit("Set the floor", lambda project: project.with_items([placed]))
    assert document.project.get(item.id, RigItem).cameras == placed.cameras
    document.undo()
    assert document.project.get(item.id, RigItem) == item


def test_how_sure_a_camera_is_turns_with_the_world(item, assets):
    floor = by_board(item.rig(), assets.arrays(item.views), lying(item, assets))
    placed = set_floor(item, floor, assets)
    for old, new in zip(item.trust.cameras, placed.trust.cameras, strict=True):
        assert np.linalg.norm(old.centre_mm) == pytest.approx(np.linalg.norm(new.centre_mm))


def test_three_clicked_points_are_the_floor(session, assets):
    rig = RigItem.of("Rig", session.rig)
    placed = set_floor(rig, by_clicks(session.rig, clicked(session.rig)), assets).rig()
    for camera in session.rig.cameras:
        assert np.allclose(placed[camera.name].centre_m, camera.centre_m - FLOOR[0], atol=1e-4)
    with pytest.raises(StudioError, match="third point of the floor was clicked in 0"):
        by_clicks(session.rig, [c for c in clicked(session.rig) if c.point < 2])


def test_a_tape_scales_the_world_and_what_is_known_of_it(item, assets):
    placed = set_floor(item, by_length(2.0, 1.0, "cam1 to cam2"), assets)
    a, b = (rig.rig()["cam1"].centre_m - rig.rig()["cam2"].centre_m for rig in (placed, item))
    assert np.linalg.norm(a) == pytest.approx(2 * np.linalg.norm(b))
    assert placed.trust.held_out_mm == pytest.approx(2 * item.trust.held_out_mm)


def test_without_a_person_there_are_no_feet(session):
    with pytest.raises(StudioError, match="no tracked person"):
        by_feet(session.rig, None)


def test_a_rig_file_gets_another_world(session, tmp_path, capsys):
    path, out = tmp_path / "in.toml", tmp_path / "out.toml"
    write_rig(path, session.rig, "Pose2Sim TOML")
    points = [f"{c.point}:{c.camera}:{c.x_px:.6f},{c.y_px:.6f}" for c in clicked(session.rig)]
    said = ["calibrate", "--rig", str(path), "--world", "points", "--floor-points", *points]
    assert main([*said, "--between", "0", "1", "--measured-m", "1.0", "--out", str(out),
                 "--json"]) == 0  # fmt: skip
    assert json.loads(capsys.readouterr().out)["scale"] == pytest.approx(2.0, abs=1e-3)
    found = read_rig(out).rig
    for camera in session.rig.cameras:
        true = 2 * (camera.centre_m - FLOOR[0])
        assert np.allclose(found[camera.name].centre_m, true, atol=2e-3)
    assert main(["calibrate", "--rig", str(path)]) == 1
    assert "--world points" in capsys.readouterr().err
