"""Cyclic garbage goes from the main thread alone, and the old only while nobody works."""

import gc
import weakref

import pytest

from studio.ui import gc_guard
from studio.ui.gc_guard import GcGuard


class Ring:
    """Refers to itself, so that only the collector frees it."""

    def __init__(self):
        self.own = self


@pytest.fixture
def guarded(qapp):
    """Makes guards; collection is as it was afterwards."""
    made = []

    def make(**told):
        made.append(GcGuard(**told))
        made[-1]._timer.stop()  # the tests call it by hand
        return made[-1]

    yield make
    for guard in made:
        guard.close()
    assert gc.isenabled()


def old_ring():
    """Garbage that survived the young generations."""
    ring = Ring()
    gc.collect(1)
    return weakref.ref(ring)


def test_python_collects_nothing_by_itself_until_the_guard_is_closed(guarded):
    guard = guarded()
    assert not gc.isenabled()
    guard.close()
    assert gc.isenabled()


def test_young_garbage_goes_at_once_though_somebody_works(guarded):
    guard = guarded(busy=lambda: True)
    gone = weakref.ref(Ring())
    assert gone() is not None
    kept = [[] for _ in range(gc.get_threshold()[0] + 100)]
    guard.check()
    assert gone() is None
    del kept


@pytest.mark.parametrize(("busy", "collected"), [(True, False), (False, True)])
def test_old_garbage_waits_until_nobody_works(guarded, busy, collected):
    guard = guarded(busy=lambda: busy, idle_s=-1.0)
    gone = old_ring()
    guard._set_aside = True
    guard.check()
    assert (gone() is None) is collected


def test_old_garbage_goes_when_it_is_overdue(guarded):
    guard = guarded(busy=lambda: True, overdue_s=-1.0)
    gone = old_ring()
    guard._set_aside = True
    guard.check()
    assert gone() is None


def test_what_an_import_brings_is_set_aside(guarded, monkeypatch):
    monkeypatch.setattr(gc_guard, "BURST", 50)
    guard = guarded(busy=lambda: True)
    before = gc.get_freeze_count()
    brought = [[] for _ in range(1000)]
    guard.check()
    assert gc.get_freeze_count() > before
    del brought
