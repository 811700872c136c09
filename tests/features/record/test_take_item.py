"""A recorded take as an item: it begins where Record was pressed, not at the key frame before."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from studio.features.record.step import take_item
from studio.media.recording.take import CameraRecord, Segment, TakeRecord
from studio.ui.on_show import OnShow, tracks


@pytest.mark.parametrize(("first_s", "in_s"), [(-4.8, 0.0), (0.02, None)])
def test_a_take_begins_where_record_was_pressed(first_s, in_s, tmp_path):
    segment = Segment(
        video="a.mkv", times="a.csv", codec="h264", size_px=(96, 64), passed_through=True,
        frames=445, first_s=first_s, last_s=10.0,
    )  # fmt: skip
    camera = CameraRecord(id="a", name="a", kind="file", rate_hz=30.0, segments=(segment,))
    take = TakeRecord(name="Take 1", started=datetime.now(UTC), duration_s=10.0, cameras=(camera,))
    item = take_item(tmp_path, take)
    assert item.in_s == in_s
    (row,) = tracks(OnShow(take=item), None, None, None)
    assert row.start_s == max(first_s, 0.0)
    assert row.end_s - row.start_s == pytest.approx(10.0, abs=0.1)
