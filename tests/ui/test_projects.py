"""Nothing is lost: drafts, autosave, crashes, read-only and broken projects."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from studio.core.errors import StudioError
from studio.document.folder import ProjectFolder
from studio.document.project import FileItem, Project
from studio.ui.projects import drafts_folder
from studio.ui.toasts import Banners


def add_item(studio, name="Photo"):
    item = FileItem(name=name, role="photo")
    studio.document.edit(f"Add {name}", lambda p: p.with_items([item]))


@pytest.fixture
def banners(qtbot, studio):
    banners = Banners(studio.notices)
    qtbot.addWidget(banners)
    banners.show()
    return banners


def idle(qtbot, studio):
    qtbot.waitUntil(lambda: not studio.watch.busy, timeout=5000)


def test_a_new_project_writes_nothing_until_there_is_something(studio):
    assert not drafts_folder().exists()
    assert studio.projects.is_draft


def test_closing_keeps_the_draft_without_asking(qtbot, make_studio):
    studio = make_studio()
    add_item(studio)
    path = studio.projects.folder.path
    studio.close()
    again = make_studio()
    assert again.projects.recent() == (path,)
    again.projects.open(path)
    assert [i.name for i in again.project.items] == ["Photo"]


def test_autosave_is_written_beside_and_offered(qtbot, studio, banners):
    add_item(studio)
    studio.projects.save()
    idle(qtbot, studio)
    folder = studio.projects.folder
    studio.settings.change(autosave_s=1)
    add_item(studio, "Second")
    qtbot.waitUntil(folder.autosave_file.is_file, timeout=3000)
    idle(qtbot, studio)
    assert len(json.loads(folder.file.read_text())["items"]) == 1
    studio.document.mark_saved(studio.project)  # as after a crash: never saved
    studio.projects.open(folder.path)
    assert len(studio.project.items) == 1
    (card,) = banners.cards()
    assert "had not been saved" in card.notice.message
    card.buttons[0].click()
    assert [i.name for i in studio.project.items] == ["Photo", "Second"]
    assert banners.cards() == []
    studio.document.undo()
    assert len(studio.project.items) == 1


def test_a_project_that_is_open_again_is_not_offered_after_a_crash(
    qtbot, studio, banners, tmp_path
):
    add_item(studio)
    studio.projects.save()
    idle(qtbot, studio)
    for number, path in enumerate((studio.projects.folder.path, tmp_path / "Other.doppel")):
        path.mkdir(exist_ok=True)
        (path / "project.json").touch()
        marker = studio.settings.path.parent / f"session-99999999{number}.json"
        marker.write_text(json.dumps({"project": str(path)}))
    studio.projects.offer_recovery()
    (card,) = banners.cards()
    assert "Other" in card.notice.hint


def test_kill_9_in_the_middle_of_a_job_loses_no_finished_result(
    qtbot, make_studio, plugin, tmp_path
):
    """A child finishes one result, starts a long job and is killed; the next start offers all."""
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from PySide6.QtWidgets import QApplication
        from studio.registry import discover
        from studio.ui.studio import Studio
        app = QApplication([])
        studio = Studio(discover([Path(sys.argv[1])]))
        studio.projects.new()
        def go_on(_):
            def tell():
                if not studio.watch._calls and studio.projects.folder.file.is_file():
                    print(studio.projects.folder.path, flush=True)
                    studio.projects.saved.disconnect(tell)
            studio.projects.saved.connect(tell)
            studio.start("count", {"steps": 100000, "pause_s": 0.01})
        studio.start("count", {"steps": 3}, then=go_on)
        sys.exit(app.exec())
    """)
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    child = subprocess.Popen([sys.executable, "-c", script, str(plugin)], env=env, text=True,
                             stdout=subprocess.PIPE)  # fmt: skip
    assert child.stdout is not None
    path = child.stdout.readline().strip()
    time.sleep(0.2)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    studio = make_studio()
    banners = Banners(studio.notices)
    qtbot.addWidget(banners)
    studio.projects.offer_recovery()
    (card,) = banners.cards()
    assert "did not close properly" in card.notice.message
    card.buttons[0].click()
    assert str(studio.projects.folder.path) == path
    (item,) = studio.project.items
    assert item.name == "Count to 3"
    assert studio.assets.path(item.data).read_text() == "3"
    studio.projects.offer_recovery()
    assert len(banners.cards()) == 0


def test_a_broken_project_is_moved_aside_and_explained(studio, tmp_path):
    folder = tmp_path / "Broken.doppel"
    folder.mkdir()
    (folder / "project.json").write_text("{ not json")
    with pytest.raises(StudioError, match="damaged"):
        studio.projects.open(folder)
    assert len(list(folder.glob("project.broken-*.json"))) == 1
    assert studio.project.items == ()
    assert studio.projects.is_draft


def test_a_newer_project_opens_to_look_at(qtbot, studio, banners, tmp_path):
    folder = tmp_path / "New.doppel"
    folder.mkdir()
    raw = {**json.loads(Project(name="Later").model_dump_json()), "version": 99}
    (folder / "project.json").write_text(json.dumps(raw))
    studio.projects.open(folder)
    assert studio.projects.read_only
    (card,) = banners.cards()
    assert "newer Doppel" in card.notice.message
    with pytest.raises(StudioError, match="look at only"):
        studio.projects.save()
    add_item(studio)
    studio.projects.leave()
    assert json.loads((folder / "project.json").read_text()) == raw
    studio.projects.save_as(tmp_path / "Copy")
    idle(qtbot, studio)
    assert not studio.projects.read_only
    assert [i.name for i in ProjectFolder(tmp_path / "Copy.doppel").open().project.items] == [
        "Photo"
    ]


def test_save_as_takes_the_results_along_even_of_a_job_that_still_runs(qtbot, studio, tmp_path):
    studio.start("count", {"steps": 3})
    idle(qtbot, studio)
    studio.start("count", {"steps": 40, "pause_s": 0.01})
    studio.projects.save_as(tmp_path / "Kept")
    idle(qtbot, studio)
    assert studio.projects.folder.path == tmp_path / "Kept.doppel"
    opened = ProjectFolder(tmp_path / "Kept.doppel").open().project
    assert [i.name for i in opened.items] == ["Count to 3", "Count to 40"]
    for item, text in zip(opened.items, ("3", "40"), strict=True):
        assert studio.assets.path(item.data).read_text() == text
    assert opened.name == "Kept"


def test_save_as_into_a_full_folder_is_refused(qtbot, studio, tmp_path):
    (tmp_path / "Full.doppel").mkdir()
    (tmp_path / "Full.doppel" / "x").write_text("x")
    studio.projects.save_as(tmp_path / "Full")
    idle(qtbot, studio)
    assert "already exists" in studio.notices.shown[-1].message
    assert studio.projects.is_draft


def test_many_saves_end_with_the_newest(qtbot, studio):
    for number in range(20):
        add_item(studio, f"Item {number}")
        studio.projects.save()
    idle(qtbot, studio)
    assert len(studio.projects.folder.open().project.items) == 20
    assert not studio.document.dirty


def test_a_disk_that_refuses_is_told_and_the_work_stays_dirty(qtbot, studio, monkeypatch):
    def refuse(self, project):
        raise StudioError("“project.json” could not be written.", "Free some space.")

    monkeypatch.setattr(ProjectFolder, "save", refuse)
    add_item(studio)
    studio.projects.save()
    idle(qtbot, studio)
    assert "could not be written" in studio.notices.shown[-1].message
    assert studio.document.dirty
    monkeypatch.undo()
