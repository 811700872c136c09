"""Network cameras on the loopback that stall, drop, change size, die and come back."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest
from clips import number_of
from network_cameras import HttpCamera, RtspCamera, until

from studio.media.live.hub import Cameras
from studio.media.live.source import source_of

Hub = Callable[..., Cameras]


@pytest.fixture
def phone() -> Iterator[HttpCamera]:
    camera = HttpCamera()
    yield camera
    camera.die()


@pytest.fixture
def rtsp() -> Iterator[RtspCamera]:
    camera = RtspCamera()
    yield camera
    camera.die()


def watch(hub: Cameras, count: int = 20) -> tuple[list[int], list[float]]:
    """The numbers and times of frames as they come, each once."""
    seen: dict[float, int] = {}
    camera = hub.live()[0]

    def look() -> bool:
        seen.update({frame.time_s: number_of(frame.rgb) for frame in camera.recent()})
        return len(seen) >= count

    until(look)
    return [seen[time_s] for time_s in sorted(seen)], sorted(seen)


def consecutive(numbers: list[int]) -> bool:
    return all((b - a) % 48 == 1 for a, b in pairwise(numbers))


@pytest.mark.parametrize("lengths", [True, False])
@pytest.mark.parametrize("boundary", ["frame", "--frame", "a-b.c"])
def test_mjpeg_over_http(phone: HttpCamera, cameras: Hub, lengths: bool, boundary: str) -> None:
    phone.lengths, phone.boundary = lengths, boundary
    hub = cameras(source_of(phone.url, "phone"))
    hub.start()
    numbers, times = watch(hub)
    assert consecutive(numbers)
    assert (np.diff(times) > 0).all()
    stats = hub.stats()["phone"]
    assert (stats.status.state, stats.codec, stats.size_px) == ("live", "mjpeg", (96, 64))
    assert 0 < stats.rate_hz <= 51


def test_a_phones_own_time_stamps_outdo_arrivals(phone: HttpCamera, cameras: Hub) -> None:
    phone.stamps = True
    hub = cameras(source_of(phone.url, "phone"))
    hub.start()
    _, times = watch(hub, 30)
    assert np.median(np.abs(np.diff(times) - 1 / phone.rate_hz)) < 1e-3


def test_the_size_may_change(phone: HttpCamera, cameras: Hub) -> None:
    hub = cameras(source_of(phone.url, "phone"))
    hub.start()
    until(lambda: hub.newest())
    phone.size_px = (64, 96)
    until(lambda: hub.newest()["phone"].rgb.shape == (96, 64, 3))
    stats = hub.stats()["phone"]
    assert stats.size_changes == 1
    assert stats.notes == ("The size changed to 64 x 96.",)


def test_a_stall_is_said_and_ends(phone: HttpCamera, cameras: Hub) -> None:
    hub = cameras(source_of(phone.url, "phone"))
    hub.start()
    until(lambda: hub.newest())
    phone.going.clear()
    until(lambda: hub.stats()["phone"].status.state == "stalled")
    status = hub.stats()["phone"].status
    assert "has sent no picture for" in status.text
    assert "Check its cable" in status.hint
    phone.going.set()
    until(lambda: hub.stats()["phone"].status.state == "live")


def test_a_long_silence_ends_the_connection_and_it_comes_back(
    phone: HttpCamera, cameras: Hub
) -> None:
    hub = cameras(source_of(phone.url, "phone"))
    hub.start()
    until(lambda: hub.newest())
    phone.going.clear()
    until(lambda: hub.stats()["phone"].status.state in ("lost", "opening"))
    assert hub.newest() == {}
    phone.going.set()
    until(lambda: hub.newest())
    until(lambda: hub.stats()["phone"].returns == 1)


@pytest.mark.parametrize("make", [HttpCamera, RtspCamera])
def test_death_and_return(make: type[HttpCamera | RtspCamera], cameras: Hub) -> None:
    camera = make()
    hub = cameras(source_of(camera.url, "phone"))
    hub.start()
    until(lambda: hub.newest())
    camera.die()
    until(lambda: hub.stats()["phone"].status.state == "lost")
    until(lambda: "refuses connections" in hub.stats()["phone"].status.text)
    assert "Start its streaming app" in hub.stats()["phone"].status.hint
    again = make(camera.port)
    try:
        until(lambda: hub.newest())
        until(lambda: hub.stats()["phone"].returns == 1)
    finally:
        again.die()


def test_a_user_name_and_password(phone: HttpCamera, cameras: Hub) -> None:
    phone.login = "me:p@ss"
    address = phone.url.removeprefix("http://")
    hub = cameras(source_of(f"http://me:p%40ss@{address}", "right"))
    hub.add(source_of(f"http://me:wrong@{address}", "wrong"))
    hub.start()
    until(lambda: "right" in hub.newest())
    until(lambda: hub.stats()["wrong"].status.state == "failed")
    status = hub.stats()["wrong"].status
    assert "user name and a password" in status.text
    assert "wrong@" not in status.text + status.hint


@pytest.mark.parametrize(
    ("status", "said"), [(404, "no stream at this path"), (503, "is busy"), (500, "error 500")]
)
def test_refusals_are_explained(phone: HttpCamera, cameras: Hub, status: int, said: str) -> None:
    phone.status = status
    hub = cameras(source_of(phone.url, "phone"))
    hub.start()
    until(lambda: hub.stats()["phone"].status.state == "failed")
    assert said in hub.stats()["phone"].status.text
    phone.status = 200
    until(lambda: hub.newest())


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("text/html; charset=utf-8", "a web page, not a stream"),
        ("image/jpeg", "one picture, not a stream"),
        ("video/mp4", "not a video stream"),
    ],
)
def test_what_is_no_stream_is_named(phone: HttpCamera, cameras: Hub, kind: str, said: str) -> None:
    phone.content_type = kind
    hub = cameras(source_of(phone.url, "phone"))
    hub.start()
    until(lambda: hub.stats()["phone"].status.state == "failed")
    assert said in hub.stats()["phone"].status.text


def test_redirections_are_followed(phone: HttpCamera, cameras: Hub) -> None:
    phone.location = "/elsewhere"
    hub = cameras(source_of(phone.url, "phone"))
    hub.start()
    until(lambda: hub.newest())


def test_silence_at_opening_is_given_up(phone: HttpCamera, cameras: Hub) -> None:
    from studio.media.live.camera import Patience

    phone.silent = True
    hub = cameras(source_of(phone.url, "phone"), patience=Patience(open_s=0.4, retry_s=60))
    began = time.monotonic()
    hub.start()
    assert time.monotonic() - began < 0.3
    until(lambda: hub.stats()["phone"].status.state == "failed")
    assert "did not" in hub.stats()["phone"].status.text


def test_an_address_that_does_not_speak_http(cameras: Hub) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        hub = cameras(source_of(f"http://127.0.0.1:{server.getsockname()[1]}/", "odd"))
        hub.start()
        connection, _ = server.accept()
        connection.sendall(b"SSH-2.0-something\r\n")
        until(lambda: hub.stats()["odd"].status.state == "failed")
        connection.close()
    assert "does not speak HTTP" in hub.stats()["odd"].status.text


def test_rtsp(rtsp: RtspCamera, cameras: Hub) -> None:
    hub = cameras(source_of(rtsp.url, "door"))
    hub.start()
    numbers, times = watch(hub)
    assert consecutive(numbers)
    assert np.allclose(np.diff(times), 1 / rtsp.rate_hz, atol=2e-3)
    assert hub.stats()["door"].codec == "h264"


def test_frames_that_never_came_are_counted_as_dropped(rtsp: RtspCamera, cameras: Hub) -> None:
    rtsp.gop = 1
    hub = cameras(source_of(rtsp.url, "door"))
    hub.start()
    until(lambda: hub.stats()["door"].frames > 20)
    assert hub.stats()["door"].dropped == 0
    start = rtsp.sent + 10
    rtsp.skip = {start, start + 1, start + 2, start + 7}
    until(lambda: rtsp.sent > start + 20)
    until(lambda: hub.stats()["door"].dropped == 4)


def test_an_unknown_path_of_an_rtsp_camera(rtsp: RtspCamera, cameras: Hub) -> None:
    rtsp.status = 404
    hub = cameras(source_of(rtsp.url, "door"))
    hub.start()
    until(lambda: hub.stats()["door"].status.state == "failed")
    assert "no stream at this path" in hub.stats()["door"].status.text


def test_wishes_a_network_camera_cannot_fulfil_are_named(phone: HttpCamera, cameras: Hub) -> None:
    hub = cameras(source_of(phone.url, "phone").model_copy(update={"rate_hz": 60.0, "focus": 0.5}))
    hub.start()
    until(lambda: hub.newest())
    assert "set in its own app" in " ".join(hub.stats()["phone"].notes)
