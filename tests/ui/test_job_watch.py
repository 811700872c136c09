"""JobWatch by hand: order of questions, no value lost at the end, no failure contagious."""

import time
from concurrent.futures import ThreadPoolExecutor

from studio.core.errors import Cancelled
from studio.jobs import Job
from studio.ui.job_watch import KEPT, JobWatch


def counting(steps, pause_s=0.0):
    def start(context):
        for number in range(steps):
            time.sleep(pause_s)
            yield number
        return steps

    return start


def wait(job):
    while not job.ended.done():
        time.sleep(0.001)


def test_the_last_value_comes_before_the_result(qapp):
    with ThreadPoolExecutor(1) as lane:
        watch, told = JobWatch(), []
        job = Job("count", counting(5), lane)
        watch.add(job, show=lambda v: told.append(("value", v)), done=lambda r: told.append(r))
        wait(job)
        watch.tick()
        watch.tick()
    assert told == [("value", 4), 5]
    assert not watch.busy


def test_a_panel_that_fails_does_not_stop_the_others(qapp):
    with ThreadPoolExecutor(2) as lane:
        watch, told = JobWatch(), []

        def fail(value):
            raise ValueError("panel")

        jobs = [Job("a", counting(2), lane), Job("b", counting(2), lane)]
        watch.add(jobs[0], show=fail, done=fail)
        watch.add(jobs[1], done=told.append)
        for job in jobs:
            wait(job)
        watch.tick()
    assert told == [2]
    assert not watch.busy


def test_errors_come_with_their_traceback_and_cancel_as_cancelled(qapp):
    def broken(context):
        yield 1
        raise ZeroDivisionError("nothing left")

    with ThreadPoolExecutor(1) as lane:
        watch, told = JobWatch(), []
        first = Job("broken", broken, lane)
        second = Job("long", counting(1000, 0.01), lane)
        for job in (first, second):
            watch.add(job, failed=lambda error, details: told.append((type(error), details)))
        second.cancel()
        wait(first)
        wait(second)
        watch.tick()
    assert told[0][0] is ZeroDivisionError
    assert "in broken" in told[0][1]
    assert told[1] == (Cancelled, "")


def test_old_jobs_are_forgotten_and_running_ones_never(qapp):
    with ThreadPoolExecutor(1) as lane:
        watch = JobWatch()
        slow = Job("slow", counting(1000, 0.005), lane)
        watch.add(slow)
        for _ in range(KEPT + 5):
            job = Job("quick", counting(1), ThreadPoolExecutor(1))
            watch.add(job)
            wait(job)
            watch.tick()
        assert len(watch.jobs) <= KEPT + 2
        assert slow in [w.job for w in watch.jobs]
        slow.cancel()
        wait(slow)
        watch.tick()


def test_slow_drawing_leaves_time_for_the_user(qapp, qtbot):
    """With a picture that takes 60 ms, the main thread is free at least a third of the time."""
    with ThreadPoolExecutor(1) as lane:
        watch, drawn = JobWatch(), []

        def draw(value):
            time.sleep(0.06)
            drawn.append(value)

        job = Job("stream", counting(100000, 0.001), lane)
        watch.add(job, show=draw)
        qtbot.wait(1200)
        job.cancel()
        wait(job)
        watch.tick()
    assert 3 <= len(drawn) <= 14


def test_memory_stays_flat_over_ten_thousand_frames(qapp, qtbot):
    """Pull, not push: whatever is not shown is dropped."""
    import tracemalloc

    import numpy as np

    def stream(context):
        for number in range(10_000):
            yield np.full((64, 64, 3), number % 255, np.uint8)
            if number % 50 == 0:
                time.sleep(0.001)
        return None

    with ThreadPoolExecutor(1) as lane:
        watch, shown = JobWatch(), []
        tracemalloc.start()
        job = Job("frames", stream, lane)
        watch.add(job, show=lambda frame: shown.__setitem__(slice(None), [frame]))
        qtbot.waitUntil(lambda: not watch.busy, timeout=30000)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 5e6
