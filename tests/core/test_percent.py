"""Shares in words."""

from studio.core.percent import percent


def test_shares_are_read_as_percent() -> None:
    assert percent(0.694) == "69 %"
    assert percent(0.0123, 1) == "1.2 %"
    assert percent(1.0) == "100 %"
