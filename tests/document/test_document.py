"""Undo reaches everything; a gesture is one step; other threads may not edit."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.document.document import LIMIT, Document
from studio.document.project import Asset, FileItem, MotionItem, Project


def rename(name):
    return lambda project: project.model_copy(update={"name": name})


def test_edit_undo_redo():
    document, seen = Document(), []
    document.changed.connect(seen.append)
    document.edit("Rename", rename("A"))
    document.edit("Rename", rename("B"))
    assert document.undo() == "Rename"
    assert document.project.name == "A"
    assert document.redo() == "Rename"
    assert document.project.name == "B"
    assert document.redo() is None
    assert [p.name for p in seen] == ["A", "B", "A", "B"]


def test_new_edit_drops_the_undone_future():
    document = Document()
    document.edit("a", rename("A"))
    document.undo()
    document.edit("b", rename("B"))
    assert document.redo() is None
    assert [e.label for e in document.history] == ["Open", "b"]


def test_gesture_is_one_step():
    document = Document()
    for value in "abc":
        document.edit("Drag", rename(value), gesture="slider-7")
    document.edit("Drag", rename("z"), gesture="slider-8")
    document.undo()
    assert document.project.name == "c"
    document.undo()
    assert document.project.name == "Untitled"


def test_no_change_is_no_step():
    document = Document()
    document.edit("Nothing", lambda p: p)
    document.edit("Same", rename("Untitled"))
    assert len(document.history) == 1


def test_failed_change_leaves_everything():
    document = Document()
    with pytest.raises(ZeroDivisionError):
        document.edit("Bad", lambda p: 1 / 0)
    assert len(document.history) == 1


def test_results_come_back_by_undo_and_their_assets_are_kept():
    document = Document()
    data = Asset(sha256="f" * 64)
    document.edit("Track", lambda p: p.with_items([MotionItem(name="m", layout="x", data=data)]))
    document.undo()
    assert document.project.items == ()
    assert data.sha256 in document.assets()
    document.redo()
    assert document.project.newest(MotionItem).data == data


def test_another_thread_may_not_edit():
    document, errors = Document(), []

    def work():
        try:
            document.edit("x", rename("x"))
        except RuntimeError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert errors


@given(st.lists(st.sampled_from(["edit", "undo", "redo"]), max_size=40))
def test_undo_redo_is_a_walk_over_values(steps):
    document, twin, at = Document(), [Project().name], 0
    for number, step in enumerate(steps):
        if step == "edit":
            document.edit(str(number), rename(f"n{number}"))
            twin[at + 1 :] = [f"n{number}"]
            at += 1
        elif step == "undo":
            document.undo()
            at = max(at - 1, 0)
        else:
            document.redo()
            at = min(at + 1, len(twin) - 1)
        assert document.project.name == twin[at]


def test_history_is_bounded():
    document = Document()
    for number in range(LIMIT + 20):
        document.edit("n", rename(str(number)))
    assert len(document.history) == LIMIT


def test_items_replace_by_id_and_keep_order():
    one, two = FileItem(name="1", role="photo"), FileItem(name="2", role="photo")
    project = Project().with_items([one, two])
    again = project.with_items([one.model_copy(update={"name": "1b"})])
    assert [i.name for i in again.items] == ["1b", "2"]
    assert [i.name for i in again.without([one.id]).items] == ["2"]
