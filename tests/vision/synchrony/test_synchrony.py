"""Lags, clocks and events against takes whose clocks are known."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.vision.synchrony.events import flashes, match_events
from studio.vision.synchrony.graph import apart, solve_clocks
from studio.vision.synchrony.lag import Lag, find_lag
from studio.vision.synchrony.track import Track, resample


def heard(
    offset_s: float, seconds: float = 12.0, rate_hz: float = 30.0, seed: int = 0, pace: float = 1.0
) -> Track:
    """Band-limited noise, sampled by a camera that started late."""
    rng = np.random.default_rng(4)
    at, size, phase = (
        rng.uniform(0.3, 5, (60, 3)),
        rng.normal(size=(60, 3)),
        rng.uniform(0, 6, (60, 3)),
    )
    times = np.arange(0, (seconds - offset_s) / pace, 1 / rate_hz)
    t = (offset_s + pace * times)[:, None, None]
    clean = (size * np.sin(2 * np.pi * at * t + phase)).sum(1) / 8
    noise = np.random.default_rng(seed).normal(0, 0.15, clean.shape)
    return Track(f"cam{offset_s}", times, clean + noise, np.ones_like(clean))


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 4), st.sampled_from([25.0, 30.0, 50.0]), st.integers(0, 99))
def test_lag_is_found_to_a_small_part_of_a_frame(offset, rate, seed):
    lag = find_lag(heard(0.0), heard(offset, rate_hz=rate, seed=seed))
    assert lag is not None
    assert lag.sure
    assert lag.seconds == pytest.approx(-offset, abs=0.003)
    assert abs(lag.seconds + offset) < 6 * lag.sd_s + 1e-3


def test_correlation_is_what_the_sums_say():
    """The fast correlation, written out for a few lags."""
    from studio.vision.synchrony import lag as module

    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(40, 2)), rng.normal(size=(50, 2))
    wa, wb = rng.random((40, 2)), rng.random((50, 2)) * (rng.random((50, 2)) > 0.3)
    s = module._Sampled(1.0, (0.0, 0.0), a, wa, b, wb)
    lags, score, _ = module._correlations(s, 5.0)
    for lag in (-7, 0, 4, 20):
        top = left = right = 0.0
        for i in range(40):
            if 0 <= i + lag < 50:
                w = wa[i] * wb[i + lag]
                top += (w * a[i] * b[i + lag]).sum()
                left += (w * a[i] ** 2).sum()
                right += (w * b[i + lag] ** 2).sum()
        got = score[list(lags).index(lag)]
        assert np.sign(got) == np.sign(top)
        assert abs(got) <= abs(top) / np.sqrt(left * right) + 1e-9


def test_missing_samples_change_little():
    a, b = heard(0.0), heard(1.3, seed=1)
    gone = np.random.default_rng(2).random(b.weights.shape) < 0.4
    holed = Track("b", b.times_s, np.where(gone, 99.0, b.values), np.where(gone, 0.0, b.weights))
    lag = find_lag(a, holed)
    assert lag is not None
    assert lag.seconds == pytest.approx(-1.3, abs=0.004)


def test_samples_beside_a_missing_one_are_missing():
    track = Track("a", np.arange(4.0), np.arange(4.0)[:, None], np.array([[1.0], [0], [1], [1]]))
    value, weight = resample(track, np.array([-1.0, 0.0, 0.5, 1.5, 2.0, 2.5, 9.0]))
    assert (weight.ravel() > 0).tolist() == [False, True, False, False, True, True, False]
    assert value[5, 0] == 2.5


def test_periodic_curves_are_ambiguous():
    times = np.arange(0, 10, 1 / 30)
    curve = np.sin(2 * np.pi * times / 1.0)[:, None]
    lag = find_lag(
        Track("a", times, curve, np.ones_like(curve)), Track("b", times, curve, np.ones_like(curve))
    )
    assert lag is not None
    assert not lag.sure
    assert "another shift" in lag.doubt


def test_unrelated_curves_are_refused():
    rng = np.random.default_rng(0)
    sure = 0
    for _ in range(20):
        tracks = [
            Track(c, np.arange(300) / 30, rng.normal(size=(300, 1)), np.ones((300, 1)))
            for c in "ab"
        ]
        lag = find_lag(*tracks)
        sure += lag is not None and lag.sure
    assert sure == 0


def test_still_pictures_have_no_lag():
    still = Track("a", np.arange(100) / 30, np.zeros((100, 2)), np.ones((100, 2)))
    assert find_lag(still, still) is None


@pytest.mark.parametrize("ppm", [0, 60, -150])
def test_clock_drift(ppm):
    pace = 1 + ppm * 1e-6
    a, b = heard(0.0, 150), heard(0.7, 150, seed=3, pace=pace)
    lag = find_lag(a, b)
    assert lag is not None
    clocks = solve_clocks((a.camera, b.camera), [lag])
    got = 1e6 * np.log(clocks.pace[1] / clocks.pace[0])
    assert got == pytest.approx(ppm, abs=12)
    end = clocks.offsets_s[1] + clocks.pace[1] * (149.3 / pace)
    assert end - (clocks.offsets_s[0] + clocks.pace[0] * 150) == pytest.approx(0, abs=0.002)


CAMERAS = ("a", "b", "c", "d")
TRUE = dict(zip(CAMERAS, (0.0, 0.5, 1.7, 0.2), strict=True))


def lags_of(true: dict[str, float], sd: float = 0.001, seed: int = 0) -> list[Lag]:
    rng = np.random.default_rng(seed)
    return [
        Lag(a, b, true[a] - true[b] + float(rng.normal(0, sd)), sd, 5.0)
        for a, b in combinations(true, 2)
    ]


def test_all_pairs_together_are_better_than_one():
    errors, one = [], []
    for seed in range(40):
        lags = lags_of(TRUE, seed=seed)
        clocks = solve_clocks(CAMERAS, lags)
        errors.append(clocks.offsets_s - clocks.offsets_s[0] - list(TRUE.values()))
        one.append([lag.seconds - TRUE["a"] + TRUE[lag.second] for lag in lags[:3]])
    assert np.std(np.array(errors)[:, 1:]) < 0.8 * np.std(one)


def test_a_camera_that_contradicts_is_named():
    lags = lags_of(TRUE)
    bad = [
        Lag(g.first, g.second, g.seconds + 0.08, g.sd_s, g.at_s)
        if "c" in (g.first, g.second) and "b" not in (g.first, g.second)
        else g
        for g in lags
    ]
    clocks = solve_clocks((*CAMERAS,), bad)
    assert clocks.left_out
    assert clocks.residual_s < 0.002
    spoilt = [lags[0], *lags[2:]]
    spoilt.append(Lag("a", "c", lags[1].seconds + 0.3, 0.001, 5.0))
    clocks = solve_clocks(CAMERAS, spoilt)
    assert [(g.first, g.second) for g in clocks.left_out] == [("a", "c")]
    assert np.allclose(clocks.offsets_s, list(TRUE.values()), atol=0.003)


def test_standard_deviations_are_believable():
    inside = []
    for seed in range(60):
        clocks = solve_clocks(CAMERAS, lags_of(TRUE, seed=seed))
        off = clocks.offsets_s - list(TRUE.values())
        inside += list(np.abs(off - off.mean()) < 2 * clocks.sd_s)
    assert np.mean(inside) > 0.95


def test_a_camera_late_in_all_its_pairs_is_within_the_scatter():
    """No loop shows an error that a camera has in all its pairs: it is assumed to be as large as
    what the pairs contradict each other by."""
    inside = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        wrong = {camera: TRUE[camera] + float(rng.normal(0, 0.006)) for camera in CAMERAS}
        lags = [
            Lag(a, b, wrong[a] - wrong[b] + float(rng.normal(0, 0.008)), 0.004, 5.0)
            for a, b in combinations(CAMERAS, 2)
        ]
        clocks = solve_clocks(CAMERAS, lags)
        off = clocks.offsets_s - list(TRUE.values())
        inside += list(np.abs(off - off.mean()) < 2 * clocks.sd_s)
    assert np.mean(inside) > 0.88


def test_cameras_that_nothing_joins():
    lags = [g for g in lags_of(TRUE) if "d" not in (g.first, g.second)]
    assert apart(CAMERAS, lags) == (("a", "b", "c"), ("d",))
    with pytest.raises(ValueError, match="join"):
        solve_clocks(CAMERAS, lags)


def test_two_cameras_have_no_residual():
    clocks = solve_clocks(("a", "b"), lags_of({"a": 0.0, "b": 0.5})[:1])
    assert not clocks.looped
    assert np.isnan(clocks.residual_s)
    assert clocks.offsets_s == pytest.approx([0, 0.5], abs=0.004)


@settings(max_examples=30, deadline=None)
@given(st.floats(1, 3), st.floats(20, 100))
def test_a_lamp_is_seen_within_a_frame(on, step):
    """A shutter that is open all the time gives the very moment."""
    times = np.arange(0, 5, 1 / 30)
    lit = np.clip((times + 1 / 30 - on) * 30, 0, 1)
    noise = np.random.default_rng(0).normal(0, 0.2, len(times))
    (event,) = flashes(times, 60 + step * lit + noise)
    assert event.time_s == pytest.approx(on, abs=0.003)
    assert event.sd_s == pytest.approx(1 / 30 / np.sqrt(12))


def test_slow_dawn_and_noise_are_no_flash():
    times = np.arange(0, 5, 1 / 30)
    noise = np.random.default_rng(0).normal(0, 1, len(times))
    assert flashes(times, 60 + 20 * times + noise) == ()


def beats(times: list[float]):
    from studio.vision.synchrony.events import Event

    return [Event(float(t), 0.01, 50.0) for t in times]


def test_events_match_by_most_votes():
    lag = match_events("a", "b", beats([1, 2.2, 5]), beats([0.5, 1.7, 4.5]), 0.03)
    assert lag is not None
    assert lag.sure
    assert lag.seconds == pytest.approx(-0.5)


def test_an_even_beat_that_one_camera_saw_less_of_is_ambiguous():
    lag = match_events("a", "b", beats([1, 2, 3]), beats([0.5, 1.5]), 0.03)
    assert lag is not None
    assert not lag.sure
    assert match_events("a", "b", beats([1]), [], 0.03) is None
