"""Projects on disk: round trips, crashes, damage, newer versions, read-only folders, old files."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.document.folder import ProjectFolder
from studio.document.project import (
    VERSION,
    AvatarItem,
    DetectionsItem,
    FileItem,
    MotionItem,
    Project,
    RigItem,
    StageItem,
)

OLD = Path(__file__).parents[1] / "data" / "projects"


@pytest.fixture
def folder(tmp_path):
    return ProjectFolder(tmp_path / "Test.doppel")


def test_round_trip_with_arrays(folder):
    arrays = {"xyz": np.random.default_rng(0).normal(size=(4, 3))}
    asset = folder.assets.put_arrays(arrays)
    project = Project(name="Ä").with_items([MotionItem(name="m", layout="body_25", data=asset)])
    folder.save(project)
    opened = ProjectFolder(folder.path).open()
    assert opened.project == project
    assert not opened.read_only
    item = opened.project.newest(MotionItem)
    assert np.array_equal(folder.assets.arrays(item.data)["xyz"], arrays["xyz"])


def test_same_bytes_same_asset(folder):
    assert folder.assets.put(b"abc", ".bin") == folder.assets.put(b"abc", ".bin")
    assert len(list(folder.assets.folder.iterdir())) == 1


def test_missing_and_damaged_assets_are_named(folder):
    asset = folder.assets.put_arrays({"a": np.zeros(3)})
    folder.assets.path(asset).write_bytes(b"PK broken")
    with pytest.raises(StudioError, match="damaged"):
        folder.assets.arrays(asset)
    folder.assets.path(asset).unlink()
    with pytest.raises(StudioError, match="missing"):
        folder.assets.arrays(asset)


def test_sweep_keeps_what_is_needed(folder):
    keep, drop = folder.assets.put(b"keep", ".bin"), folder.assets.put(b"drop", ".bin")
    assert folder.assets.sweep(frozenset({keep.sha256})) == 1
    assert folder.assets.path(keep).exists()
    with pytest.raises(StudioError):
        folder.assets.path(drop)


def test_autosave_newer_than_the_file_is_offered(folder):
    folder.save(Project(name="old"))
    time.sleep(0.01)
    folder.autosave(Project(name="new"))
    opened = folder.open()
    assert opened.project.name == "old"
    assert opened.recovered.name == "new"
    folder.save(opened.recovered)
    assert folder.open().recovered is None


def test_damaged_project_is_moved_aside_never_overwritten(folder):
    folder.save(Project(name="precious"))
    folder.file.write_text('{"version": 1, "items": [{"kind": "no')
    with pytest.raises(StudioError, match="damaged"):
        folder.open()
    assert not folder.file.exists()
    (aside,) = folder.path.glob("project.broken-*")
    assert aside.read_text().startswith('{"version": 1')


def test_damaged_project_falls_back_to_the_autosave(folder):
    folder.save(Project(name="x"))
    folder.file.write_text("{")
    time.sleep(0.01)
    folder.autosave(Project(name="saved"))
    opened = folder.open()
    assert opened.project.name == "saved"
    assert "moved aside" in opened.note


def test_newer_version_opens_read_only_and_says_so(folder):
    folder.save(Project(name="future"))
    raw = json.loads(folder.file.read_text())
    folder.file.write_text(json.dumps({**raw, "version": 99, "hologram": True}))
    opened = folder.open()
    assert opened.read_only
    assert "newer" in opened.note
    assert opened.project.name == "future"
    assert json.loads(folder.file.read_text())["version"] == 99, "the file is untouched"


def test_newer_version_that_cannot_be_understood(folder):
    folder.path.mkdir()
    folder.file.write_text(json.dumps({"version": 99, "items": [{"kind": "hologram"}]}))
    with pytest.raises(StudioError, match="newer"):
        folder.open()
    assert folder.file.exists()


def test_nothing_there(folder):
    with pytest.raises(StudioError, match="no project"):
        folder.open()


def test_unwritable_folder_says_what_to_do(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StudioError, match="No space"):
        folder.save(Project())
    assert list(folder.path.glob(".*tmp")) == []


def test_read_only_folder_is_explained(folder, monkeypatch):
    folder.save(Project(name="x"))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    opened = folder.open()
    assert opened.read_only
    assert "cannot be written" in opened.note


def test_save_as_refuses_a_full_folder(folder, tmp_path):
    folder.assets.put(b"abc", ".bin")
    folder.save(Project())
    copy = folder.copy_to(tmp_path / "Copy.doppel")
    assert len(list(copy.assets.folder.iterdir())) == 1
    with pytest.raises(StudioError, match="already exists"):
        folder.copy_to(tmp_path / "Copy.doppel")


@pytest.mark.parametrize("name", sorted(p.name for p in OLD.glob("*.doppel")))
def test_every_old_version_still_opens(name, tmp_path):
    folder = ProjectFolder(tmp_path / name)
    folder.path.mkdir()
    folder.file.write_bytes((OLD / name / "project.json").read_bytes())
    project = folder.open().project
    assert project.name == f"Made by {name.removesuffix('.doppel')}"
    assert project.version == VERSION
    assert project.get("00aa11bb22cc", RigItem) is not None or name in ("v0.doppel", "v3.doppel")


def test_a_project_of_version_1_knows_nothing_of_trust(tmp_path):
    folder = ProjectFolder(tmp_path / "old.doppel")
    folder.path.mkdir()
    folder.file.write_bytes((OLD / "v1.doppel" / "project.json").read_bytes())
    project = folder.open().project
    assert project.newest(FileItem).role == "photo"
    rig = project.newest(RigItem)
    assert (rig.trust, rig.accepted, rig.views) == (None, True, None)


def test_a_project_keeps_what_its_calibration_is_worth(tmp_path):
    folder = ProjectFolder(tmp_path / "new.doppel")
    folder.path.mkdir()
    folder.file.write_bytes((OLD / "v2.doppel" / "project.json").read_bytes())
    project = folder.open().project
    trust = project.newest(RigItem).trust
    assert trust.stopped[0].camera == "right"
    assert trust.overruled.reason.startswith("The floor")
    folder.save(project)
    assert folder.open().project == project


def test_people_of_older_projects_are_as_they_were_fitted(tmp_path):
    folder = ProjectFolder(tmp_path / "old.doppel")
    folder.path.mkdir()
    raw = json.loads((OLD / "v3.doppel" / "project.json").read_text())
    for item in raw["items"]:
        item.pop("design", None)
    folder.file.write_text(json.dumps({**raw, "version": 2}))
    assert [person.design for person in folder.open().project.all(AvatarItem)] == [None, None]


def test_a_project_keeps_what_was_made_of_a_person(tmp_path):
    folder = ProjectFolder(tmp_path / "new.doppel")
    folder.path.mkdir()
    folder.file.write_bytes((OLD / "v3.doppel" / "project.json").read_bytes())
    project = folder.open().project
    tracked, designed = project.all(AvatarItem)
    assert tracked.design is None
    assert designed.design.worn[0].colour == (0.7, 0.2, 0.2)
    assert designed.design.pins == {"waist": 0.78}
    folder.save(project)
    assert folder.open().project == project


def test_people_who_were_solved_together_belong_together(tmp_path):
    folder = ProjectFolder(tmp_path / "new.doppel")
    folder.path.mkdir()
    folder.file.write_bytes((OLD / "v4.doppel" / "project.json").read_bytes())
    project = folder.open().project
    first, second = project.all(MotionItem)
    assert project.newest(MotionItem) == first
    assert project.together(second) == (first, second)
    alone = first.model_copy(update={"id": "m3", "person": None})
    assert project.with_items([alone]).newest(MotionItem) == alone
    assert project.together(alone) == ()
    assert "cd" * 32 in project.assets()
    folder.save(project)
    assert folder.open().project == project


def test_a_project_keeps_its_stages(tmp_path):
    folder = ProjectFolder(tmp_path / "new.doppel")
    folder.path.mkdir()
    folder.file.write_bytes((OLD / "v5.doppel" / "project.json").read_bytes())
    project = folder.open().project
    (item,) = project.all(StageItem)
    assert [layer.kind for layer in item.stage.layers] == ["camera", "avatar"]
    assert item.stage.layers[0].blur == 0.03
    folder.save(project)
    assert folder.open().project == project


def test_older_projects_hold_one_person(tmp_path):
    folder = ProjectFolder(tmp_path / "old.doppel")
    folder.path.mkdir()
    raw = json.loads((OLD / "v4.doppel" / "project.json").read_text())
    for item in raw["items"]:
        item.pop("person", None), item.pop("people", None)
    folder.file.write_text(json.dumps({**raw, "version": 3}))
    project = folder.open().project
    assert [motion.person for motion in project.all(MotionItem)] == [None, None]
    assert project.newest(DetectionsItem).people is None


def test_kill_in_the_middle_loses_no_finished_result(tmp_path):
    """A process that saves after every result is killed: what it announced is there."""
    script = textwrap.dedent(
        """
        import sys, numpy as np
        from pathlib import Path
        from studio.document.folder import ProjectFolder
        from studio.document.project import MotionItem, Project
        folder, project = ProjectFolder(Path(sys.argv[1])), Project()
        for number in range(10_000):
            asset = folder.assets.put_arrays({"x": np.full(2000, number)})
            project = project.with_items([MotionItem(name=str(number), layout="l", data=asset)])
            folder.save(project)
            print(number, flush=True)
        """
    )
    path = tmp_path / "Killed.doppel"
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True
    )
    finished = -1
    for line in process.stdout:
        finished = int(line)
        if finished >= 12:
            process.send_signal(signal.SIGKILL)
            break
    process.stdout.close()
    process.wait()
    folder = ProjectFolder(path)
    items = folder.open().project.all(MotionItem)
    assert len(items) >= finished + 1
    for number, item in enumerate(items):
        assert folder.assets.arrays(item.data)["x"][0] == number
