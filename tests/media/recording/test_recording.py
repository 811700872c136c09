"""Takes: every frame once with its time, drops by name, nothing lost by a kill or a full disk."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from clips import film, number_of, picture
from network_cameras import HttpCamera, RtspCamera, jpeg, until

from studio.core.errors import StudioError
from studio.core.types import Camera, CameraRig
from studio.media.clip import ClipReader
from studio.media.identify import gather
from studio.media.live.hub import Cameras
from studio.media.live.source import Source, source_of
from studio.media.live.stream import Encoding, Sample
from studio.media.recording.disk import DiskGuard
from studio.media.recording.lock import Lock, is_recording
from studio.media.recording.read import clips_of
from studio.media.recording.recorder import Recording
from studio.media.recording.recover import recover
from studio.media.recording.take import (
    TAKE,
    TakeRecord,
    file_stem,
    list_takes,
    new_folder,
    read_take,
    write_take,
)
from studio.media.recording.times import read_times
from studio.media.recording.track import Track
from studio.media.sync import FrameSets
from studio.media.video import open_clip

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


def ready(hub: Cameras) -> None:
    """Start and wait for a picture of every camera."""
    hub.start()
    until(lambda: len(hub.newest()) == len(hub.sources))


def record(hub: Cameras, folder: Path, frames: int = 40, **how: object) -> Recording:
    """A recording of at least so many frames of every camera, still running."""
    recording = Recording(hub, folder, look_s=0.1, **how)  # type: ignore[arg-type]
    until(lambda: all(s.frames >= frames for s in recording.stats().cameras.values()))
    return recording


def numbers(clip: ClipReader) -> list[int]:
    return [number_of(frame.rgb) for frame in clip]


def consecutive(found: list[int], modulo: int = 48) -> bool:
    return all((b - a) % modulo == 1 for a, b in pairwise(found))


def test_packets_pass_through_with_their_times(
    tmp_path: Path, cameras: Hub, phone: HttpCamera, rtsp: RtspCamera
) -> None:
    hub = cameras(source_of(phone.url, "phone"), source_of(rtsp.url, "door"))
    ready(hub)
    recording = record(hub, tmp_path)
    assert is_recording(recording.folder)
    take = recording.stop()
    assert not is_recording(recording.folder)
    assert take == read_take(recording.folder)
    assert take.finished
    assert take.complete
    for camera, codec in zip(take.cameras, ("mjpeg", "h264"), strict=True):
        segment = camera.segments[0]
        assert (segment.codec, segment.passed_through) == (codec, True)
        with open_clip(recording.folder / segment.video) as clip:
            assert clip.frames == segment.frames >= 40
            assert consecutive(numbers(clip))
            rows = read_times(recording.folder / segment.times)
            assert rows is not None
            assert np.allclose(clip.times_s, rows.time_s - rows.time_s[0], atol=1e-6)
            assert number_of(clip.frame(25).rgb) == (numbers(clip)[0] + 25) % 48


def test_nothing_is_encoded_again(tmp_path: Path, cameras: Hub, phone: HttpCamera) -> None:
    hub = cameras(source_of(phone.url, "phone"))
    ready(hub)
    recording = record(hub, tmp_path, 5)
    video = recording.folder / recording.stop().cameras[0].segments[0].video
    with av.open(str(video)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    sent = {jpeg(number) for number in range(48)}
    assert all(packet in sent for packet in packets)


def test_pictures_and_odd_sizes_are_encoded(tmp_path: Path, cameras: Hub) -> None:
    sources: list[Source] = []
    for name, size in (("even", (96, 64)), ("odd", (97, 65))):
        (tmp_path / name).mkdir()
        for number in range(40):
            cv2.imwrite(str(tmp_path / name / f"{number:02}.png"), picture(number, size))
        sources.append(source_of(tmp_path / name).model_copy(update={"rate_hz": 50.0}))
    hub = cameras(*sources)
    ready(hub)
    recording = record(hub, tmp_path / "takes", 50)
    take = recording.stop()
    assert [c.segments[0].codec for c in take.cameras] == ["h264", "mjpeg"]
    for camera in take.cameras:
        assert not camera.segments[0].passed_through
        with open_clip(recording.folder / camera.segments[0].video) as clip:
            assert consecutive(numbers(clip), 40)
            assert clip.frames == camera.frames


def test_a_stream_of_long_intervals_begins_before_the_take(tmp_path: Path, cameras: Hub) -> None:
    path = film(tmp_path / "a.mp4", 200, rate_hz=50)
    hub = cameras(source_of(path))
    ready(hub)
    until(lambda: hub.stats()["a"].frames > 20)
    recording = record(hub, tmp_path / "takes", 60)
    take = recording.stop()
    segment = take.cameras[0].segments[0]
    assert -1.0 <= segment.first_s <= 0
    with open_clip(recording.folder / segment.video) as clip:
        assert clip.frames == segment.frames
        assert np.allclose(np.diff(clip.times_s), 1 / 50, atol=1e-3)


def test_drops_are_recorded_and_no_frame_invented(
    tmp_path: Path, cameras: Hub, rtsp: RtspCamera
) -> None:
    rtsp.gop = 1
    hub = cameras(source_of(rtsp.url, "door"))
    ready(hub)
    until(lambda: hub.stats()["door"].frames > 20)
    recording = record(hub, tmp_path, 5)
    start = rtsp.sent + 10
    rtsp.skip = {start, start + 1, start + 5}
    until(lambda: rtsp.sent > start + 20)
    until(lambda: recording.stats().cameras["door"].dropped == 3)
    assert "door: 3 frames dropped by the camera." in recording.stats().warnings
    take = recording.stop()
    assert take.cameras[0].dropped == 3
    assert not take.complete
    segment = take.cameras[0].segments[0]
    with (recording.folder / segment.times).open(newline="") as file:
        notes = [row["note"] for row in csv.DictReader(file) if row["note"]]
    assert notes == ["2 dropped by the camera", "1 dropped by the camera"]
    with open_clip(recording.folder / segment.video) as clip:
        steps = np.round(np.diff(clip.times_s) * rtsp.rate_hz)
        assert sorted(steps)[-2:] == [2, 3]
        assert clip.frames == segment.frames
    assert "door: 3 frames are missing." in clips_of(recording.folder, take)[1]


def test_a_camera_that_dies_changes_its_size_and_returns(
    tmp_path: Path, cameras: Hub, rtsp: RtspCamera
) -> None:
    phone = HttpCamera()
    hub = cameras(source_of(phone.url, "phone"), source_of(rtsp.url, "door"))
    ready(hub)
    recording = record(hub, tmp_path)
    phone.die()
    until(lambda: hub.stats()["phone"].status.state == "lost")
    again = HttpCamera(phone.port)
    try:
        before = recording.stats().cameras["phone"].frames
        until(lambda: recording.stats().cameras["phone"].frames > before + 20)
        again.size_px = (64, 96)
        until(lambda: len(recording.take.cameras[0].segments) == 2)
        until(lambda: recording.take.cameras[0].segments[1].frames > 5)
        take = recording.stop()
    finally:
        again.die()
    first, second = take.cameras[0].segments
    assert (first.size_px, second.size_px) == ((96, 64), (64, 96))
    assert second.video == "phone part 2.mkv"
    assert take.cameras[0].away_s > 0
    assert take.cameras[1].away_s == 0
    with open_clip(recording.folder / first.video) as clip:
        assert np.abs(np.diff(clip.times_s) - take.cameras[0].away_s).min() < 0.002
        assert clip.frames == first.frames
    with open_clip(recording.folder / second.video) as clip:
        assert clip.size_px == (64, 96)
    notes = " ".join(clips_of(recording.folder, take)[1])
    assert "phone changed its size while it was recorded" in notes


def test_what_cannot_be_written_in_time_is_lost_by_name(
    tmp_path: Path, cameras: Hub, rtsp: RtspCamera
) -> None:
    rtsp.size_px = (320, 240)
    hub = cameras(source_of(rtsp.url, "door"))
    ready(hub)
    recording = Recording(hub, tmp_path, queue_bytes=1, look_s=0.1)
    until(lambda: recording.stats().cameras["door"].lost > 5)
    assert any("this machine cannot keep up" in said for said in recording.stats().warnings)
    take = recording.stop()
    assert take.cameras[0].lost > 5
    assert take.cameras[0].frames == 0


def test_turned_cameras_are_turned_when_read(tmp_path: Path, cameras: Hub) -> None:
    source = source_of(film(tmp_path / "a.mp4", 30)).model_copy(
        update={"rotation": 90, "mirror": True}
    )
    hub = cameras(source)
    ready(hub)
    recording = record(hub, tmp_path / "takes", 10)
    shown = hub.newest()["a"].rgb
    take = recording.stop()
    with open_clip(recording.folder / take.cameras[0].segments[0].video) as clip:
        assert clip.size_px == (64, 96)
        read = clip.frame(3).rgb
    assert read.shape == shown.shape
    bright = [np.argwhere(rgb.min(axis=2) > 250).mean(axis=0) for rgb in (read, shown)]
    assert np.allclose(*bright, atol=2)


def test_a_take_comes_in_with_true_offsets(tmp_path: Path, cameras: Hub) -> None:
    late = film(tmp_path / "b.mp4", 48, rate_hz=50)
    hub = cameras(source_of(film(tmp_path / "a.mp4", 48, rate_hz=50)), source_of(late))
    ready(hub)
    rig = CameraRig(tuple(camera(name) for name in "ab"))
    recording = record(hub, tmp_path / "takes", 60, rig=rig)
    recording.stop()
    bundle = gather([tmp_path / "takes"])
    assert [path.name for path in bundle.rigs] == ["rig.json"]
    (take,) = bundle.takes
    assert take.name == "Take 1"
    assert [name for name, _ in take.clips] == ["a", "b"]
    clips = [open_clip(path, camera=name) for name, path in take.clips]
    sets = list(FrameSets(clips, take.offsets_s, in_s=0.0, out_s=0.8))
    for clip in clips:
        clip.close()
    assert all(len(found.frames) == 2 for found in sets)
    for found in sets:
        a, b = (number_of(found.frames[name].rgb) for name in "ab")
        assert a == b, "frames of one moment"


def camera(name: str) -> Camera:
    matrix = np.array([[90.0, 0, 48], [0, 90, 32], [0, 0, 1]])
    shift = np.array([0.0 if name == "a" else 1.0, 0, 3])
    return Camera(name, (96, 64), matrix, np.zeros(4), np.eye(3), shift)


def test_there_must_be_a_live_camera_and_a_place(tmp_path: Path, cameras: Hub) -> None:
    hub = cameras()
    with pytest.raises(StudioError, match="No camera is live"):
        Recording(hub, tmp_path)
    hub.add(source_of(film(tmp_path / "a.mp4", 30)))
    ready(hub)
    with pytest.raises(StudioError, match="No take can be written"):
        Recording(hub, tmp_path / "a.mp4")
    with pytest.raises(StudioError, match="The disk is full: nothing was recorded"):
        Recording(hub, tmp_path / "takes", free=lambda _: 1000)
    assert list((tmp_path / "takes").iterdir()) == []


def test_the_recording_ends_before_the_disk_is_full(
    tmp_path: Path, cameras: Hub, phone: HttpCamera
) -> None:
    free = [10_000_000_000]
    hub = cameras(source_of(phone.url, "phone"))
    ready(hub)
    recording = record(hub, tmp_path, 20, free=lambda _: free[0], keep_bytes=1_000_000)
    assert recording.stats().minutes_left > 60
    assert recording.error is None
    free[0] = 1_000_000
    until(lambda: not recording.running)
    assert recording.error is not None
    assert "because the disk is full" in recording.error.message
    until(lambda: read_take(recording.folder).finished)
    take = recording.stop()
    assert take.reason == recording.error.message
    with open_clip(recording.folder / take.cameras[0].segments[0].video) as clip:
        assert consecutive(numbers(clip))


def test_minutes_left() -> None:
    free = [700_000_000]
    guard = DiskGuard(Path(), lambda _: free[0], keep_bytes=100_000_000)
    assert guard.minutes_left == float("inf")
    for second in range(5):
        free[0] = 700_000_000 - 10_000_000 * second
        assert guard.look(float(second), 10_000_000 * second)
    assert guard.rate_bytes_s == pytest.approx(10_000_000)
    assert guard.minutes_left == pytest.approx(560 / 10 / 60)
    free[0] = 105_000_000
    assert not guard.look(5.0, 50_000_000)


def sample(number: int) -> Sample:
    encoding = Encoding.of_jpeg(jpeg(0, (640, 480)))
    at = 100 + number / 50
    return Sample(number, at, at, at, True, jpeg(number, (640, 480)), encoding)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("full", ["cam.mkv", "cam.times.csv"])
def test_a_disk_that_is_really_full(tmp_path: Path, full: str) -> None:
    (tmp_path / full).symlink_to("/dev/full")
    errors: list[StudioError] = []
    source = Source(id="cam", name="cam", kind="http", place="http://nowhere/")
    track = Track(source, tmp_path, "cam", 100.0, 50.0, changed=lambda: None, failed=errors.append)
    frames = [sample(number) for number in range(300)]
    for one in frames:
        track.put(one)
    until(lambda: errors)
    track.finish()
    assert "No space left on device" in errors[0].message
    assert "what was recorded so far is kept" in errors[0].hint
    assert track.record().notes == (errors[0].message,)


CHILD = """
import sys
from pathlib import Path
from studio.media.live.hub import Cameras
from studio.media.live.source import source_of
from studio.media.recording.recorder import Recording
hub = Cameras([source_of(sys.argv[2], "phone"), source_of(sys.argv[3], "door")])
hub.start()
while len(hub.newest()) < 2:
    pass
recording = Recording(hub, Path(sys.argv[1]))
while min(stats.frames for stats in recording.stats().cameras.values()) < 150:
    pass
print(recording.folder, flush=True)
sys.stdin.read()
"""


def test_a_kill_costs_less_than_a_second(
    tmp_path: Path, phone: HttpCamera, rtsp: RtspCamera
) -> None:
    command = [sys.executable, "-c", CHILD, str(tmp_path), phone.url, rtsp.url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        folder = Path(child.stdout.readline().decode().strip())
        assert recover(tmp_path) == ()
        os.kill(child.pid, signal.SIGKILL)
    assert not read_take(folder).finished
    assert "was not finished" in " ".join(gather([tmp_path]).notes)
    (mended,) = recover(tmp_path)
    assert mended.folder == folder
    assert mended.lost_s <= 1.0
    assert mended.take.finished
    assert mended.take.recovered
    assert mended.take.reason == "The recording was cut off."
    assert recover(tmp_path) == ()
    for one in mended.take.cameras:
        times = read_times(folder / one.segments[0].times)
        assert times is not None
        with open_clip(folder / one.segments[0].video) as clip:
            assert clip.frames == one.frames > 100
            assert consecutive(numbers(clip))
            assert clip.frames >= len(times.time_s) - 50
            assert number_of(clip.frame(clip.frames - 1).rgb) == numbers(clip)[-1]
    (take,) = gather([tmp_path]).takes
    assert len(take.clips) == 2


def unfinished(folder: Path, video: bytes) -> Path:
    made = new_folder(folder)
    (made / "cam.mkv").write_bytes(video)
    segment = {"video": "cam.mkv", "times": "cam.times.csv", "codec": "mjpeg",
               "size_px": (96, 64), "passed_through": True}  # fmt: skip
    cameras = [{"id": "cam", "name": "cam", "kind": "http", "segments": [segment]}]
    write_take(
        made,
        TakeRecord.model_validate(
            {"name": made.name, "started": datetime.now(UTC), "cameras": cameras}
        ),
    )
    return made


def test_what_never_reached_the_disk_is_said(tmp_path: Path) -> None:
    empty = unfinished(tmp_path, b"")
    noise = unfinished(tmp_path, bytes(range(256)) * 40)
    mended = {found.folder: found for found in recover(tmp_path)}
    assert set(mended) == {empty, noise}
    for found in mended.values():
        assert found.said == ("cam: nothing of “cam.mkv” had reached the disk.",)
        assert found.take.cameras[0].segments == ()
        assert found.take.finished
        assert (found.folder / "cam.mkv").exists()


def test_the_list_of_takes(tmp_path: Path) -> None:
    assert list_takes(tmp_path / "none") == ()
    first, second = unfinished(tmp_path, b""), unfinished(tmp_path, b"")
    (tmp_path / "no take").mkdir()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / TAKE).write_text('{"cameras": 3')
    assert [path for path, _ in list_takes(tmp_path)] == [second, first]
    with pytest.raises(StudioError, match="description of the take “damaged” is damaged"):
        read_take(tmp_path / "damaged")
    with pytest.raises(StudioError, match="There is no take in “no take”"):
        read_take(tmp_path / "no take")
    assert "is damaged" in " ".join(gather([tmp_path]).notes)


def test_folders_and_files_have_names_of_their_own(tmp_path: Path) -> None:
    names = [new_folder(tmp_path, name).name for name in ("", "", "a/b: c", "a/b: c", "..", "")]
    assert names == ["Take 1", "Take 2", "a_b_ c", "a_b_ c 2", "Take", "Take 3"]
    taken: set[str] = set()
    assert [file_stem(name, taken) for name in ("Cam", "cam", "a/b", "...")] == [
        "Cam", "cam 2", "a_b", "camera",
    ]  # fmt: skip


def test_a_lock_of_a_dead_program_counts_for_nothing(tmp_path: Path) -> None:
    lock = Lock(tmp_path)
    assert is_recording(tmp_path)
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        dead = child.pid
    (tmp_path / ".recording").write_text(f"{dead}\n")
    assert not is_recording(tmp_path)
    lock.release()
    assert not is_recording(tmp_path)


def test_a_times_file_cut_short_is_read_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "a.times.csv"
    path.write_text(
        "frame,time_s,arrival_s,stamp_ms,note\n"
        "0,0.100000,0.110000,0,\n"
        ",0.200000,,,2 dropped by the camera\n"
        "1,0.200000,0.210000,100,\n"
        "2,0.3000"
    )
    times = read_times(path)
    assert times is not None
    assert times.time_s.tolist() == [0.1, 0.2]
    assert times.missing == ((0.2, "2 dropped by the camera"),)
    assert read_times(tmp_path / "none.csv") is None
    path.write_text("time,other\n1,2\n")
    assert read_times(path) is None
