"""Finished pictures reach who takes them: the newest alone, or every one; nobody waits."""

from __future__ import annotations

import threading
import time

import numpy as np

from studio.core.errors import StudioError
from studio.live.outlets.frames import FrameOutlet, Picture


def picture(number: int) -> Picture:
    return Picture(np.full((4, 6, 4), number, np.uint8), float(number))


class Taker:
    """Takes pictures once it may."""

    def __init__(self) -> None:
        self.may, self.busy = threading.Event(), threading.Event()
        self.took: list[float] = []
        self.threads: set[int] = set()
        self.closed = 0

    def write(self, picture: Picture) -> None:
        self.threads.add(threading.get_ident())
        self.busy.set()
        assert self.may.wait(30)
        self.took.append(picture.time_s)

    def close(self) -> None:
        self.threads.add(threading.get_ident())
        self.closed += 1


def test_who_wants_the_newest_misses_what_came_while_it_was_busy():
    taker = Taker()
    outlet = FrameOutlet("window", lambda: taker)
    outlet.show(picture(0))
    assert taker.busy.wait(30)
    for number in range(1, 50):
        outlet.show(picture(number))  # returns at once though the taker is busy
    taker.may.set()
    until = time.monotonic() + 30
    while len(taker.took) < 2 and time.monotonic() < until:
        time.sleep(0.002)
    outlet.close()
    assert taker.took == [0, 49]
    assert (outlet.written, outlet.skipped) == (2, 48)
    assert taker.closed == 1
    assert len(taker.threads) == 1
    assert threading.get_ident() not in taker.threads


def test_who_wants_every_picture_gets_them_even_those_that_wait_at_the_end():
    taker = Taker()
    outlet = FrameOutlet("film", lambda: taker, every=True)
    for number in range(30):
        outlet.show(picture(number))
    taker.may.set()
    outlet.close()
    assert taker.took == list(range(30))
    assert (outlet.written, outlet.skipped, taker.closed) == (30, 0, 1)
    outlet.show(picture(99))  # harmless
    assert not outlet.open


def test_what_waits_never_grows_beyond_its_room():
    taker = Taker()
    size = picture(0).pixels.nbytes
    outlet = FrameOutlet("film", lambda: taker, every=True, room_bytes=3 * size)
    outlet.show(picture(0))
    assert taker.busy.wait(30)
    for number in range(1, 10):
        outlet.show(picture(number))
    taker.may.set()
    outlet.close()
    assert taker.took == [0, 1, 2, 3]
    assert outlet.skipped == 6


def test_what_cannot_be_opened_or_fails_is_kept_and_ends_the_outlet():
    def nothing() -> Taker:
        raise StudioError("There is no virtual camera.", "Install one.")

    shut = FrameOutlet("camera", nothing)
    shut.close()
    assert isinstance(shut.error, StudioError)

    class Broken(Taker):
        def write(self, picture: Picture) -> None:
            raise OSError("the disk is full")

    broken = Broken()
    outlet = FrameOutlet("film", lambda: broken, every=True)
    outlet.show(picture(0))
    outlet._thread.join(30)
    outlet.show(picture(1))
    assert isinstance(outlet.error, OSError)
    assert (outlet.open, broken.closed) == (False, 1)
    outlet.close()
