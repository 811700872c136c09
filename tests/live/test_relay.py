"""Lanes: the newest value wins, nobody waits."""

import threading
import time

from studio.live.relay import Lane, Slot


def test_a_slot_keeps_the_newest_and_counts_the_rest():
    slot = Slot[int]()
    assert slot.take(0.0) is None
    for value in range(5):
        slot.put(value)
    assert slot.take(0.0) == 4
    assert slot.take(0.0) is None
    assert slot.skipped == 4


def test_a_busy_lane_skips_to_the_newest():
    done: list[int] = []
    going, begun = threading.Event(), threading.Event()

    def work(value: int) -> None:
        begun.set()
        assert going.wait(30)
        done.append(value)
        if value == 99:
            ended.set()

    ended = threading.Event()
    lane = Lane("busy", work)
    lane.put(0)
    assert begun.wait(30)
    for value in range(1, 100):
        lane.put(value)  # returns at once though the lane is busy
    going.set()
    assert ended.wait(30)
    lane.close()
    assert done == [0, 99]
    assert lane.skipped == 98


def test_an_error_ends_the_lane_and_is_kept():
    lane = Lane("broken", lambda value: 1 / value)
    lane.put(0)
    lane._thread.join(30)
    assert isinstance(lane.error, ZeroDivisionError)
    lane.put(1)  # harmless
    lane.close()


def test_what_a_lane_made_is_freed_on_its_own_thread():
    threads: list[str] = []

    def note(_: object = None) -> None:
        threads.append(threading.current_thread().name)

    lane = Lane("maker", note, note)
    lane.put(1)
    deadline = time.monotonic() + 20
    while not threads and time.monotonic() < deadline:
        time.sleep(0.01)
    lane.close(20)
    assert threads == ["maker", "maker"]

    def fail(_: object) -> None:
        raise ValueError("broken")

    broken = Lane("broken", fail, note)
    broken.put(1)
    while broken.error is None and time.monotonic() < deadline:
        time.sleep(0.01)
    broken.close(20)
    assert threads[2:] == ["broken"]
