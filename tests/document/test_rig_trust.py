"""A calibration keeps what it is worth; a take remembers the cameras that filmed it."""

import math

import numpy as np
import pytest

from studio.core.calibration import Dropped, Gate, HeldOut, Solution, Spread, Target, View
from studio.document.project import CameraItem, Clip, Project, RigItem, TakeItem
from studio.document.trust import ErrorBar, Trust, known
from studio.vision.calibration.trust.uncertainty import Bar
from studio.vision.ring import ring_rig

RIG = ring_rig(2)


def moved(rig_item: RigItem, mm: float) -> RigItem:
    first, *rest = rig_item.cameras
    shifted = first.model_copy(
        update={"translation_m": (first.translation_m[0] + mm / 1000, *first.translation_m[1:])}
    )
    return rig_item.model_copy(update={"cameras": (shifted, *rest)})


def take(rig: str | None = None) -> TakeItem:
    clips = tuple(
        Clip(camera=c.name, path=f"{c.name}.mp4", size_px=(960, 720), rate_hz=30, frames=3)
        for c in RIG.cameras
    )
    return TakeItem(name="Walk", clips=clips, rig=rig)


def solution() -> Solution:
    nothing = np.full(3, np.nan)
    spread = Spread(np.array([0.1, 0.2, 0.9]), nothing, np.full(2, np.nan), np.ones(2), np.zeros(5))
    return Solution(
        RIG,
        Target("board", np.zeros((4, 3))),
        (View(RIG.names[0], 3, np.arange(4), np.zeros((4, 2)), 3),),
        {3: np.eye(4)},
        0.31,
        {RIG.names[0]: 0.3},
        HeldOut(0.42, 1.1, {RIG.names[0]: 0.4}, (9,), math.nan, math.nan),
        {RIG.names[0]: spread},
        np.zeros((12, 12)),
        dropped=(Dropped(5, RIG.names[1], "the board is bent", 9.0, 55),),
        refined=(RIG.names[0],),
    )


def test_trust_survives_a_trip_through_json_and_holds_no_nan():
    gate = Gate("floor", "Cameras above the floor", "stop", "one is under it", "cam2", "Set it.")
    bar = Bar("centre", np.array([0, 0, 1.0]), np.eye(3), 1.2, math.nan, 2)
    trust = Trust.of(solution(), (gate,), (bar,), "charuco:6x4:110mm:DICT_4X4_50")
    assert Trust.model_validate_json(trust.model_dump_json()) == trust
    first, second = trust.cameras
    assert first.centre_mm == (0.1, 0.2, 0.9)
    assert first.rotation_deg == (None, None, None)
    assert first.refined
    assert trust.bars == (ErrorBar(place="centre", xyz_m=(0, 0, 1), mm=1.2, cameras=2),)
    assert second.rmse_px is None
    assert trust.bias_mm is None
    assert trust.dropped[0].frame == 55
    assert trust.stopped[0].remedy == "Set it."
    assert (trust.views, trust.moments) == (1, 1)


def test_overruling_names_the_gates_the_reason_and_the_time():
    gate = Gate("floor", "Cameras above the floor", "stop", "one is under it")
    record = Trust.of(solution(), (gate, Gate("x", "X", "good", "fine"))).overrule("  Ceiling rig ")
    assert record.overruled.gates == ("floor",)
    assert record.overruled.reason == "Ceiling rig"
    assert record.overruled.when.endswith("+00:00")


@pytest.mark.parametrize(("value", "kept"), [(1.5, 1.5), (math.nan, None), (math.inf, None)])
def test_unknown_figures_are_none(value, kept):
    assert known(value) == kept


def test_a_take_remembers_the_cameras_it_was_linked_with():
    rig = RigItem.of("Rig", RIG)
    project = Project().with_items([rig]).with_items([take(rig.id)])
    filmed = project.newest(TakeItem)
    assert filmed.filmed_with == rig.cameras
    assert project.moved_since(filmed) == ""
    again = project.with_items([moved(rig, 31.0)])
    filmed = again.newest(TakeItem)
    assert filmed.filmed_with == rig.cameras, "the snapshot stays"
    assert again.moved_since(filmed) == (
        f"Calibrated again since: {RIG.names[0]} by 31.0 mm and 0.00°."
    )


def test_an_old_take_without_a_snapshot_gets_that_of_the_rig_before_it_changes():
    rig = RigItem.of("Rig", RIG)
    old = Project(items=(rig, take(rig.id)))
    changed = old.with_items([moved(rig, 5.0)])
    assert changed.newest(TakeItem).filmed_with == rig.cameras


def test_linking_another_rig_takes_another_snapshot():
    one, other = RigItem.of("One", RIG), moved(RigItem.of("Other", RIG), 9.0)
    project = Project().with_items([one, other]).with_items([take(one.id)])
    linked = project.newest(TakeItem).model_copy(update={"rig": other.id})
    assert project.with_items([linked]).newest(TakeItem).filmed_with == other.cameras


def test_a_lens_or_another_set_of_cameras_is_told():
    rig = RigItem.of("Rig", RIG)
    project = Project().with_items([rig, take(rig.id)])
    first, *rest = rig.cameras
    lens = rig.model_copy(
        update={"cameras": (first.model_copy(update={"distortion": (0.1,) * 4}), *rest)}
    )
    told = project.with_items([lens])
    assert "in its lens" in told.moved_since(told.newest(TakeItem))
    fewer = project.with_items([rig.model_copy(update={"cameras": rig.cameras[:1]})])
    assert "other cameras" in fewer.moved_since(fewer.newest(TakeItem))


def test_only_accepted_rigs_are_used():
    good = RigItem.of("Good", RIG)
    doubtful = RigItem.of("Doubtful", RIG).model_copy(update={"accepted": False})
    assert Project().with_items([good, doubtful]).usable_rig() == good
    assert Project().with_items([doubtful]).usable_rig() is None


def test_camera_items_compare_by_value():
    assert tuple(map(CameraItem.of, RIG.cameras)) == RigItem.of("Rig", RIG).cameras
