"""Outlets that the tests of this folder open."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from studio.live.outlets.address import address_of
from studio.live.outlets.outlet import Outlet, open_outlets


@pytest.fixture
def open_() -> Iterator[Callable[[str], Outlet]]:
    opened: list[Outlet] = []

    def made(text: str) -> Outlet:
        opened.extend(open_outlets([address_of(text)]))
        return opened[-1]

    yield made
    for outlet in opened:
        outlet.close()
