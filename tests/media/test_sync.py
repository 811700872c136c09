"""Frame sets: who saw what at which moment, against a slow twin; order, absence, flat memory."""

import tracemalloc

import numpy as np
import pytest
from clips import film, number_of
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.core.types import Frame
from studio.media.clip import ClipReader
from studio.media.sync import FrameSets
from studio.media.video import open_clip


class Made(ClipReader):
    """A clip of given times whose pictures are made when asked for."""

    def __init__(self, camera, times_s, side=4):
        super().__init__()
        self.camera, self.times_s, self.side = camera, np.asarray(times_s, float), side
        self.size_px, self.notes = (side, side), ()
        self.started = self.ended = 0

    def _picture(self, number):
        return np.full((self.side, self.side, 3), number % 250, np.uint8)

    def run(self, start=0):
        self.started += 1
        try:
            for number in range(start, self.frames):
                time_s = float(self.times_s[number])
                yield number, Frame(self.camera, time_s, self._picture(number))
        finally:
            self.ended += 1

    def _decode(self, number):
        yield number, self._picture(number)

    def _release(self):
        return


@st.composite
def clips(draw):
    count = draw(st.integers(1, 4))
    found = []
    for i in range(count):
        rate = draw(st.sampled_from([10.0, 25.0, 30.0, 59.94]))
        steps = draw(st.lists(st.sampled_from([1.0, 1.0, 1.0, 2.0, 3.5]), max_size=25))
        found.append((f"c{i}", np.concatenate([[0], np.cumsum(steps)]) / rate))
    offsets = {f"c{i}": draw(st.floats(-0.5, 0.5)) for i in range(count)}
    return found, offsets


@given(clips())
def test_every_set_holds_the_nearest_frames(drawn):
    times, offsets = drawn
    made = [Made(name, t) for name, t in times]
    sets = FrameSets(made, offsets)
    for found in sets:
        for clip in made:
            own = clip.times_s + offsets[clip.camera]
            gaps = np.abs(own - found.time_s)
            limit = 0.5 / min(sets.rate_hz, clip.rate_hz)
            frame = found.frames.get(clip.camera)
            if gaps.min() > limit + 2e-6:
                assert frame is None
            elif gaps.min() < limit - 2e-6:
                assert frame is not None
            if frame is not None:
                assert abs(frame.time_s + offsets[clip.camera] - found.time_s) == pytest.approx(
                    gaps.min(), abs=1e-9
                )
    assert all(clip.ended == clip.started <= 1 for clip in made)


@pytest.mark.parametrize("prefetch", [False, True])
def test_real_decoding_in_step(tmp_path, prefetch):
    """The second camera started four frames later and runs at half the rate."""
    paths = [film(tmp_path / "a.mp4", 40, rate_hz=50), film(tmp_path / "b.mp4", 18, rate_hz=25)]
    with open_clip(paths[0]) as a, open_clip(paths[1]) as b:
        sets = list(FrameSets([a, b], {"b": 0.08}, prefetch=prefetch))
        first = [number_of(found.frames["a"].rgb) for found in sets]
        assert first == list(range(40))
        assert all("b" not in found.frames for found in sets[:3])
        for found in sets[4:]:
            number = number_of(found.frames["b"].rgb)
            assert abs(number / 25 + 0.08 - found.time_s) <= 0.0201
        jump = FrameSets([a, b], {"b": 0.08}).at(0.5)
        assert number_of(jump.frames["a"].rgb) == 25


def test_in_and_out_points_and_rate():
    clip = Made("a", np.arange(100) / 50)
    sets = list(FrameSets([clip], rate_hz=10, in_s=0.5, out_s=1.0))
    assert [found.number for found in sets] == [0, 1, 2, 3, 4, 5]
    np.testing.assert_allclose([found.time_s for found in sets], np.arange(6) / 10 + 0.5)
    assert [found.frames["a"].rgb[0, 0, 0] for found in sets] == [25, 30, 35, 40, 45, 50]


def test_stopping_half_way_closes_the_clips():
    made = [Made("a", np.arange(50) / 25), Made("b", np.arange(50) / 25)]
    for prefetch in (False, True):
        run = iter(FrameSets(made, prefetch=prefetch))
        next(run)
        next(run)
        run.close()
    assert [clip.ended for clip in made] == [2, 2]


def test_memory_stays_flat():
    made = [Made(name, np.arange(2_000) / 60, side=64) for name in "ab"]
    run = iter(FrameSets(made))
    for _ in range(100):
        next(run)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    count = sum(1 for _ in run)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert count == 1_900
    assert grown < 200_000


def test_a_take_needs_clips_with_names_of_their_own():
    with pytest.raises(StudioError, match="no video"):
        FrameSets([])
    with pytest.raises(StudioError, match="one camera"):
        FrameSets([Made("a", [0]), Made("a", [0])])


@given(clips())
def test_how_early_frames_are_is_known(drawn):
    times, offsets = drawn
    sets = FrameSets([Made(name, t) for name, t in times], offsets)
    early, plan = sets.early_s(), sets.plan()
    for name, taken in times:
        for moment, number in enumerate(plan[name]):
            if number < 0:
                assert np.isnan(early[name][moment])
            else:
                expected = sets.times_s[moment] - taken[number] - offsets[name]
                assert early[name][moment] == pytest.approx(expected, abs=1e-9)
