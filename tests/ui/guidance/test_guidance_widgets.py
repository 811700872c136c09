"""Widgets that guide whoever waves the board: what they show, say, and tell a screen reader."""

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from studio.core.calibration import Target, View
from studio.document.project import Asset, RigItem
from studio.document.trust import GateMark, Trust
from studio.ui.guidance import BoardChooser, CoverageGrid, GateList, NextAction, PairGraph
from studio.ui.guidance.verdict import Decision, Verdict
from studio.vision.calibration.guidance import Guide
from studio.vision.ring import ring_rig

SPEC = "charuco:6x4:110mm:DICT_4X4_50"
GATES = (
    GateMark(id="graph", title="Cameras joined", verdict="good", text="All joined."),
    GateMark(id="scale", title="Scale", verdict="look", text="Only the board.", remedy="Tape it."),
    GateMark(id="moved", title="Cameras stood still", verdict="stop", text="Camera 2 was bumped.",
             camera="cam2", remedy="Do it again."),
)  # fmt: skip


def guidance(cameras: int = 4):
    points = np.array([[x, y, 0.0] for y in range(4) for x in range(6)]) * 0.1
    names = [f"cam{i + 1}" for i in range(cameras)]
    guide = Guide(Target("board", points), dict.fromkeys(names, (960, 720)))
    for moment in range(12):
        for name in names[:2]:
            xy = points[:, :2] * 900 + [50 + 20 * moment, 40]
            guide.add(View(name, moment, np.arange(24), xy))
    return guide.advice()


def coloured(widget, colour: str) -> int:
    """How many pixels of a shown widget are nearly of a colour."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    data = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    rgb = data[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return int((np.abs(rgb - wanted).sum(2) < 40).sum())


@pytest.fixture(autouse=True)
def dressed(qapp):
    from studio.ui import theme

    theme.apply("dark")


def test_the_maps_show_where_the_board_was_and_whom_to_turn_to(qtbot):
    grid = CoverageGrid()
    qtbot.addWidget(grid)
    told = guidance()
    grid.show_guidance(told.cameras, frozenset({"cam3"}))
    grid.resize(320, 300)
    grid.show()
    assert list(grid.maps) == ["cam1", "cam2", "cam3", "cam4"]
    assert "12 views" in grid.maps["cam1"].accessibleDescription()
    assert "0 views" in grid.maps["cam3"].accessibleDescription()
    from studio.ui import theme

    accent = theme.look().tokens.accent
    assert coloured(grid.maps["cam3"], accent) > 100
    assert coloured(grid.maps["cam1"], accent) == 0
    before = grid.maps["cam1"].height()
    grid.show_picture("cam1", np.full((900, 600, 3), 200, np.uint8))
    QApplication.processEvents()
    grid.resize(321, 300)
    QApplication.processEvents()
    assert grid.maps["cam1"].heightForWidth(100) > before * 0.5
    grid.show_picture("stranger", np.zeros((4, 4, 3), np.uint8))


def test_the_graph_draws_the_next_pair_in_the_accent_colour(qtbot):
    from studio.ui import theme

    graph = PairGraph()
    qtbot.addWidget(graph)
    told = guidance(3)
    graph.show_guidance(told)
    graph.resize(300, 160)
    graph.show()
    assert "cam1 and cam2: 12" in graph.accessibleDescription()
    assert coloured(graph, theme.look().tokens.accent) > 20


def test_the_sentence_and_its_progress(qtbot):
    action = NextAction()
    qtbot.addWidget(action)
    assert action.words.text() == "Looking for the board"
    action.show_guidance(guidance())
    assert action.words.text() == "Show it to camera 3"
    assert 0 < action.bar.value() < 1000


def test_gates_are_words_first_and_what_passed_is_folded(qtbot):
    gates = GateList()
    qtbot.addWidget(gates)
    gates.show()
    gates.show_gates(GATES)
    assert [line.accessibleName().split(":")[0] for line in gates.lines] == [
        "Cameras stood still", "Scale", "Cameras joined",
    ]  # fmt: skip
    assert "stops it. Camera 2 was bumped. Do it again." in gates.lines[0].accessibleName()
    assert gates.passed.text() == "1 test passed"
    assert not gates.lines[2].isVisible()
    gates.passed.click()
    assert gates.lines[2].isVisible()
    gates.copy.click()
    rows = QApplication.clipboard().text().splitlines()
    assert rows[1].split("\t")[3] == "cam2"
    assert len(rows) == 4
    gates.show_gates(GATES, frozenset({"moved"}))
    assert "set aside on record" in gates.lines[0].accessibleName()


def test_cameras_that_fail_alike_are_one_line(qtbot):
    gates = GateList()
    qtbot.addWidget(gates)
    low = [
        GateMark(id="coverage", title="Coverage", verdict="stop", camera=f"cam{n}",
                 text=f"The target covered {9 + n} % of the picture of camera {n}.")
        for n in (1, 2, 3)
    ]  # fmt: skip
    gates.show_gates(low)
    (line,) = gates.lines
    assert "covered 10–12 % of the picture of cameras 1–3" in line.accessibleName()
    assert line.toolTip().splitlines() == [gate.text for gate in low]
    gates.copy.click()
    assert len(QApplication.clipboard().text().splitlines()) == 4, "the table has every camera"


def test_what_could_not_be_tested_is_grey_and_stands_between(qtbot):
    gates = GateList()
    qtbot.addWidget(gates)
    gates.show()
    plain = GateMark(id="scale", title="Scale", verdict="plain", text="Board only.", remedy="Tape.")
    gates.show_gates((GATES[0], plain, GATES[2]))
    assert [line.accessibleName().split(":")[0] for line in gates.lines] == [
        "Cameras stood still", "Scale", "Cameras joined",
    ]  # fmt: skip
    assert "not tested. Board only. Tape." in gates.lines[1].accessibleName()
    assert gates.lines[1].isVisible()
    assert gates.passed.text() == "1 test passed"
    decision = Decision()
    qtbot.addWidget(decision)
    decision.show_rig(rig(plain))
    decision.show()
    assert decision.accept.isVisible()
    assert not decision.reason.isVisible()


def rig(*gates: GateMark, accepted: bool = False) -> RigItem:
    made = RigItem.of("Cameras", ring_rig(3))
    return made.model_copy(
        update={"trust": Trust(gates=gates), "accepted": accepted, "views": Asset(sha256="0")}
    )


def test_accepting_a_good_one_is_one_click(qtbot):
    decision = Decision()
    qtbot.addWidget(decision)
    decision.show()
    decision.show_rig(rig(*GATES[:2]))
    assert decision.accept.isVisible()
    assert not decision.reason.isVisible()
    with qtbot.waitSignal(decision.accepted) as said:
        decision.accept.click()
    assert said.args == [""]
    decision.show_rig(rig(*GATES[:2], accepted=True))
    assert not decision.accept.isVisible()
    decision.show_rig(None)
    assert not decision.isVisible()


def test_a_stopped_one_needs_a_reason(qtbot):
    decision, verdict = Decision(), Verdict()
    qtbot.addWidget(decision)
    qtbot.addWidget(verdict)
    decision.show()
    stopped = rig(*GATES)
    decision.show_rig(stopped)
    verdict.show_rig(stopped)
    assert not decision.accept.isVisible()
    assert not decision.override.isEnabled()
    qtbot.keyClicks(decision.reason, "  ")
    assert not decision.override.isEnabled()
    qtbot.keyClicks(decision.reason, "Ceiling rig")
    with qtbot.waitSignal(decision.accepted) as said:
        decision.override.click()
    assert said.args == ["Ceiling rig"]
    assert "nothing is computed with it" in verdict.record.text()
    with qtbot.waitSignal(decision.without) as left:
        decision.leave_out.menu().actions()[0].trigger()
    assert left.args == ["cam2"], "the one at fault comes first"


def test_the_board_by_fields_and_by_name(qtbot):
    board = BoardChooser()
    qtbot.addWidget(board)
    board.show()
    assert board.minimumSizeHint().width() <= 290, "it has room in the narrowest panel"
    assert board.spec == ""
    assert board.markers.currentText() in board.text.placeholderText()
    board.markers.setCurrentText("6X6_250")
    assert board.text.placeholderText() == "charuco:7x5:34mm:DICT_6X6_250"
    board.set_spec(SPEC)
    assert (board.columns.value(), board.rows.value(), board.side.value()) == (6, 4, 110)
    assert board.markers.currentText() == "4X4_50"
    board.light.setChecked(True)
    assert board.spec == f"{SPEC}:inverted"
    board.kind.setCurrentIndex(1)
    assert board.spec == "chessboard:6x4:110mm"
    assert not board.markers.isVisible()
    board.suggest("charuco:5x7:SIZE:DICT_5X5_100:marker=0.6")
    assert board.spec == "", "the size is still to be measured"
    board.side.setValue(30.5)
    assert board.spec == "charuco:5x7:30.5mm:DICT_5X5_100:marker=0.6"
    board.set_spec("charuco:nonsense")
    assert board.text.property("wrong") == "true"
    assert "Write it like" in board.told.text()
