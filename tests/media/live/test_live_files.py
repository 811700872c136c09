"""Files as cameras: their own times, their own pace, the common clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from clips import film, number_of, picture, turn
from network_cameras import until

from studio.core.types import Frame
from studio.media.live.hub import Cameras
from studio.media.live.source import Source, source_of
from studio.media.video import open_clip

Hub = Callable[..., Cameras]


def as_camera(path: Path, **wishes: object) -> Source:
    return source_of(path).model_copy(update=wishes)


def everything(hub: Cameras) -> list[Frame]:
    """All frames of the only camera, unpaced, up to its end."""
    found: dict[float, Frame] = {}
    hub.start()
    camera = hub.live()[0]
    until(
        lambda: (
            found.update({f.time_s: f for f in camera.recent()}) or camera.status.state == "ended"
        )
    )
    found.update({f.time_s: f for f in camera.recent()})
    return [found[time_s] for time_s in sorted(found)]


def test_a_file_gives_every_frame_once_at_its_time(tmp_path: Path, cameras: Hub) -> None:
    path = film(tmp_path / "a.mp4", 30, rate_hz=25)
    frames = everything(cameras(as_camera(path, paced=False, loop=False)))
    assert [number_of(frame.rgb) for frame in frames] == list(range(30))
    times = np.array([frame.time_s for frame in frames])
    assert np.allclose(np.diff(times), 1 / 25, atol=1e-6)


def test_frames_sent_out_of_order_are_shown_in_order(tmp_path: Path, cameras: Hub) -> None:
    path = reordered(tmp_path / "b.mp4", 40)
    frames = everything(cameras(as_camera(path, paced=False, loop=False)))
    assert [number_of(frame.rgb) for frame in frames] == list(range(40))
    assert np.allclose(np.diff([frame.time_s for frame in frames]), 1 / 25, atol=1e-3)


def reordered(path: Path, frames: int) -> Path:
    """A video with B-frames."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.options = {"crf": "8", "bf": "3", "b-adapt": "0"}
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(number, (96, 64)), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
        assert any(p.pts != p.dts + packets[0].pts - packets[0].dts for p in packets)
    return path


def test_a_file_plays_as_fast_as_it_was_filmed_and_again(tmp_path: Path, cameras: Hub) -> None:
    times = [0.0, 0.1, 0.15, 0.3, 0.35, 0.4]
    path = film(tmp_path / "a.mp4", 6, times_s=times, rate_hz=20)
    hub = cameras(as_camera(path))
    seen: dict[float, tuple[int, float]] = {}
    hub.start()
    camera = hub.live()[0]

    def look() -> bool:
        frame = camera.newest()
        if frame is not None:
            seen.setdefault(frame.time_s, (number_of(frame.rgb), time.monotonic()))
        return len(seen) >= 14

    until(look)
    assert all(at >= taken - 1e-3 for taken, (_, at) in seen.items())
    starts = [taken for taken, (number, _) in seen.items() if number == 0]
    for taken, (number, _) in seen.items():
        since = min(taken - start for start in starts if taken >= start - 1e-9)
        assert since == pytest.approx(times[number], abs=2e-3)
    stats = hub.stats()["a"]
    assert stats.status.state == "live"
    assert stats.frames >= 13


def test_files_begin_together(tmp_path: Path, cameras: Hub) -> None:
    hub = cameras(*(as_camera(film(tmp_path / f"cam{n}.mp4", 40)) for n in range(3)))
    hub.start()
    sets = hub.frame_sets()
    whole = [found for found in (next(sets) for _ in range(12)) if len(found.frames) == 3]
    assert len(whole) >= 8
    for found in whole:
        assert len({number_of(frame.rgb) for frame in found.frames.values()}) == 1
        assert all(abs(f.time_s - found.time_s) < 1e-6 for f in found.frames.values())


def test_pictures_of_a_folder_are_a_camera(tmp_path: Path, cameras: Hub) -> None:
    for number in range(8):
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture(number, (64, 48)))
    frames = everything(cameras(as_camera(tmp_path, rate_hz=10, paced=False, loop=False)))
    assert [number_of(frame.rgb) for frame in frames] == list(range(8))
    assert np.allclose(np.diff([frame.time_s for frame in frames]), 0.1, atol=1e-6)


@pytest.mark.parametrize("held", [0, 90, 180, 270])
@pytest.mark.parametrize("mirror", [False, True])
def test_pictures_are_turned_as_the_file_and_then_as_the_user_says(
    tmp_path: Path, cameras: Hub, held: int, mirror: bool
) -> None:
    path = film(tmp_path / "a.mp4", 3)
    turn(path, held)
    source = as_camera(path, rotation=90, mirror=mirror, paced=False, loop=False)
    frame = everything(cameras(source))[0]
    with open_clip(path) as clip:
        expected = np.rot90(clip.frame(0).rgb)
    if mirror:
        expected = expected[:, ::-1]
    assert np.abs(frame.rgb.astype(int) - expected).max() <= 2


def test_the_ring_is_bounded(tmp_path: Path, cameras: Hub) -> None:
    path = film(tmp_path / "a.mp4", 60, (640, 480))
    hub = cameras(as_camera(path, paced=False))
    hub.start()
    until(lambda: hub.stats()["a"].frames > 300)
    assert 0 < hub.stats()["a"].ring_bytes <= 48_000_000


def test_a_file_that_is_none_is_said_and_comes_back_when_it_is_there(
    tmp_path: Path, cameras: Hub
) -> None:
    path = film(tmp_path / "a.mp4", 20)
    source = as_camera(path)
    path.rename(tmp_path / "away.mp4")
    hub = cameras(source)
    hub.start()
    until(lambda: hub.stats()["a"].status.state == "failed")
    assert "There is no file “a.mp4”" in hub.stats()["a"].status.text
    assert hub.newest() == {}
    (tmp_path / "away.mp4").rename(path)
    until(lambda: hub.newest())


def test_wishes_a_file_cannot_fulfil_are_named(tmp_path: Path, cameras: Hub) -> None:
    path = film(tmp_path / "a.mp4", 20)
    hub = cameras(as_camera(path, size_px=(10, 10), rate_hz=99.0, exposure_ms=3.0))
    hub.start()
    until(lambda: hub.newest())
    assert hub.stats()["a"].notes == (
        "A file keeps its own size.",
        "A file has neither exposure nor focus.",
        "A video keeps its own rate.",
    )
