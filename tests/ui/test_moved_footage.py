"""A project whose footage was moved says so, and is made whole again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog, QPushButton

from studio.core.pictures import write_picture
from studio.document.project import Clip, TakeItem
from studio.ui.moved_footage import MovedFootage
from studio.ui.toasts import Banners


def film(folder: Path, frames: int = 2, wide: int = 8) -> Path:
    folder.mkdir(parents=True)
    for k in range(frames):
        write_picture(folder / f"{k:03d}.png", np.full((6, wide, 3), 20 * k, np.uint8))
    return folder


def idle(qtbot, studio) -> None:
    qtbot.waitUntil(lambda: not studio.watch.busy, timeout=5000)


@pytest.fixture
def moved(qtbot, studio, tmp_path):
    """A studio, what it says, and a take whose two cameras' pictures are where they were."""
    banners = Banners(studio.notices)
    qtbot.addWidget(banners)
    banners.show()
    paths = [film(tmp_path / "old" / name) for name in ("cam1", "cam2")]
    clips = tuple(
        Clip(camera=p.name, path=str(p), size_px=(8, 6), rate_hz=30.0, frames=2) for p in paths
    )
    studio.document.edit("Add", lambda p: p.with_items([TakeItem(name="walk", clips=clips)]))
    studio.projects.save()
    idle(qtbot, studio)
    return MovedFootage(studio, banners), banners


def paths_of(studio) -> list[str]:
    return [clip.path for clip in studio.project.all(TakeItem)[0].clips]


def test_footage_that_is_there_is_not_talked_about(qtbot, studio, moved) -> None:
    finder, banners = moved
    finder.look()
    idle(qtbot, studio)
    assert banners.cards() == []


def test_moved_footage_is_found_in_one_step_that_can_be_undone(
    qtbot, studio, moved, tmp_path: Path
) -> None:
    finder, banners = moved
    (tmp_path / "old").rename(tmp_path / "new")
    studio.projects.open(studio.projects.folder.path)
    idle(qtbot, studio)
    (card,) = banners.cards()
    assert card.notice.message == "2 files of this project are not where they were."
    assert "“cam1”, “cam2”" in card.notice.hint
    finder.find(tmp_path)
    idle(qtbot, studio)
    assert paths_of(studio) == [str(tmp_path / "new" / name) for name in ("cam1", "cam2")]
    assert banners.cards() == []
    assert studio.notices.shown[-1].message.startswith("Found 2 files in")
    studio.document.undo()
    assert paths_of(studio) == [str(tmp_path / "old" / name) for name in ("cam1", "cam2")]


def test_another_take_of_the_same_name_is_left_alone(qtbot, studio, moved, tmp_path: Path) -> None:
    finder, banners = moved
    (tmp_path / "old" / "cam1").rename(tmp_path / "cam1")
    (tmp_path / "old").rename(tmp_path / "away")
    film(tmp_path / "away" / "cam1", wide=10)
    finder.find(tmp_path)
    idle(qtbot, studio)
    assert paths_of(studio) == [str(tmp_path / "cam1"), str(tmp_path / "away" / "cam2")]
    film(tmp_path / "else" / "cam1", frames=9)
    (tmp_path / "cam1").rename(tmp_path / "hidden")
    studio.footage_missed.emit()
    idle(qtbot, studio)
    finder.find(tmp_path)
    idle(qtbot, studio)
    told = studio.notices.shown[-1]
    assert told.message.startswith("Found 0 of 1 file")
    assert "another size or length" in told.hint
    assert len(banners.cards()) == 1


def test_looking_nowhere_leaves_the_question_open(
    qtbot, studio, moved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder, banners = moved
    (tmp_path / "old").rename(tmp_path / "new")
    finder.look()
    idle(qtbot, studio)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    (button,) = [b for b in banners.cards()[0].findChildren(QPushButton) if "Find" in b.text()]
    button.click()
    idle(qtbot, studio)
    assert [card.notice.level for card in banners.cards()] == ["look"]
