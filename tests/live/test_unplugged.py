"""Cameras that go away and come back: whoever follows them goes on, without a restart."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from moments import Finder, film
from network_cameras import HttpCamera, until

from studio.jobs import Context, run
from studio.journeys.soak import open_files
from studio.live.moment import Moment
from studio.live.opening import over
from studio.live.tracking import follow
from studio.media.live.camera import Patience
from studio.media.live.hub import Cameras
from studio.media.live.source import source_of

QUICK = Patience(open_s=30.0, stall_s=30.0, silence_s=30.0, retry_s=0.02, retry_most_s=0.05)
TIMES = 10


class Follower:
    """Follows a camera in a thread of its own, and says when the newest picture was taken."""

    def __init__(self, cameras: Cameras) -> None:
        self.context, self.newest_s, self.result = Context(), -1.0, None
        self._thread = threading.Thread(target=self._run, args=(cameras,))
        self._thread.start()

    @property
    def going(self) -> bool:
        return self._thread.is_alive()

    def _run(self, cameras: Cameras) -> None:
        self.result = run(follow(cameras, Finder, self.context), self._hear)

    def _hear(self, moment: Moment) -> None:
        self.newest_s = moment.taken_s

    def end(self) -> None:
        self.context.finish()
        self._thread.join(60)


@contextmanager
def following(place: str) -> Iterator[tuple[Cameras, Follower]]:
    cameras = Cameras([source_of(place, "cam")], patience=QUICK)
    cameras.start()
    follower = Follower(cameras)
    try:
        yield cameras, follower
    finally:
        follower.end()
        cameras.stop(wait_s=10.0)


def helpers() -> int:
    """Threads that read cameras."""
    return sum(t.name.startswith(("read cam", "cam")) for t in threading.enumerate())


def test_a_network_camera_goes_and_returns_ten_times():
    phone = HttpCamera()
    with following(phone.url) as (cameras, follower):
        until(lambda: follower.newest_s > 0)
        threads, files = helpers(), open_files()
        for _ in range(TIMES):
            phone.die()
            until(lambda: cameras.live()[0].status.state == "lost")
            assert not over(cameras)
            phone = HttpCamera(phone.port)
            back_s = time.monotonic()
            until(lambda back_s=back_s: follower.newest_s > back_s)
            assert follower.going
        assert cameras.stats()["cam"].returns == TIMES
        until(lambda: helpers() <= threads)
        until(lambda: open_files() <= files + 2)
        phone.die()
    assert follower.result is not None
    assert follower.result.count > TIMES


class Drive:
    """A film on a drive that can be pulled out: what was opened stays readable to its end."""

    def __init__(self, path: Path) -> None:
        self.path, self.aside = film(path, 12), path.with_suffix(".away")

    def pull(self) -> None:
        self.path.rename(self.aside)

    def plug(self) -> None:
        self.aside.rename(self.path)


def test_a_film_that_vanishes_and_returns_is_shown_again_ten_times(tmp_path):
    drive = Drive(tmp_path / "cam.mp4")
    cameras = Cameras([source_of(drive.path, "cam")], patience=QUICK)  # it begins again at its end
    cameras.start()
    try:
        camera = cameras.live()[0]
        until(lambda: camera.status.state == "live")
        for _ in range(TIMES):
            drive.pull()
            until(lambda: camera.status.state == "lost")
            assert camera.newest() is None
            assert over(cameras)  # nobody waits for a film that is lost
            assert "cam" in camera.status.text
            drive.plug()
            until(lambda: camera.status.state == "live")
            until(lambda: camera.newest() is not None)
        assert cameras.stats()["cam"].returns == TIMES
        assert helpers() <= 2
    finally:
        cameras.stop(wait_s=10.0)


def test_who_follows_a_film_that_is_lost_comes_to_an_end(tmp_path):
    drive = Drive(tmp_path / "cam.mp4")
    with following(str(drive.path)) as (_, follower):
        until(lambda: follower.newest_s > 0)
        drive.pull()
        until(lambda: not follower.going)
    assert follower.result is not None


@pytest.mark.parametrize("loop", [True, False])
def test_a_film_at_its_end_is_over_unless_it_begins_again(tmp_path, loop):
    source = source_of(film(tmp_path / "cam.mp4", 6), "cam").model_copy(update={"loop": loop})
    cameras = Cameras([source], patience=QUICK)
    cameras.start()
    try:
        until(lambda: cameras.stats()["cam"].frames > 6 if loop else over(cameras))
        assert over(cameras) is not loop
    finally:
        cameras.stop(wait_s=10.0)
