"""Footage that was moved is found again by its name and its folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.document.moved import gone, look_for, moved
from studio.document.project import Clip, FileItem, Project, TakeItem


def clip(path: Path | str, camera: str = "cam") -> Clip:
    return Clip(camera=camera, path=str(path), size_px=(4, 3), rate_hz=30.0, frames=2)


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "mine.doppel"


def test_only_what_is_not_there_is_gone(tmp_path: Path, home: Path) -> None:
    there, near = touch(tmp_path / "a.mp4"), touch(home / "b.mp4")
    touch(tmp_path / "left" / "left01.jpg")
    lost = tmp_path / "c.mp4"
    take = TakeItem(name="t", clips=(clip(there), clip("b.mp4"), clip(lost),
                                     clip(tmp_path / "left" / "left*.jpg"),
                                     clip(tmp_path / "left" / "right*.jpg")))  # fmt: skip
    truth = FileItem(name="Truth", role="truth", path=str(tmp_path / "truth.npz"))
    again = FileItem(name="The same", role="truth", path=str(tmp_path / "truth.npz"))
    project = Project(name="p").with_items([take, truth, again])
    right = tmp_path / "left" / "right*.jpg"
    assert gone(project, home) == (lost, right, tmp_path / "truth.npz")
    assert near.is_file()


def test_the_folder_that_is_called_alike_is_taken(tmp_path: Path) -> None:
    new = tmp_path / "disk" / "shoot"
    touch(new / "walk" / "cam1.mp4")
    right = touch(new / "jump" / "cam1.mp4")
    old = Path("/gone/2024/jump/cam1.mp4")
    assert look_for([old], tmp_path) == {old: right}


def test_what_does_not_fit_is_left_alone(tmp_path: Path) -> None:
    first, second = touch(tmp_path / "a" / "cam1.mp4"), touch(tmp_path / "b" / "cam1.mp4")
    old = Path("/gone/a/cam1.mp4")
    assert look_for([old], tmp_path, lambda _, found: found != first) == {old: second}
    assert look_for([old], tmp_path, lambda *_: False) == {}


def test_picture_folders_and_patterns_are_found(tmp_path: Path) -> None:
    touch(tmp_path / "new" / "left" / "left01.jpg")
    touch(tmp_path / "new" / "Right" / "0001.png")
    pattern, folder = Path("/gone/left/left*.jpg"), Path("/gone/right")
    assert look_for([pattern, folder], tmp_path) == {
        pattern: tmp_path / "new" / "left" / "left*.jpg", folder: tmp_path / "new" / "Right",
    }  # fmt: skip
    assert look_for([pattern], tmp_path / "new" / "left")[pattern].parent.name == "left"


def test_paths_change_and_nothing_else(tmp_path: Path, home: Path) -> None:
    lost, now = tmp_path / "c.mp4", tmp_path / "new" / "c.mp4"
    take = TakeItem(name="t", clips=(clip(lost), clip("b.mp4", "other")))
    truth = FileItem(name="Truth", role="truth", path=str(tmp_path / "truth.npz"))
    project = Project(name="p").with_items([take, truth])
    found = {lost: now, home / "b.mp4": tmp_path / "new" / "b.mp4"}
    after = moved(project, home, found)
    assert [c.path for c in after.all(TakeItem)[0].clips] == [str(p) for p in found.values()]
    assert after.all(TakeItem)[0].id == take.id
    assert after.all(FileItem) == (truth,)
    assert moved(project, home, {}) is project
