"""The window: commands, palette, layouts, themes, undo by keys, drops, keyboard."""

import json
import threading
import warnings

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QToolButton

from studio.document.project import FileItem
from studio.ui import theme
from studio.ui.docks import DOCKS, FORMAT, WORKSPACES
from studio.ui.drop import take_in
from studio.ui.fuzzy import score
from studio.ui.theme import tokens


def add_item(studio, name="Photo"):
    item = FileItem(name=name, role="photo")
    studio.document.edit(f"Add {name}", lambda p: p.with_items([item]))
    return item


# -- palette and commands -----------------------------------------------------------------------


def test_the_palette_finds_every_command_by_its_title(window):
    for command in window.studio.commands.all():
        window.palette_box.search(command.title)
        assert command.id in [c.id for c in window.palette_box.found()[:3]], command.title


def test_the_palette_lists_features_workspaces_and_recent_projects(window, qtbot):
    studio = window.studio
    add_item(studio)
    studio.projects.save()
    qtbot.waitUntil(lambda: not studio.watch.busy)
    groups = {command.group for command in studio.commands.all()}
    assert {"Motion step", "Workspace", "Recent project", "File", "Edit", "View", "Help"} <= groups


def test_every_command_runs_or_says_why_not(window, qtbot, monkeypatch):
    """Every action of the palette: none raises, and one that cannot be run tells the reason."""
    from PySide6.QtWidgets import QFileDialog

    for name in ("getOpenFileName", "getOpenFileNames", "getSaveFileName"):
        monkeypatch.setattr(QFileDialog, name, lambda *a, **k: ("", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a, **k: "")
    studio = window.studio
    failures = []
    studio.commands.on_error = lambda error, where: failures.append((where, error))
    skipped = {"file.quit", "view.fullscreen"}
    for command in studio.commands.all():
        if command.id in skipped:
            continue
        why, told = command.why_not(), len(studio.notices.shown)
        assert studio.commands.run(command.id) == (not why), command.id
        if why:
            assert studio.notices.shown[told].hint == why
        qtbot.wait(5)
    assert failures == []
    studio.watch.cancel_all()
    qtbot.waitUntil(lambda: not studio.watch.busy, timeout=150_000)
    for dialog in QApplication.topLevelWidgets():
        if dialog is not window and dialog.isVisible():
            dialog.close()


def test_ctrl_shift_p_type_enter(window, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier
                   | Qt.KeyboardModifier.ShiftModifier)  # fmt: skip
    palette = window.palette_box
    assert palette.isVisible()
    qtbot.keyClicks(palette.field, "mask work")
    assert palette.found()[0].id == "workspace.mask"
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert not palette.isVisible()
    assert window.docks.workspace == "Mask"


def test_fuzzy_prefers_starts_and_refuses_wrong_letters():
    assert score("prj", "Open project") is not None
    assert score("xyz", "Open project") is None
    assert score("save", "Save project") > score("save", "Unsaveable")
    assert score("", "anything") == 0


def test_commands_that_fail_are_told(window):
    from studio.ui.commands import Command

    def fail():
        raise ValueError("boom")

    window.studio.commands.add(Command("test.fail", "Fail", fail, "Test"))
    window.studio.commands.run("test.fail")
    notice = window.studio.notices.shown[-1]
    assert "boom" in notice.details
    window.studio.commands.remove("test.fail")


def test_every_button_with_only_an_icon_has_a_name_and_a_tooltip(window, qtbot):
    add_item(window.studio)
    window.go_to("Motion")
    qtbot.wait(200)
    bare = [
        (type(b).__name__, b.objectName(), b.parent().objectName() if b.parent() else "")
        for b in (*window.findChildren(QToolButton), *window.findChildren(QPushButton))
        if not b.text() and not b.metaObject().className().startswith("ads::")
        and b.objectName() not in ("qt_menubar_ext_button", "ScrollLeftButton",
                                   "ScrollRightButton", "qt_spinbox_lineedit")
        and not (b.accessibleName() and b.toolTip()) and b.property("role") != "door"
        and b.property("role") != "segment"
    ]  # fmt: skip
    assert bare == []


def test_every_icon_exists(window):
    names = {c.icon for c in window.studio.commands.all()} | {k.icon for k in DOCKS}
    for widget in window.findChildren(object):
        if hasattr(widget, "property") and widget.property("iconName"):
            names.add(widget.property("iconName"))
    assert names - {""} <= theme.icon_names(), names - theme.icon_names()


# -- shortcuts ----------------------------------------------------------------------------------


def test_no_two_commands_share_keys(window):
    commands = window.studio.commands
    for command in commands.all():
        if command.id in commands:
            other = commands.conflict(command.id, command.shortcut)
            assert other is None, (command.id, other and other.id)


def test_a_shortcut_can_be_changed_and_comes_back(window, qtbot):
    commands = window.studio.commands
    assert commands.conflict("help.tour", "Ctrl+S").id == "file.save"
    commands.rebind("help.tour", "Ctrl+S")
    assert commands.shortcut("file.save") == ""
    assert commands.action("help.tour").shortcut() == QKeySequence("Ctrl+S")
    from studio.core.settings import SettingsFile

    assert SettingsFile().value.shortcuts == {"help.tour": "Ctrl+S", "file.save": ""}
    commands.reset_shortcuts()
    assert commands.shortcut("file.save") == "Ctrl+S"
    assert SettingsFile().value.shortcuts == {}


def test_the_shortcut_dialog_warns_of_a_conflict_and_assigns(window, qtbot):
    from studio.ui.shortcuts import ShortcutsDialog

    dialog = ShortcutsDialog(window.studio.commands, window)
    qtbot.addWidget(dialog)
    dialog.field.setText("tour")
    dialog.choose("help.tour")
    dialog.keys.setKeySequence(QKeySequence("Ctrl+Z"))
    assert "Undo" in dialog.told.text()
    dialog.keys.setKeySequence(QKeySequence("Ctrl+Alt+T"))
    dialog.assign.click()
    assert window.studio.commands.shortcut("help.tour") == "Ctrl+Alt+T"
    dialog.choose("help.tour")
    dialog.reset.click()
    assert window.studio.commands.shortcut("help.tour") == ""


# -- undo ---------------------------------------------------------------------------------------


def test_undo_and_redo_by_keys_say_what_they_did(window, qtbot):
    item = add_item(window.studio)
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window, Qt.Key.Key_Z, control)
    assert window.studio.project.items == ()
    assert window.statusBar().said.text() == "Undid: Add Photo"
    qtbot.keyClick(window, Qt.Key.Key_Z, control | shift)
    assert window.studio.project.items == (item,)
    assert window.statusBar().said.text() == "Did again: Add Photo"


def test_history_panel_goes_where_it_is_clicked(window):
    for name in ("One", "Two", "Three"):
        add_item(window.studio, name)
    assert window.history.count() == 4
    window.history.itemClicked.emit(window.history.item(1))
    assert [i.name for i in window.studio.project.items] == ["One"]
    assert window.history.item(3).text() == "Add Three (undone)"


def test_tree_renames_deletes_and_selects(window, qtbot):
    item = add_item(window.studio)
    (row,) = window.tree.rows()
    row.setText(0, "Portrait")
    assert window.studio.project.items[0].name == "Portrait"
    (row,) = window.tree.rows()
    row.setSelected(True)
    assert window.studio.selection.ids == (item.id,)
    window.studio.commands.run("edit.delete")
    assert window.studio.project.items == ()
    assert window.studio.selection.ids == ()
    window.studio.document.undo()
    assert window.studio.project.items[0].name == "Portrait"


# -- layouts ------------------------------------------------------------------------------------


def test_the_cameras_can_stand_beside_the_viewport(window):
    window.docks.switch("Motion")
    canvas, viewport = (window.docks.docks[id] for id in ("canvas", "viewport"))
    assert canvas.dockAreaWidget() is viewport.dockAreaWidget()
    window.studio.beside_wanted.emit()
    assert canvas.dockAreaWidget() is not viewport.dockAreaWidget()
    assert window.docks.is_open("canvas")
    assert window.docks.is_open("viewport")
    window.studio.beside_wanted.emit()
    window.docks.reset()
    assert canvas.dockAreaWidget() is viewport.dockAreaWidget()


def test_a_closed_dock_comes_back_by_reset(window):
    docks = window.docks
    window.go_to("Motion")
    shipped = {id for id in docks.docks if docks.is_open(id)}
    for id in ("project", "step", "timeline"):
        docks.toggle(id)
        assert not docks.is_open(id)
    window.studio.commands.run("layout.reset")
    assert {id for id in docks.docks if docks.is_open(id)} == shipped


def test_each_workspace_keeps_its_own_layout_over_a_restart(window, qtbot, make_studio):
    from studio.ui.window import Window

    window.go_to("Motion")
    window.docks.toggle("project")
    window.go_to("Person")
    assert window.docks.is_open("project")
    window.setGeometry(40, 50, 1300, 700)
    window.close()
    again = Window(make_studio())
    qtbot.addWidget(again)
    assert again.docks.workspace == "Person"
    assert again.docks.place(again)
    assert again.size() == window.size()
    again.go_to("Motion")
    assert not again.docks.is_open("project")
    again.go_to("Person")
    assert again.docks.is_open("project")
    again.close()


def widths(docks):
    return [docks.docks[id].dockAreaWidget().width() for id in ("project", "viewport", "step")]


def test_sizes_come_back_after_a_restart_that_began_with_the_doors(window, qtbot, make_studio):
    from studio.ui.window import Window

    window.go_to("Motion")
    qtbot.waitUntil(lambda: widths(window.docks)[1] > 600)
    window.go_to("Capture")
    qtbot.waitUntil(lambda: widths(window.docks)[1] > 600)
    assert widths(window.docks)[0] < 260, "seen for a moment on the way to Motion, not kept so"
    shipped, low = widths(window.docks), window.docks.docks["timeline"].dockAreaWidget().height()
    assert low < window.height() // 2
    window.close()
    for _ in range(2):
        again = Window(make_studio())
        again.resize(1366, 768)
        qtbot.addWidget(again)
        again.show()
        qtbot.waitExposed(again)
        assert again.pages.currentWidget() is again.welcome
        again.go_to("Capture")
        qtbot.waitUntil(lambda again=again: widths(again.docks) == shipped)
        again.close()


def test_room_that_a_window_gains_is_the_pictures(window, qtbot):
    window.go_to("Motion")
    qtbot.waitUntil(lambda: widths(window.docks)[1] > 600)
    low = window.docks.docks["timeline"].dockAreaWidget
    before, height, size = widths(window.docks), low().height(), window.size()
    window.resize(size.width() + 200, size.height() + 150)
    qtbot.waitUntil(lambda: widths(window.docks)[1] >= before[1] + 190)
    assert widths(window.docks)[::2] == before[::2]
    assert low().height() == height
    window.docks.toggle("project")
    window.docks.toggle("project")
    wide = widths(window.docks)
    window.resize(size)
    qtbot.waitUntil(lambda: widths(window.docks)[1] < wide[1])
    assert widths(window.docks)[2] == wide[2]


def test_what_photographs_need_is_no_change_of_the_workspace(window, qtbot):
    docks = window.docks
    window.go_to("Person")
    QApplication.processEvents()
    before = {id: docks.is_open(id) for id in docks.docks}, widths(docks)
    docks.lay_photo(True)
    assert docks.is_open("photo")
    assert not docks.is_open("timeline")
    window.go_to("Mask")
    docks.lay_photo(False)
    assert docks.is_open("timeline")
    window.go_to("Person")

    def as_before():
        return ({id: docks.is_open(id) for id in docks.docks}, widths(docks)) == before

    qtbot.waitUntil(as_before)
    docks.lay_photo(True)
    assert docks.is_open("photo")
    docks.lay_photo(False)
    qtbot.waitUntil(as_before)


def test_no_dock_is_crushed(window):
    window.go_to("Motion")
    window.docks.manager.setSplitterSizes(
        window.docks.docks["viewport"].dockAreaWidget(), [4000, 1]
    )
    QApplication.processEvents()
    assert window.docks.docks["timeline"].height() >= 100


@pytest.mark.parametrize(
    "text", ["", "{", '{"workspaces": 3}', '{"workspaces": {"Capture": "no", "Motion": "AAAA"}}']
)
def test_a_broken_layout_file_never_blocks_the_start(qtbot, studio, text):
    from studio.ui.window import Window

    file = studio.settings.path.parent / "layouts.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    window = Window(studio)
    qtbot.addWidget(window)
    for name in WORKSPACES:
        window.go_to(name)
        assert window.docks.is_open("step")
    window.close()
    assert json.loads(file.read_text())["format"] == FORMAT


# -- looks --------------------------------------------------------------------------------------


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["dark", "light"])
def test_text_can_be_read_on_every_surface(name):
    """WCAG AA: 4.5:1 for all text, judgements included."""
    t = tokens(name)
    for surface in (t.window, t.panel, t.raised, t.sunken):
        for ink in (t.text, t.muted, t.good, t.look, t.stop, t.accent):
            assert contrast(ink, surface) >= 4.5, (ink, surface)
    assert contrast(t.on_accent, t.accent) >= 4.5
    assert contrast(t.text, t.selection) >= 4.5


def test_theme_and_text_size_change_everything_at_once(window, qtbot):
    studio = window.studio
    button = window.top.bubble
    dark = button.icon().pixmap(16).toImage()
    studio.set_theme("light")
    assert QApplication.instance().palette().window().color().name() == tokens("light").window
    assert button.icon().pixmap(16).toImage() != dark
    assert studio.settings.value.theme == "light"
    theme.apply("light", 1.5)
    assert QApplication.instance().font().pixelSize() == 20
    theme.apply("dark", 1.0)
    assert QApplication.instance().palette().window().color().name() == tokens("dark").window


def test_dark_surfaces_are_calm_greys():
    from PySide6.QtGui import QColor

    t = tokens("dark")
    for surface in (t.window, t.panel, t.raised):
        assert 0.17 <= QColor(surface).lightnessF() <= 0.25


# -- drops --------------------------------------------------------------------------------------


def drop(window, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    action, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # PySide has no other constructor
        enter = QDragEnterEvent(QPoint(200, 200), action, data, left, none)
    QApplication.sendEvent(window, enter)
    shown = window.drop.veil.isVisible()
    QApplication.sendEvent(window, QDropEvent(QPointF(200, 200), action, data, left, none))
    return enter.isAccepted() and shown


def test_a_dropped_file_opens_the_panel_that_wants_it_filled_in(window, qtbot, tmp_path):
    file = tmp_path / "one.count"
    file.write_text("7")
    assert drop(window, file)
    assert not window.drop.veil.isVisible()
    qtbot.waitUntil(lambda: window.steps.current == "count", timeout=5000)
    panel = window.steps.panels["count"]
    qtbot.waitUntil(lambda: panel.loaded, timeout=5000)
    assert panel.params().path == file
    assert window.docks.workspace == "Motion"


@pytest.mark.parametrize(
    ("shown", "names", "wants"),
    [
        ("head", ("b.jpg", "a.JPG", "notes.md"), "head"),
        ("pose", ("b.jpg", "a.JPG", "notes.md"), "head"),
        ("", ("ann.png", "README.txt"), "head"),
        ("", ("cam1.jpg", "cam2.jpg"), "capture"),
        ("", ("left.jpg", "right.jpg"), "capture"),
        ("", ("b.jpg", "a.jpg", "rig.toml"), "capture"),
        ("", ("b.jpg", "a.jpg", "walk.mp4"), "capture"),
        ("", ("notes.md",), "capture"),
    ],
)
def test_a_folder_of_photographs_goes_to_the_panel_that_wants_them(
    studio, monkeypatch, tmp_path, shown, names, wants
):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(b"")
    given = {}
    monkeypatch.setattr(
        "studio.ui.drop._hand_over", lambda _, feature, files: given.update({feature.id: files})
    )
    take_in(studio, [folder], shown)
    pictures = [folder / name for name in sorted(names) if not name.endswith(("md", "txt"))]
    assert given == {wants: pictures if wants == "head" else [folder]}


def test_a_dropped_project_is_opened(window, qtbot, tmp_path):
    studio = window.studio
    add_item(studio)
    studio.projects.save_as(tmp_path / "Kept")
    qtbot.waitUntil(lambda: studio.projects.folder.path == tmp_path / "Kept.doppel")
    qtbot.waitUntil(lambda: not studio.watch.busy)
    studio.projects.new()
    assert studio.project.items == ()
    assert drop(window, tmp_path / "Kept.doppel")
    assert [i.name for i in studio.project.items] == ["Photo"]


def test_a_dropped_thing_that_nobody_wants_is_explained(window, monkeypatch, tmp_path):
    file = tmp_path / "thing.xyz"
    file.write_text("?")
    window.studio.registry.features.pop("capture", None)
    drop(window, file)
    assert "thing.xyz" in window.studio.notices.shown[-1].message


# -- doors, tour, help ---------------------------------------------------------------------------


def test_an_empty_project_shows_the_doors_and_a_full_one_does_not(window):
    assert window.pages.currentWidget() is window.welcome
    add_item(window.studio)
    assert window.pages.currentWidget() is window.docks.manager
    window.studio.projects.new()
    assert window.pages.currentWidget() is window.welcome


def test_a_door_that_cannot_be_opened_says_why(window):
    assert not window.welcome.sample_door.isEnabled()
    assert "not installed" in window.welcome.sample_door.accessibleDescription()
    assert window.welcome.webcam_door.isEnabled()


def test_the_tour_has_five_marks_and_is_remembered(window, qtbot):
    window.studio.settings.change(tour_done=False)
    window.start_tour()
    tour = window.tour
    assert len(tour.marks) == 5
    for _ in range(4):
        assert window.tour is tour
        tour.next_button.click()
    tour.next_button.click()
    assert window.tour is None
    assert window.studio.settings.value.tour_done
    window.start_tour()
    window.tour.skip_button.click()
    assert window.tour is None
    add_item(window.studio)
    window.start_tour()
    assert window.tour.marks[0].title == "Workspaces", "nobody sees the doors there"
    window.tour.skip_button.click()


def test_f1_opens_help_for_the_panel_and_finds_words(window, qtbot):
    window.go_to("Motion")
    qtbot.keyClick(window, Qt.Key.Key_F1)
    help = window._help
    assert help.isVisible()
    help.field.setText("calibration")
    assert help.list.count() >= 1
    help.open_page("shortcuts")
    assert "Ctrl+Shift+P" in help.text.toPlainText()
    help.close()


# -- keyboard -----------------------------------------------------------------------------------


def test_tab_reaches_the_run_button_and_space_presses_it(window, qtbot):
    """From the window, by keys alone: Motion workspace, Tab to Run, Space, and a result."""
    from studio.ui.commands import KeepKeys

    keep = KeepKeys()
    keep.follow(QApplication.instance())
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    window.steps.show_feature("count")
    panel = window.steps.panels["count"]
    qtbot.waitUntil(lambda: panel.loaded, timeout=5000)
    window.activateWindow()
    window.steps.setFocus()
    panel.form.controls["steps"].field.setFocus()
    for _ in range(30):
        if QApplication.focusWidget() is panel.run_button:
            break
        qtbot.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is panel.run_button
    qtbot.keyClick(panel.run_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(window.studio.project.items) == 1, timeout=5000)


def test_menus_have_mnemonics(window):
    titles = [a.text() for a in window.top.menu.actions()]
    assert all("&" in title for title in titles)
    letters = [t[t.index("&") + 1].lower() for t in titles]
    assert len(set(letters)) == len(letters)


def test_steps_are_found_by_workspace_and_nothing_hides_in_the_palette_alone(window):
    def entries(menu):
        for action in menu.actions():
            if action.menu() is not None:
                yield from entries(action.menu())
            yield action

    steps = next(a for a in window.top.menu.actions() if a.text() == "&Steps").menu()
    groups = {a.text(): {e.text() for e in entries(a.menu())} for a in steps.actions() if a.menu()}
    assert tuple(groups) == WORKSPACES
    for feature in window.studio.registry.features.values():
        assert feature.manifest.title in groups[feature.manifest.menu]
    found = {id(action) for action in entries(window.top.menu)}
    commands = window.studio.commands
    lost = [c.title for c in commands.all() if id(commands.action(c.id)) not in found]
    assert lost == []


def test_another_project_brings_its_own_settings(window, qtbot):
    window.show_panel("count", {"steps": 77})
    qtbot.waitUntil(lambda: window.steps.panels["count"].loaded)
    panel = window.steps.panels["count"]
    assert panel.params().steps == 77
    window.studio.projects.new()
    assert panel.params().steps == 5


# -- closing ------------------------------------------------------------------------------------


def test_closing_the_window_leaves_no_timers_or_threads(qtbot, make_studio):
    from studio.ui.window import Window

    before = set(threading.enumerate())
    studio = make_studio()
    window = Window(studio)
    window.show()
    window.go_to("Motion")
    studio.start("count", {"steps": 1000, "pause_s": 0.01})
    qtbot.wait(200)
    window.close()
    running = [t for t in window.findChildren(QTimer) if t.isActive() and not t.isSingleShot()]
    assert running == []
    assert set(threading.enumerate()) <= before
    window.deleteLater()


def test_text_fields_keep_their_letters(window, qtbot):
    field = QLineEdit(window)
    field.show()
    field.setFocus()
    qtbot.keyClicks(field, "1 3 7 f")
    assert field.text() == "1 3 7 f"


def test_a_panel_whose_code_is_still_imported_keeps_nobody_waiting(
    window, qtbot, studio, monkeypatch
):
    """The window shows that it is coming, and whoever goes elsewhere meanwhile is left there."""
    from studio.ui.step_dock import GettingReady
    from studio.ui.step_panel import StepPanel

    go = threading.Event()
    feature = studio.registry["count"]
    whole = feature.load
    manifest = feature.manifest.model_copy(update={"panel": "engine:Panel"})
    monkeypatch.setattr(feature, "manifest", manifest)

    def load(what):
        if what != "panel":
            return whole(what)
        assert go.wait(20)
        return StepPanel

    monkeypatch.setattr(feature, "load", load)
    window.show_panel("count", {"steps": 9})
    page = window.steps.findChild(GettingReady)
    assert page.isVisible()
    window.show_panel("count", {"steps": 7})
    assert window.steps.findChildren(GettingReady) == [page]
    assert window.steps.current == ""
    go.set()
    qtbot.waitUntil(lambda: window.steps.current == "count")
    panel = window.steps.panels["count"]
    qtbot.waitUntil(lambda: panel.loaded)
    assert panel.params().steps == 7


def test_a_panel_that_cannot_be_imported_is_told_and_has_a_plain_one(
    window, qtbot, studio, monkeypatch
):
    feature = studio.registry["count"]
    manifest = feature.manifest.model_copy(update={"panel": "nowhere:Panel"})
    monkeypatch.setattr(feature, "manifest", manifest)
    window.show_panel("count")
    qtbot.waitUntil(lambda: window.steps.current == "count")
    assert "could not be started" in studio.notices.shown[-1].message
    qtbot.waitUntil(lambda: window.steps.panels["count"].loaded)


def test_no_control_has_the_focus_before_somebody_uses_one(qtbot, window):
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    assert QApplication.focusWidget() is window
    qtbot.keyClick(window, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is not window
