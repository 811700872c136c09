"""The set of cameras: names, order, sets, what is saved; clocks and counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from clips import film, number_of
from hypothesis import given
from hypothesis import strategies as st
from network_cameras import HttpCamera, jpeg, until

from studio.core.errors import StudioError
from studio.media.live.clock import CaptureClock
from studio.media.live.hub import Cameras
from studio.media.live.source import Source, check_url, source_of, without_password
from studio.media.live.stats import Meter
from studio.media.live.stream import jpeg_size

Hub = Callable[..., Cameras]


def named(name: str, id: str = "") -> Source:
    return Source(id=id or name, name=name, kind="video", place=f"/{name}.mp4")


def test_names_and_ids_are_unlike(cameras: Hub) -> None:
    hub = cameras(named("a"), named("b"))
    with pytest.raises(StudioError, match="cannot both be called “a”"):
        hub.add(named("a", "other"))
    with pytest.raises(StudioError, match="among the cameras already"):
        hub.add(named("c", "a"))
    with pytest.raises(StudioError, match="cannot both be called “b”"):
        hub.change(named("b", "a"))
    hub.change(named("a2", "a"))
    assert [source.name for source in hub.sources] == ["a2", "b"]


def test_order(cameras: Hub) -> None:
    hub = cameras(*(named(name) for name in "abcd"))
    hub.move("d", 1)
    assert "".join(source.name for source in hub.sources) == "adbc"
    hub.move("a", 3)
    assert "".join(source.name for source in hub.sources) == "dbca"
    hub.remove("b")
    hub.remove("nobody")
    assert "".join(source.name for source in hub.sources) == "dca"


def test_saved_and_restored(cameras: Hub) -> None:
    wished = named("b").model_copy(update={"rotation": 90, "size_px": (640, 480), "focus": 0.5})
    hub = cameras(named("a"), wished)
    other = cameras(named("old"))
    other.restore([*hub.saved(), {"name": "broken"}, {**named("a").model_dump(), "later": 1}])
    assert other.sources == hub.sources


def test_a_changed_camera_is_opened_anew(tmp_path: Path, cameras: Hub) -> None:
    source = source_of(film(tmp_path / "a.mp4", 30))
    hub = cameras(source)
    hub.start()
    until(lambda: hub.newest())
    assert hub.newest()["a"].rgb.shape == (64, 96, 3)
    first = hub.camera(source.id)
    hub.change(source.model_copy(update={"rotation": 90, "name": "turned"}))
    until(lambda: hub.newest())
    assert hub.newest()["turned"].rgb.shape == (96, 64, 3)
    assert first is not hub.camera(source.id)
    hub.remove(source.id)
    assert hub.newest() == {}


def test_a_silent_camera_holds_no_set_up(tmp_path: Path, cameras: Hub) -> None:
    phone = HttpCamera()
    try:
        file = source_of(film(tmp_path / "a.mp4", 40))
        hub = cameras(file, source_of(phone.url, "phone"))
        hub.start()
        sets = hub.frame_sets()
        until(lambda: set(next(sets).frames) == {"a", "phone"})
        phone.going.clear()
        until(lambda: set(next(sets).frames) == {"a"})
        phone.going.set()
        until(lambda: set(next(sets).frames) == {"a", "phone"})
    finally:
        phone.die()


def test_sets_come_in_order_and_end_with_the_hub(tmp_path: Path, cameras: Hub) -> None:
    hub = cameras(*(source_of(film(tmp_path / f"{n}.mp4", 30)) for n in range(2)))
    hub.start()
    times: list[float] = []
    for found in hub.frame_sets():
        assert found.number == len(times)
        times.append(found.time_s)
        if len(times) == 10:
            hub.stop()
    assert len(times) in (10, 11)
    assert (np.diff(times) > 0).all()
    assert all(number_of(frame.rgb) >= 0 for frame in found.frames.values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ftp://camera/x", "“ftp” streams are not understood"),
        ("rtsp://", "names no camera"),
        ("http://camera:0/", "Port 0"),
        ("http://camera:port/", "is not a URL"),
        ("/no/such/file.mp4", "There is no “/no/such/file.mp4”"),
    ],
)
def test_what_is_no_camera(text: str, said: str) -> None:
    with pytest.raises(StudioError, match=said) as error:
        source_of(text)
    assert error.value.hint


def test_sources_of_all_kinds(tmp_path: Path) -> None:
    assert source_of("rtsp://10.0.0.2:554/live").kind == "rtsp"
    assert source_of("https://10.0.0.2/video", "phone").name == "phone"
    assert source_of("/dev/video0").kind == "device"
    assert source_of(tmp_path).kind == "images"
    assert source_of(film(tmp_path / "a.mp4", 2)).kind == "video"
    assert source_of("http://10.0.0.2/").id == source_of("http://10.0.0.2/").id
    assert without_password("http://me:secret@10.0.0.2:8080/v") == "http://me:***@10.0.0.2:8080/v"
    assert source_of("http://me:secret@10.0.0.2/").shown_place == "http://me:***@10.0.0.2/"
    assert check_url("rtsps://10.0.0.2/x") == "rtsp"


@given(
    st.lists(st.floats(0, 0.2), min_size=30, max_size=80),
    st.floats(-1e6, 1e6).filter(lambda zero: abs(zero - 5000) > 20),
)
def test_the_clock_takes_the_networks_jitter_away(jitter: list[float], zero_s: float) -> None:
    clock = CaptureClock()
    rate, jitter = 30.0, [0.0, *jitter]
    stamps = zero_s + np.arange(len(jitter)) / rate
    arrivals = 5000.0 + np.arange(len(jitter)) / rate + np.array(jitter)
    captures = [clock.capture_s(s, a) for s, a in zip(stamps, arrivals, strict=True)]
    assert np.allclose(captures, 5000 + np.arange(len(jitter)) / rate, atol=1e-5)
    assert (np.array(captures) <= arrivals + 1e-6).all()


def test_the_clock_follows_drift_and_restarts() -> None:
    clock = CaptureClock(window_s=2.0)
    for second in np.arange(0, 60, 0.1):
        taken = clock.capture_s(1e6 + 1.001 * second, 100 + second)
    assert taken == pytest.approx(100 + second, abs=5e-3)
    assert clock.capture_s(10.0, 200.0) == pytest.approx(200.0)
    assert clock.capture_s(None, 300.0) == 300.0


@given(st.sets(st.integers(5, 95), max_size=30))
def test_the_meter_counts_what_is_missing(missing: set[int]) -> None:
    meter = Meter()
    meter.begin(25.0)
    kept = [number for number in range(100) if number not in missing]
    said = sum(meter.arrived(n / 25, n / 25, n / 25 + 0.01) for n in kept)
    assert meter.dropped == said == len(missing)
    assert meter.frames == len(kept)
    assert meter.late == 0
    assert meter.latency_s == pytest.approx(0.01)


def test_the_meter_learns_a_rate_and_keeps_a_history() -> None:
    meter = Meter()
    meter.begin(0.0)
    for n in range(300):
        held_up = 2.2 if 100 <= n < 109 else 0.0
        meter.arrived(n / 50, n / 50, max(n / 50 + 0.01, held_up))
    assert meter.step_s == pytest.approx(1 / 50, rel=1e-3)
    assert meter.rate_hz(6.0) == pytest.approx(50, rel=0.02)
    assert meter.rate_hz(9.0) == 0.0
    assert meter.late == 9
    history = meter.history()
    assert history.shape[1] == 6
    assert np.allclose(history[3:, 1], 50, rtol=0.1)
    assert (np.diff(history[:, 0]) >= 0.5).all()
    assert history[:, 3].sum() == 9


@given(st.integers(1, 300), st.integers(1, 300))
def test_the_size_of_a_jpeg(width: int, height: int) -> None:
    assert jpeg_size(jpeg(3, (width, height))) == (width, height)
    assert jpeg_size(b"\xff\xd8\xff") is None


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://127.0.0.1:8081/", "127.0.0.1:8081"),
        ("http://10.0.0.2:8080/video", "10.0.0.2:8080"),
        ("rtsp://me:secret@10.0.0.2/live/ch1", "10.0.0.2/ch1"),
        ("https://cam.example/", "cam.example"),
    ],
)
def test_a_stream_is_named_by_what_tells_it_from_others(url, name):
    assert source_of(url).name == name
