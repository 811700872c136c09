"""The small table of ways to do the same thing."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QScrollArea

from studio.ui.compared import ComparedTable


def test_a_comparison_hides_where_there_is_nothing_to_compare(qtbot):
    table = ComparedTable(("Method", "Off by"), "Methods side by side")
    qtbot.addWidget(table)
    table.show_rows([("dlt", "3.0 px")], "dlt")
    assert table.isHidden()
    table.show_rows([("dlt", "3.0 px"), ("ransac", "2.0 px")], "ransac")
    assert not table.isHidden()
    assert table.rows[1] == ("ransac", "2.0 px")
    assert table.accessibleName() == "Methods side by side. dlt, 3.0 px. ransac, 2.0 px"


def test_a_narrow_panel_shows_every_cell_and_stays_narrow(qtbot):
    """Words break instead of pushing columns, and the panel's own fields, out of sight."""
    headings = ("Way of lifting", "From picture", "Unsteady by", "From all cameras")
    table = ComparedTable(headings, "Ways compared")
    rows = [(name, "13.9 px", "12.8 mm", "155 mm") for name in ("recurrent", "window", "frame")]
    area = QScrollArea()
    qtbot.addWidget(area)
    area.setWidgetResizable(True)
    area.setWidget(table)
    table.show_rows(rows, "recurrent")
    area.resize(285, 300)
    area.show()
    qtbot.waitExposed(area)
    inside = area.viewport().width()
    assert table.width() == inside
    cells = [label for label in table.findChildren(QLabel) if label.text()]
    assert len(cells) == 16
    for cell in cells:
        assert cell.geometry().right() <= inside
        words = [cell.fontMetrics().horizontalAdvance(word) for word in cell.text().split()]
        assert cell.width() >= max(words)
