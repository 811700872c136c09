"""Clips: honest counts, true times, exact random access, and errors that name their cause."""

import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import film, number_of, picture, turn, whole_index_film
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.media.clip import ClipReader
from studio.media.video import open_clip
from studio.media.writer import VideoWriter

FILES = Path("/proc/self/fd")


@pytest.mark.parametrize(
    ("name", "size_px", "codec"),
    [
        ("even.mp4", (96, 64), "h264"),
        ("odd.mp4", (97, 63), "vp9"),
        ("tall.webm", (50, 98), "vp9"),
        ("matroska.mkv", (96, 64), "h264"),
    ],
)
def test_every_frame_comes_back_in_order(tmp_path, name, size_px, codec):
    path = film(tmp_path / name, 30, size_px)
    with open_clip(path) as clip:
        assert clip.codec == codec
        assert clip.size_px == size_px
        assert clip.frames == 30
        assert clip.rate_hz == pytest.approx(25, rel=0.01)
        numbers = [number_of(frame.rgb) for frame in clip]
        times = [frame.time_s for frame in clip]
    assert numbers == list(range(30))
    np.testing.assert_allclose(times, np.arange(30) / 25, atol=0.001)


def test_variable_frame_rate_keeps_true_times(tmp_path):
    times = np.cumsum([0, 0.02, 0.1, 0.03, 0.2, *[0.04] * 20])
    path = film(tmp_path / "vfr.mp4", len(times), times_s=times)
    with open_clip(path) as clip:
        np.testing.assert_allclose(clip.times_s, times, atol=1e-4)
        assert clip.variable_rate
        assert "Variable" in clip.notes[0]
        assert clip.rate_hz == pytest.approx(25, rel=0.1)
        assert number_of(clip.frame_at(0.13).rgb) == 2
        assert number_of(clip.frame_at(99).rgb) == (len(times) - 1) % 48


def test_a_rate_override_spaces_frames_evenly_but_the_own_rate_changes_nothing(tmp_path):
    times = np.cumsum([0, 0.02, 0.1, 0.03, 0.2, *[0.04] * 20])
    path = film(tmp_path / "vfr.mp4", len(times), times_s=times)
    with open_clip(path, rate_hz=240) as clip:
        np.testing.assert_allclose(np.diff(clip.times_s), 1 / 240)
    own = open_clip(path).rate_hz
    np.testing.assert_allclose(open_clip(path, rate_hz=own).times_s, times, atol=1e-4)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_pictures_stand_upright(tmp_path, degrees):
    path = film(tmp_path / "phone.mp4", 3)
    turn(path, degrees)
    with open_clip(path) as clip:
        rgb = clip.frame(1).rgb
        iterated = list(clip)[1].rgb
    expected = np.rot90(picture(1, (96, 64)), -degrees // 90)
    assert rgb.shape == expected.shape
    assert clip.size_px == expected.shape[1::-1]
    assert np.abs(rgb.astype(int) - expected).mean() < 6
    np.testing.assert_array_equal(rgb, iterated)


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory):
    path = film(tmp_path_factory.mktemp("film") / "long.mp4", 90, rate_hz=30)
    with open_clip(path) as clip:
        yield clip, [frame.rgb for frame in clip]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.integers(0, 89), min_size=1, max_size=12))
def test_random_access_is_exact(long_clip, numbers):
    """Any order of jumps gives the very pixels that plain decoding gives."""
    clip, oracle = long_clip
    for number in numbers:
        np.testing.assert_array_equal(clip.frame(number).rgb, oracle[number])
        clip._cache.clear()


def test_running_from_the_middle(long_clip):
    clip, oracle = long_clip
    found = [(number, frame.rgb) for number, frame in clip.run(47)]
    assert [number for number, _ in found] == list(range(47, 90))
    np.testing.assert_array_equal(found[0][1], oracle[47])


def test_cache_stays_small(long_clip, monkeypatch):
    clip, _ = long_clip
    monkeypatch.setattr("studio.media.clip.CACHE_BYTES", 5 * 96 * 64 * 3)
    for number in range(60):
        clip.frame(number)
    assert len(clip._cache) <= 5


def test_thumbnails_keep_the_aspect(long_clip):
    clip, _ = long_clip
    assert clip.thumbnail(32).shape == (32, 48, 3)


def test_frames_outside_are_refused(long_clip):
    clip, _ = long_clip
    with pytest.raises(IndexError):
        clip.frame(90)
    with pytest.raises(IndexError):
        clip.frame(-1)


@pytest.mark.skipif(not FILES.is_dir(), reason="counts open files by /proc")
def test_files_are_closed_even_if_iteration_stops_half_way(tmp_path):
    path = film(tmp_path / "clip.mp4", 30)

    def held() -> int:
        links = [link for link in FILES.iterdir() if link.is_symlink()]
        return sum(link.exists() and link.readlink().name == "clip.mp4" for link in links)

    clip = open_clip(path)
    run = clip.run()
    next(run)
    clip.frame(20)
    assert held() == 2
    run.close()
    clip.close()
    clip.close()
    assert held() == 0


# -- pictures -----------------------------------------------------------------------------------


def _pictures(folder, names, size_px=(20, 10)):
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        cv2.imwrite(str(folder / name), picture(number, size_px)[..., ::-1])
    return folder


def test_image_folder_is_sorted_naturally(tmp_path):
    names = [f"img{n}.png" for n in (1, 2, 9, 10, 11, 100)]
    folder = _pictures(tmp_path / "shots", names)
    (folder / "notes.txt").write_text("not a picture")
    with open_clip(folder, rate_hz=10) as clip:
        assert isinstance(clip, ClipReader)
        assert (clip.camera, clip.frames, clip.size_px) == ("shots", 6, (20, 10))
        assert [number_of(frame.rgb) for frame in clip] == [0, 1, 2, 3, 4, 5]
        assert number_of(clip.frame_at(0.31).rgb) == 3
        assert clip.rate_hz == pytest.approx(10)
        assert not clip.notes


def test_pictures_without_a_rate_say_so(tmp_path):
    folder = _pictures(tmp_path / "shots", ["a1.png", "a2.png"])
    assert "30" in open_clip(folder).notes[0]


def test_a_pattern_picks_one_camera_of_a_folder(tmp_path):
    folder = _pictures(tmp_path / "stereo", ["left1.png", "right1.png", "left2.png", "right2.png"])
    with open_clip(folder / "right*.png") as clip:
        assert clip.camera == "right"
        assert [number_of(frame.rgb) for frame in clip] == [1, 3]


def test_a_picture_of_another_size_is_named(tmp_path):
    folder = _pictures(tmp_path / "shots", ["a1.png", "a2.png"])
    cv2.imwrite(str(folder / "a3.png"), np.zeros((11, 20, 3), np.uint8))
    with open_clip(folder) as clip, pytest.raises(StudioError, match=r"a3\.png.*20 x 11"):
        list(clip)


# -- what can be wrong --------------------------------------------------------------------------

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("empty.mp4", b"", "is empty"),
        ("pointer.mp4", POINTER, "Git LFS pointer"),
        ("text.mp4", b"Dear diary, today I filmed nothing." * 50, "not a video"),
        ("noise.mkv", bytes(range(256)) * 40, "not a video"),
        ("broken.png", b"\x89PNG\r\n\x1a\nrubbish", "not a picture"),
        ("pointer.png", POINTER, "Git LFS pointer"),
    ],
)
def test_what_is_not_a_clip_is_explained(tmp_path, name, content, cause):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(StudioError, match=cause) as caught:
        open_clip(path)
    assert caught.value.hint


def test_a_missing_file_and_an_empty_folder_are_explained(tmp_path):
    with pytest.raises(StudioError, match="no file"):
        open_clip(tmp_path / "gone.mp4")
    with pytest.raises(StudioError, match="no picture in"):
        open_clip(tmp_path)


def test_sound_without_picture_is_explained(tmp_path):
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000))
    with pytest.raises(StudioError, match="has no picture, only audio"):
        open_clip(path)


def test_a_recording_without_its_index_was_cut_off(tmp_path):
    path = whole_index_film(tmp_path / "cut.mp4")
    assert open_clip(path).frames == 30
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(StudioError, match="cut off"):
        open_clip(path)


def test_a_cut_off_fragmented_recording_is_read_as_far_as_it_goes(tmp_path):
    path = film(tmp_path / "cut.mp4", 90, rate_hz=25)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * 0.6)])
    with open_clip(path) as clip:
        assert 20 < clip.frames < 90
        numbers = [number_of(frame.rgb) for frame in clip]
    assert numbers == [n % 48 for n in range(clip.frames)][: len(numbers)]
    assert len(numbers) >= clip.frames - 1


# -- recording ----------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_killed_recording_can_be_read(tmp_path, suffix):
    """kill -9 in the middle: at most the last second is lost."""
    path = tmp_path / f"take{suffix}"
    script = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path;"
        "from clips import picture; from studio.media.writer import VideoWriter;"
        "w = VideoWriter(Path(sys.argv[1]), (96, 64), 25);"
        "[w.write(picture(i, (96, 64))) for i in range(100)];"
        "print('recorded', flush=True); import time; time.sleep(60)"
    )
    arguments = [sys.executable, "-c", script, str(path), str(Path(__file__).parent)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"recorded"
    process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    process.wait(10)
    process.stdout.close()
    with open_clip(path) as clip:
        numbers = [number_of(frame.rgb) for frame in clip]
    assert len(numbers) >= 74
    assert numbers == [n % 48 for n in range(len(numbers))]


def test_the_recorder_refuses_what_would_spoil_the_file(tmp_path):
    with pytest.raises(StudioError, match="must be even"):
        VideoWriter(tmp_path / "a.mp4", (97, 63), 25, codec="h264")
    with VideoWriter(tmp_path / "b.mp4", (96, 64), 25) as writer:
        writer.write(picture(0, (96, 64)), 0.0)
        with pytest.raises(StudioError, match="does not fit"):
            writer.write(picture(0, (64, 96)), 0.1)
        with pytest.raises(StudioError, match="order of their times"):
            writer.write(picture(0, (96, 64)), 0.0)
        writer.close()
    writer.close()


def test_a_folder_that_cannot_be_written_is_explained(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StudioError, match="cannot be written"):
        VideoWriter(tmp_path / "file" / "a.mp4", (96, 64), 25)


# -- real recordings ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "size_px", "frames", "rate_hz", "codec"),
    [
        ("mv_pose2sim/single/videos/cam01.mp4", (1080, 1920), 100, 60, "h264"),
        ("mv_pose2sim/single/videos/cam02.mp4", (1080, 1920), 100, 60, "vp9"),
        ("mv_hand_temugeb/media/cam0_test.mp4", (720, 720), 378, 30, "mpeg4"),
        ("calib_caliscope/sessions/h264_extrinsic/cam_0.mp4", (320, 240), 180, 59.94, "h264"),
    ],
)
def test_real_clips(footage, name, size_px, frames, rate_hz, codec):
    folder, _, rest = name.partition("/")
    started = time.perf_counter()
    with open_clip(footage(folder) / rest) as clip:
        opened = time.perf_counter() - started
        assert (clip.size_px, clip.frames, clip.codec) == (size_px, frames, codec)
        assert clip.rate_hz == pytest.approx(rate_hz, rel=1e-4)
        last = clip.frame(frames - 1).rgb
        *_, (number, streamed) = clip.run(frames - 3)
    assert number == frames - 1
    np.testing.assert_array_equal(last, streamed.rgb)
    assert opened < 5
