"""The small table of ways to do the same thing."""

from __future__ import annotations

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
