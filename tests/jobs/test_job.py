"""Jobs: the newest value wins, cancel and pause work, errors arrive, generators are closed."""

import threading
import time
import tracemalloc
from concurrent.futures import CancelledError

import numpy as np
import pytest

from studio.core.errors import Cancelled, StudioError
from studio.jobs import Context, Job, Lanes, run


@pytest.fixture
def lanes():
    lanes = Lanes(cpu=1)
    yield lanes
    lanes.close()


def test_what_comes_after_the_end_is_cancelled_not_an_error():
    lanes = Lanes(cpu=1)
    assert lanes["io"].submit(lambda: 3).result() == 3
    lanes.close()
    late = lanes["io"].submit(lambda: 3)
    assert late.done()
    assert late.cancelled()


def counting(limit, wait=0.0, closed=None):
    def engine(context):
        try:
            for number in range(limit):
                context.report(number / limit, f"{number} of {limit}")
                time.sleep(wait)
                yield number
            return "result"
        finally:
            if closed is not None:
                closed.set()

    return engine


def until(true, seconds=5.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.002)


def test_result_and_newest(lanes):
    job = Job("count", counting(5), lanes.cpu)
    assert job.ended.result(5) == "result"
    assert job.newest == (4, 4)
    assert job.state == "done"
    assert job.context.fraction == 1


def test_headless_run_is_the_same_engine():
    seen = []
    assert run(counting(3)(Context()), seen.append) == "result"
    assert seen == [0, 1, 2]


def test_cancel_is_quick_and_closes_the_generator(lanes):
    closed = threading.Event()
    job = Job("long", counting(10_000, 0.005, closed), lanes.cpu)
    until(lambda: job.newest is not None)
    before = time.monotonic()
    job.cancel()
    with pytest.raises(Cancelled):
        job.ended.result(5)
    assert time.monotonic() - before < 1
    assert closed.wait(1)
    assert job.state == "cancelled"


def test_waiting_job_is_cancelled_at_once(lanes):
    first = Job("first", counting(10_000, 0.005), lanes.cpu)
    second = Job("second", counting(1), lanes.cpu)
    second.cancel()
    assert second.state == "cancelled"
    first.cancel()


def test_pause_holds_and_cancel_wakes(lanes):
    job = Job("long", counting(10_000, 0.001), lanes.cpu)
    until(lambda: job.newest is not None)
    job.context.pause()
    time.sleep(0.05)
    held = job.newest
    time.sleep(0.1)
    assert job.newest == held
    assert job.state == "paused"
    job.context.resume()
    until(lambda: job.newest != held)
    job.context.pause()
    job.cancel()
    with pytest.raises(Cancelled):
        job.ended.result(2)


def test_errors_arrive_with_their_text(lanes):
    def engine(context):
        yield 1
        raise StudioError("The lens cap is on.", "Take it off.")

    job = Job("bad", engine, lanes.cpu)
    with pytest.raises(StudioError, match="lens cap"):
        job.ended.result(5)
    assert job.state == "failed"


def test_time_left_shrinks(lanes):
    job = Job("steady", counting(100, 0.004), lanes.cpu)
    until(lambda: (job.seconds_left or 9) < 0.25)
    assert job.ended.result(5) == "result"
    assert job.seconds_left is None


def test_ten_thousand_frames_keep_memory_flat(lanes):
    """Pull, not push: whatever the screen does, only the newest value is alive."""

    def engine(context):
        for number in range(10_000):
            yield np.full(50_000, number % 256, np.uint8)

    tracemalloc.start()
    job = Job("stream", engine, lanes.cpu)
    job.ended.result(60)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000, f"{peak} bytes at the peak"


def test_newer_inputs_are_taken_once_and_only_the_newest():
    context = Context()
    assert context.renewed() is None
    context.renew("first")
    context.renew("second")
    assert context.renewed() == "second"
    assert context.renewed() is None


def test_an_endless_engine_returns_what_it_has_when_asked_to_finish(lanes):
    def endless(context):
        count = 0
        while not context.wait(0.001):
            count += 1
            yield count
        return "all of it"

    job = Job("count", endless, lanes.io)
    while job.newest is None:
        time.sleep(0.001)
    job.context.finish()
    assert job.ended.result(timeout=1) == "all of it"
    assert job.state == "done"
    again = Job("count", endless, lanes.io)
    again.cancel()
    with pytest.raises((Cancelled, CancelledError)):
        again.ended.result(timeout=1)
