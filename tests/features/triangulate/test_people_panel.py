"""People put right by hand: exchanged, joined, split, renamed, removed; undo takes it back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from walking_people import COCO, walker

from studio.core.errors import StudioError
from studio.core.settings import SettingsFile
from studio.core.types import Motion
from studio.document.data import motion_arrays, motion_from
from studio.document.project import MotionItem, PersonMark
from studio.registry import discover
from studio.ui.studio import Studio
from studio.vision.people.edit import exchanged, joined, split


def motion(xyz: np.ndarray, first: int = 0) -> Motion:
    ones = np.ones(xyz.shape[:2])
    times = (first + np.arange(len(xyz))) / 30
    return Motion(COCO, times, xyz, ones / 100, ones, 4 * ones.astype(int), ones < 0)


ONE, OTHER = motion(walker((-1, 0), (1, 0))), motion(walker((0, -1), (0, 1)))


def test_exchanging_twice_changes_nothing() -> None:
    a, b = exchanged(*exchanged(ONE, OTHER, 1.0), 1.0)
    np.testing.assert_array_equal(a.xyz_m, ONE.xyz_m)
    np.testing.assert_array_equal(b.xyz_m, OTHER.xyz_m)


def test_identities_change_places_from_a_time_on() -> None:
    a, b = exchanged(ONE, OTHER, 1.0)
    np.testing.assert_array_equal(a.xyz_m[:30], ONE.xyz_m[:30])
    np.testing.assert_array_equal(a.xyz_m[30:], OTHER.xyz_m[30:])
    np.testing.assert_array_equal(b.xyz_m[30:], ONE.xyz_m[30:])
    assert len(a) == len(b) == 60


def test_what_is_split_and_joined_is_whole() -> None:
    before, after = split(ONE, 0.5)
    assert (len(before), len(after)) == (15, 45)
    np.testing.assert_array_equal(joined(after, before).xyz_m, ONE.xyz_m)
    with pytest.raises(StudioError, match="Nobody"):
        split(ONE, 10.0)


def test_where_both_are_there_the_first_counts() -> None:
    whole = joined(ONE, motion(OTHER.xyz_m, first=30))
    assert len(whole) == 90
    np.testing.assert_array_equal(whole.xyz_m[:60], ONE.xyz_m)
    np.testing.assert_array_equal(whole.xyz_m[60:], OTHER.xyz_m[30:])


@pytest.fixture
def panel(qtbot: Any, tmp_path: Any, private_cache: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    from studio.features.triangulate.panel import Panel

    monkeypatch.setenv("DOPPEL_DATA_DIR", str(tmp_path / "data"))
    studio = Studio(discover(), SettingsFile(tmp_path / "settings.toml"))
    items = [
        MotionItem(
            id=f"p{n}", name=f"Person {n}, Dance in 3D", layout=COCO.name,
            data=studio.assets.put_arrays(motion_arrays(track)),
            person=PersonMark(group="g", number=n),
        )
        for n, track in ((1, ONE), (2, OTHER))
    ]  # fmt: skip
    studio.document.edit("Triangulate", lambda project: project.with_items(items))
    made = Panel(studio, studio.registry["triangulate"])
    qtbot.addWidget(made)
    qtbot.waitUntil(lambda: made.loaded and not studio.watch.busy, timeout=60000)
    yield made
    studio.close()


def values(panel: Any, id: str) -> np.ndarray:
    item = panel.studio.project.get(id, MotionItem)
    return motion_from(panel.studio.assets.arrays(item.data), COCO).xyz_m


def choose(panel: Any, *rows: int) -> None:
    for row in range(panel.people.count()):
        panel.people.item(row).setSelected(row in rows)


def test_people_are_put_right_and_undo_takes_it_back(panel: Any) -> None:
    studio = panel.studio
    assert [panel.people.item(row).text() for row in range(2)] == ["Person 1", "Person 2"]
    assert not panel.swap_button.isEnabled()
    choose(panel, 0, 1)
    assert set(studio.selection.ids) == {"p1", "p2"}
    studio.playhead_s = 1.0
    panel.swap_button.click()
    np.testing.assert_allclose(values(panel, "p1")[30:], OTHER.xyz_m[30:], atol=1e-6)
    assert studio.document.undo() == "Swap Person 1 and Person 2 from 1.00 s"
    np.testing.assert_allclose(values(panel, "p1"), ONE.xyz_m, atol=1e-6)

    choose(panel, 0)
    panel.split_button.click()
    assert [item.person.number for item in panel.items] == [1, 2, 3]
    assert len(values(panel, "p1")) == 30
    assert panel.items[2].name == "Person 3, Dance in 3D"
    choose(panel, 0, 2)
    panel.join_button.click()
    assert [item.id for item in panel.items] == ["p1", "p2"]
    np.testing.assert_allclose(values(panel, "p1"), ONE.xyz_m, atol=1e-6)

    panel.people.item(1).setText("Ada, the dancer")
    assert studio.project.get("p2", MotionItem).name == "Ada the dancer, Dance in 3D"
    choose(panel, 1)
    panel.remove_button.click()
    assert [item.id for item in panel.items] == ["p1"]
    assert studio.document.undo() == "Remove Ada the dancer"
    assert len(panel.items) == 2


def test_what_cannot_be_done_is_said_and_changes_nothing(panel: Any) -> None:
    choose(panel, 0)
    panel.studio.playhead_s = 20.0
    before = panel.studio.project
    panel.split_button.click()
    assert panel.studio.project == before
