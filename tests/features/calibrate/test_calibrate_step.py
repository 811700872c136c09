"""In a project: packed, judged, accepted or not, solved again, and linked to the takes."""

from __future__ import annotations

import filmed
import pytest

from studio.core.calibration import Gate
from studio.core.errors import StudioError
from studio.document.folder import Assets
from studio.document.project import Clip, Project, RigItem, TakeItem
from studio.features.calibrate.accept import accept, predecessor
from studio.features.calibrate.engine import calibrate
from studio.features.calibrate.report import page
from studio.features.calibrate.result import Inputs
from studio.features.calibrate.step import Step, board_take, trust_of
from studio.jobs import Context, run

STOP = Gate("moved", "Cameras stood still", "stop", "Camera 2 was bumped.", "cam2", "Do it again.")


def take(name: str, cameras=("cam1", "cam2", "cam3"), rig: str | None = None) -> TakeItem:
    clips = tuple(
        Clip(camera=c, path=f"/{c}.mp4", size_px=(640, 480), rate_hz=30, frames=9) for c in cameras
    )
    return TakeItem(name=name, clips=clips, rig=rig)


def packed(session, solved, assets: Assets, *gates: Gate):
    from dataclasses import replace

    result = replace(solved[0], gates=(*gates, *solved[0].gates))
    return Step().pack(Inputs(), session.params(), result, assets, 1.0)


@pytest.fixture
def assets(tmp_path):
    return Assets(tmp_path / "assets")


def test_a_rig_waits_with_all_that_it_is_worth(session, solved, assets):
    rig = packed(session, solved, assets).items[0]
    assert isinstance(rig, RigItem)
    assert not rig.accepted
    assert rig.trust.held_out_px > 0
    assert len(rig.trust.cameras) == 3
    assert rig.trust.target == solved[0].board.spec
    assert rig.facts[0].label == "Accuracy"
    assert rig.recipe.feature == "calibrate"
    assert assets.path(rig.report).read_text("utf-8").startswith("<!doctype html>")


def test_what_was_seen_is_solved_again_without_looking(session, solved, assets):
    rig = packed(session, solved, assets).items[0]
    params = session.params(paths=(), found=rig.views.sha256, drop=("cam2",))
    shown = []
    result = run(calibrate(params, Inputs(assets=assets), Context()), shown.append)
    assert shown == []
    assert result.solution.rig.names == ("cam1", "cam3")


def test_a_camera_at_fault_can_be_left_out_with_one_button(session, solved, assets):
    offer = packed(session, solved, assets, STOP).offers[0]
    assert offer.button == "Solve without camera 2"
    assert offer.params.drop == ("cam2",)
    assert offer.params.found


def test_accepting_links_the_takes_of_these_cameras(session, solved, assets):
    rig = packed(session, solved, assets).items[0]
    project = Project().with_items([take("Walk"), take("Other", ("left", "right")), rig])
    after = accept(project, rig.id)
    linked, other = after.all(TakeItem)
    assert linked.rig == rig.id
    assert linked.filmed_with == rig.cameras
    assert other.rig is None
    assert after.usable_rig().id == rig.id


def test_a_stopped_one_is_refused_until_a_reason_is_given(session, solved, assets):
    rig = packed(session, solved, assets, STOP).items[0]
    project = Project().with_items([rig])
    with pytest.raises(StudioError, match="bumped") as error:
        accept(project, rig.id)
    assert "cam2" in error.value.message
    assert error.value.hint == "Do it again."
    assert project.usable_rig() is None
    after = accept(project, rig.id, "It was bumped after the take.")
    record = after.usable_rig().trust.overruled
    assert record.gates == ("moved",)
    assert record.reason == "It was bumped after the take."
    assert "Accepted on record" in page(solved[0], after.usable_rig().trust)


def test_a_newer_calibration_takes_the_place_of_the_older_one(session, solved, assets):
    old = packed(session, solved, assets).items[0]
    project = accept(Project().with_items([take("Walk"), old]), old.id)
    new = packed(session, solved, assets).items[0]
    moved = new.cameras[0].model_copy(update={"translation_m": (9.0, 9.0, 9.0)})
    new = new.model_copy(update={"cameras": (moved, *new.cameras[1:])})
    waiting = project.with_items([new])
    assert predecessor(waiting, new).id == old.id
    after = accept(waiting, new.id)
    assert [rig.id for rig in after.all(RigItem)] == [old.id]
    assert after.newest(RigItem).cameras[0].translation_m == (9.0, 9.0, 9.0)
    assert "cam1" in after.moved_since(after.newest(TakeItem))


def test_the_take_of_the_board_is_found(session):
    walk, board = take("Walk", rig="r"), take("Board take")
    assert board_take(Project(items=(board, walk)), ()) is board
    assert board_take(Project(items=(board, walk)), (walk.id,)) is walk
    assert board_take(Project(items=(walk,)), ()) is None


def test_the_report_tells_all_and_stands_alone(session, solved):
    html = page(solved[0], trust_of(solved[0]))
    for words in ("What it was tested for", "The cameras", "Who saw the board together",
                  "Where the board was seen", "What is left over", "Camera 3"):  # fmt: skip
        assert words in html
    assert html.count("<svg") >= 3 + 2 + 3
    assert "http" not in html.replace("http-equiv", "")
    assert filmed.SPEC.split(":")[3] in html or "ChArUco" in html


def test_the_report_tells_an_override(session, solved, assets):
    rig = packed(session, solved, assets, STOP).items[0]
    project = accept(Project(items=(rig,)), rig.id, "only a <test>", assets)
    told = project.all(RigItem)[0]
    before = assets.path(rig.report).read_text("utf-8")
    after = assets.path(told.report).read_text("utf-8")
    assert "Accepted on record" not in before
    assert "Accepted on record" in after
    assert "only a &lt;test&gt;" in after
    assert "set aside" in after
    assert after.count("What it was tested for") == 1
    assert after.endswith("</html>\n")
