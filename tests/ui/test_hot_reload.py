"""A changed project reaches running jobs whose step can take it up."""

import threading

from studio.document.document import Document
from studio.document.project import FileItem, Project
from studio.jobs import Context
from studio.ui.hot_reload import HotReload


class Names:
    """A step whose inputs are the names of the project's files."""

    def renewed(self, project, inputs):
        names = tuple(item.name for item in project.items)
        return names if names != inputs else None


def add(name):
    return lambda project: project.with_items([FileItem(name=name, role="photo")])


def test_a_running_job_is_told_of_changes_and_a_finished_one_is_not():
    document, context = Document(), Context()
    hot = HotReload(document)
    with hot.follow(context, Names(), ()):
        assert context.renewed() is None
        document.edit("Add", add("a"))
        assert context.renewed() == ("a",)
        document.edit("Rename", lambda p: p.model_copy(update={"name": "Other"}))
        assert context.renewed() is None, "nothing that matters changed"
        document.undo()
        document.undo()
        assert context.renewed() == ()
    document.edit("Add", add("b"))
    assert context.renewed() is None


def test_a_change_while_the_job_waited_is_not_missed():
    document, context = Document(), Context()
    hot = HotReload(document)
    document.edit("Add", add("early"))
    with hot.follow(context, Names(), ()):
        assert context.renewed() == ("early",)


def test_other_steps_run_as_before():
    with HotReload(Document(Project())).follow(Context(), object(), None):
        pass


def test_jobs_come_and_go_on_other_threads_while_the_document_changes():
    document = Document()
    hot = HotReload(document)

    def work():
        for _ in range(200):
            with hot.follow(Context(), Names(), ()):
                pass

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(50):
        document.edit("Add", add(str(number)))
    for thread in threads:
        thread.join()
    assert len(document.project.items) == 50
