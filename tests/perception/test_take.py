"""A take through a detector: kept by content, resumed where it stopped, cancelled at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import Cancelled, StudioError
from studio.core.types import Frame, Layout
from studio.human.layouts import layout
from studio.jobs import Context, run
from studio.perception.cache import DetectionCache, content_key
from studio.perception.detector import InSpace, Person2D
from studio.perception.take import CHUNK, detect_take, to_moments

POINTS = Layout("two", ("nose", "chin"), ((0, 1),), (0, 1), {"body": (0, 1)})
FRAMES = 40


class FakeClip:
    """Forty pictures; picture n is filled with n. Frame 7 is damaged if asked for."""

    def __init__(self, path: Path, damaged: int | None = None) -> None:
        self.path, self.camera, self.damaged = path, path.stem, damaged

    def run(self, start: int = 0) -> Iterator[tuple[int, Frame]]:
        for number in range(start, FRAMES):
            if number != self.damaged:
                yield number, Frame(self.camera, number / 30, np.full((2, 2, 3), number, np.uint8))


class FakeDetector:
    """Sees a person at (picture's value, pictures followed so far). Counts its pictures."""

    layout = POINTS
    seen = 0
    lock = threading.Lock()

    def __init__(self, identity: str = "fake 1", stop_at: int | None = None) -> None:
        self.identity, self.stop_at = identity, stop_at
        self.before = 0.0

    def follow(self, people) -> None:
        self.before = float(people[-1].xy_px[0, 1]) if people else 0.0

    def detect(self, rgb, time_s: float = 0.0):
        with self.lock:
            FakeDetector.seen += 1
        value = int(rgb[0, 0, 0])
        if value == self.stop_at:
            raise StudioError("The camera fell over.")
        if value == 3:
            return ()
        self.before += 1
        xy = np.array([[value, self.before], [value, self.before + 9]], float)
        return (Person2D(POINTS, xy, np.array([0.5, 1.0])),)

    def close(self) -> None:
        pass


@pytest.fixture
def clips(tmp_path) -> list[FakeClip]:
    FakeDetector.seen = 0
    paths = [tmp_path / "left.mp4", tmp_path / "right.mp4"]
    for path in paths:
        path.write_bytes(path.name.encode())
    return [FakeClip(path) for path in paths]


def go(clips, cache=None, make=FakeDetector, context=None, numbers=None):
    numbers = np.arange(FRAMES) if numbers is None else numbers
    plan = {clip.camera: numbers for clip in clips}
    times = np.arange(len(numbers)) / 30
    return detect_take(clips, times, plan, make, context or Context(), cache=cache)


def test_every_picture_of_every_camera(clips):
    live: list[object] = []
    result = run(go(clips), live.append)
    xy = result.detections.xy_px
    assert result.detections.cameras == ("left", "right")
    assert xy.shape == (FRAMES, 2, 2, 2)
    np.testing.assert_array_equal(np.delete(xy[:, 1, 0, 0], 3), np.delete(np.arange(FRAMES), 3))
    assert np.isnan(xy[3]).all()
    assert (result.detections.confidence[3] == 0).all()
    assert result.found == (39 / 40, 39 / 40)
    assert result.reused == 0
    assert live


def test_second_run_is_instant_and_the_same(clips, tmp_path):
    cache = DetectionCache(tmp_path / "cache")
    first = run(go(clips, cache))
    assert FakeDetector.seen == 2 * FRAMES
    second = run(go(clips, cache))
    assert FakeDetector.seen == 2 * FRAMES
    assert second.reused == 1
    np.testing.assert_array_equal(first.detections.xy_px, second.detections.xy_px)


def test_other_content_or_other_detector_is_detected_afresh(clips, tmp_path):
    cache = DetectionCache(tmp_path / "cache")
    run(go(clips, cache))
    clips[0].path.write_bytes(b"another take")
    run(go(clips, cache))
    assert FakeDetector.seen == 3 * FRAMES
    run(go(clips, cache, lambda: FakeDetector("fake 2")))
    assert FakeDetector.seen == 5 * FRAMES


def test_moved_or_renamed_video_is_known_again(clips, tmp_path):
    cache = DetectionCache(tmp_path / "cache")
    run(go(clips, cache))
    moved = clips[0].path.rename(tmp_path / "elsewhere.mp4")
    run(go([FakeClip(moved)], cache))
    assert FakeDetector.seen == 2 * FRAMES


def test_stopped_run_goes_on_where_it_stopped(clips, tmp_path):
    """What was finished before a failure is kept, and the rest comes out as if uninterrupted."""
    cache = DetectionCache(tmp_path / "cache")
    whole = run(go(clips[:1]))
    FakeDetector.seen = 0
    with pytest.raises(StudioError, match="fell over"):
        run(go(clips[:1], cache, lambda: FakeDetector(stop_at=2 * CHUNK + 3)))
    resumed = run(go(clips[:1], cache))
    assert resumed.reused == 2 * CHUNK / FRAMES
    assert FakeDetector.seen == 2 * CHUNK + 4 + FRAMES - 2 * CHUNK
    np.testing.assert_array_equal(whole.detections.xy_px, resumed.detections.xy_px)


def test_damaged_chunk_is_detected_again(clips, tmp_path):
    cache = DetectionCache(tmp_path / "cache")
    run(go(clips[:1], cache))
    chunk = sorted(cache.folder.rglob("*.npz"))[1]
    chunk.write_bytes(chunk.read_bytes()[:50])
    run(go(clips[:1], cache))
    assert FakeDetector.seen == FRAMES + CHUNK


def test_cache_that_cannot_be_written_is_no_obstacle(clips, tmp_path):
    (tmp_path / "cache").write_text("a file, not a folder")
    result = run(go(clips, DetectionCache(tmp_path / "cache")))
    assert min(result.found) > 0.9


def test_damaged_picture_is_a_gap(clips):
    clips[0].damaged = 7
    result = run(go(clips))
    assert np.isnan(result.detections.xy_px[7, 0]).all()
    assert np.isfinite(result.detections.xy_px[8, 0]).all()


def test_in_and_out_points_reuse_what_is_known(clips, tmp_path):
    cache = DetectionCache(tmp_path / "cache")
    run(go(clips, cache))
    part = run(go(clips, cache, numbers=np.arange(CHUNK, 2 * CHUNK)))
    assert part.reused == 1
    assert part.detections.xy_px[0, 0, 0, 0] == CHUNK


def test_cancel_is_quick_and_leaves_no_thread(clips):
    class Slow(FakeDetector):
        def detect(self, rgb, time_s: float = 0.0):
            time.sleep(0.02)
            return super().detect(rgb, time_s)

    context = Context()
    work = go(clips, make=Slow, context=context)
    next(work)
    context.cancel()
    start = time.monotonic()
    with pytest.raises(Cancelled):
        run(work)
    assert time.monotonic() - start < 1
    assert not [t for t in threading.enumerate() if t.name.startswith("detect")]


def test_paused_take_waits(clips):
    context = Context()
    work = go(clips, context=context, make=FakeDetector)
    context.pause()
    threading.Timer(0.3, context.resume).start()
    start = time.monotonic()
    run(work)
    assert time.monotonic() - start > 0.25


def test_camera_without_a_picture_is_absent(clips):
    plan = {"left": np.arange(4), "right": np.array([-1, 0, 1, 2])}
    result = run(detect_take(clips, np.arange(4) / 30, plan, FakeDetector, Context()))
    assert np.isnan(result.detections.xy_px[0, 1]).all()
    assert result.detections.xy_px[1, 1, 0, 0] == 0
    assert result.found[1] == 1


def test_no_clips_is_explained():
    with pytest.raises(StudioError, match="no video"):
        run(go([]))


def test_content_of_a_folder_is_its_names_and_bytes(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").write_bytes(b"x")
    before = content_key(tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    assert content_key(tmp_path / "b") == before
    (tmp_path / "b" / "1.png").write_bytes(b"y")
    assert content_key(tmp_path / "b") != before


def test_cache_forgets_what_was_not_used_for_longest(clips, tmp_path):
    import os

    cache = DetectionCache(tmp_path / "cache")
    run(go(clips, cache))
    old, new = sorted(cache.folder.iterdir())
    os.utime(old, (1, 1))
    size = sum(f.stat().st_size for f in new.glob("*"))
    assert cache.prune(size) == 1
    assert list(cache.folder.iterdir()) == [new]


@pytest.mark.parametrize("offset_s", [0.012, -0.015, 0.004])
def test_points_are_carried_to_the_moment(clips, offset_s: float):
    """A camera started between the others' frames: without carrying, x is up to 0.45 off."""
    times = np.arange(4, 20) / 30
    numbers = np.arange(4, 20)
    plan = {"left": numbers, "right": numbers}
    early = {"left": np.zeros(16), "right": np.full(16, -offset_s)}
    result = run(detect_take(clips, times, plan, FakeDetector, Context(), early_s=early))
    x = result.detections.xy_px[:, :, 0, 0]
    inner = slice(1, -1)
    np.testing.assert_allclose(x[inner, 0], numbers[inner])
    np.testing.assert_allclose(x[inner, 1], numbers[inner] - 30 * offset_s, atol=1e-4)


def test_a_slow_camera_is_carried_to_the_moments_of_a_fast_one():
    times = np.arange(12) / 60
    number = np.arange(12) // 2
    track = (number[:, None, None] / 30) * np.array([300.0, -60.0])
    moved = to_moments(track, times, times - number / 30)
    np.testing.assert_allclose(moved[:11, 0], times[:11, None] * [300.0, -60.0], atol=1e-3)


def test_points_are_not_carried_across_gaps_nor_beyond_ends():
    times = np.arange(10) / 30
    track = np.arange(10.0)[:, None, None] * np.ones(2)
    track[3:7] = np.nan
    moved = to_moments(track, times, np.full(10, -0.01))
    assert np.isnan(moved[3:7]).all()
    assert moved[0, 0, 0] == 0.0
    np.testing.assert_allclose(moved[[1, 2, 8, 9], 0, 0], [0.7, 1.7, 7.7, 8.7], atol=1e-4)
    assert moved[7, 0, 0] == 7.0


class TwoDetector(FakeDetector):
    """Sees two people, the second smaller and from picture 5 to 20 only, under other numbers
    after picture 12; the first was tracked first."""

    def follow(self, people) -> None:
        self.followed = [person.track for person in people]

    def detect(self, rgb, time_s: float = 0.0):
        with self.lock:
            FakeDetector.seen += 1
        value = int(rgb[0, 0, 0])
        sure = np.array([0.9, 0.9])
        people = [Person2D(POINTS, np.array([[value, 5.0], [value, 55.0]]), sure, 0)]
        if 5 <= value <= 20:
            small = np.array([[100.0 - value, 5.0], [100.0 - value, 25.0]])
            people.append(Person2D(POINTS, small, sure, 1 if value <= 12 else 2))
        return tuple(people)


def test_everybody_is_kept_where_there_are_several(clips, tmp_path):
    cache = DetectionCache(tmp_path / "cache")
    for reused in (0.0, 1.0):
        result = run(go(clips, cache, lambda: TwoDetector("two")))
        assert result.reused == reused
        crowd = result.crowd
        assert crowd.most == 2
        there = (crowd.confidence > 0).any(-1)
        assert there.shape == (FRAMES, 2, 2)
        np.testing.assert_array_equal(there[:, 0, 0], True)
        np.testing.assert_array_equal(
            crowd.track[:, 1, 1], [1 if 5 <= n <= 12 else 2 if n in range(13, 21) else -1
                                   for n in range(FRAMES)])  # fmt: skip
        np.testing.assert_array_equal(crowd.xy_px[5:21, 0, 1, 0, 0], 100.0 - np.arange(5, 21))
        assert crowd.looks is not None
        assert crowd.looks.shape[:3] == crowd.track.shape


def test_one_person_makes_no_crowd(clips):
    assert run(go(clips)).crowd is None


def test_chunks_kept_before_several_people_were_are_still_read(clips, tmp_path):
    cache = DetectionCache(tmp_path / "cache")
    first = run(go(clips[:1], cache))
    for chunk in cache.folder.rglob("*.npz"):
        with np.load(chunk) as file:
            new = {name: file[name] for name in file.files}
        frames = CHUNK if len(new["frame"]) > 8 else FRAMES % CHUNK
        old = {
            "xy_px": np.full((frames, 2, 2), np.nan, np.float32),
            "confidence": np.zeros((frames, 2), np.float32),
            "track": np.full(frames, -1),
        }
        for name in old:
            old[name][new["frame"]] = new[name]
        np.savez_compressed(chunk, **old)
    again = run(go(clips[:1], cache))
    assert again.reused == 1.0
    np.testing.assert_array_equal(again.detections.xy_px, first.detections.xy_px)


class DeepDetector(FakeDetector):
    """Tells 3D of one or two people, and takes the first one's left for right in picture 9."""

    people = 2

    def detect(self, rgb, time_s: float = 0.0):
        value = int(rgb[0, 0, 0])
        whole = layout("dope_139")
        xyz = np.repeat(np.array([[0.01 * value, 0.0, 2.0]]), 139, 0)
        xyz[:13, 0] += 0.3 * np.where(np.arange(13) % 2, 1, -1)
        xyz[:13, 1] += 0.1 * np.arange(13)
        if value == 9:
            xyz[:12] = xyz[np.array(whole.mirror)[:12]]
        out = []
        for track in range(self.people):
            shifted = xyz + np.array([0.0, 0.0, 2.0 * track])
            space = InSpace(whole, shifted, np.full(139, 0.7), (64, 48))
            flat = np.array([[value, 5.0 + 40 * track], [value, 15.0 + 40 * track]])
            out.append(Person2D(POINTS, flat, np.array([0.9, 0.9]), track, space))
        return tuple(out)


@pytest.mark.parametrize("people", [1, 2])
def test_3d_is_gathered_by_place_made_steady_and_remembered(clips, tmp_path, people: int):
    class Detector(DeepDetector):
        pass

    Detector.people = people
    cache = DetectionCache(tmp_path / "cache")
    for reused in (0.0, 1.0):
        result = run(go(clips, cache, lambda: Detector(f"deep {people}")))
        assert result.reused == reused
        told = result.monocular
        assert told is not None
        assert told.xyz_m.shape == (FRAMES, 2, people, 139, 3)
        assert told.sizes_px.tolist() == [[64, 48]] * 2
        np.testing.assert_allclose(told.focal_px, 0.9 * 64)
        np.testing.assert_allclose(told.confidence, 0.7, rtol=1e-6)
        numbers = np.arange(FRAMES)
        for place in range(people):
            own = told.xyz_m[:, 0, place]
            np.testing.assert_allclose(own[:, 20, 0], 0.01 * numbers, atol=1e-6)
            np.testing.assert_allclose(own[..., 2], 2.0 + 2.0 * place, atol=1e-6)
            np.testing.assert_allclose(own[:, 1, 0], 0.01 * numbers + 0.3, atol=1e-6)


def test_who_tells_no_3d_has_none(clips):
    assert run(go(clips)).monocular is None
