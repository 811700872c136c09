"""Filters: what they keep, what they remove, what they do at gaps, and how late they are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from studio.vision.filters import kalman, lag_ms, smooth
from studio.vision.gaps import fill, runs, stretches

NAMES = ("one_euro", "butterworth", "kalman", "median", "savitzky_golay")
RATE, CUTOFF = 60.0, 6.0


def walk(frames: int = 240, points: int = 3) -> np.ndarray:
    """Slow, smooth movements of some decimetres."""
    t = np.arange(frames)[:, None, None] / RATE
    phase = np.arange(points * 3).reshape(1, points, 3)
    return 0.3 * np.sin(2 * np.pi * 0.7 * t + phase)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("causal", [False, True])
def test_a_still_point_stays(name: str, causal: bool) -> None:
    still = np.full((50, 2, 3), 1.25)
    np.testing.assert_allclose(smooth(name, still, RATE, CUTOFF, causal=causal), still, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_noise_falls_and_movement_stays(name: str) -> None:
    truth = walk()
    noisy = truth + 0.01 * np.random.default_rng(0).standard_normal(truth.shape)
    out = smooth(name, noisy, RATE, CUTOFF)
    inner = slice(15, -15)
    assert np.std((out - truth)[inner]) < (0.85 if name == "median" else 0.7) * np.std(
        (noisy - truth)[inner]
    )
    assert np.abs(smooth(name, truth, RATE, CUTOFF) - truth)[inner].max() < 0.02


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("causal", [False, True])
def test_gaps_stay_and_each_side_is_filtered_alone(name: str, causal: bool) -> None:
    track = walk() + 0.01 * np.random.default_rng(1).standard_normal((240, 3, 3))
    track[100:110, 1] = np.nan
    out = smooth(name, track, RATE, CUTOFF, causal=causal)
    np.testing.assert_array_equal(np.isnan(out), np.isnan(track))
    alone = smooth(name, track[110:, 1:2], RATE, CUTOFF, causal=causal)
    np.testing.assert_allclose(out[110:, 1:2], alone, atol=1e-12)
    whole = smooth(name, track[:, [0, 2]], RATE, CUTOFF, causal=causal)
    np.testing.assert_allclose(out[:, [0, 2]], whole, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_the_causal_filter_knows_no_future(name: str) -> None:
    track = walk()
    changed = track.copy()
    changed[150:] += 0.5
    before = smooth(name, track, RATE, CUTOFF, causal=True)[:150]
    np.testing.assert_allclose(smooth(name, changed, RATE, CUTOFF, causal=True)[:150], before)


@pytest.mark.parametrize("name", NAMES)
def test_filters_that_see_the_whole_take_are_not_late(name: str) -> None:
    assert abs(lag_ms(name, RATE, CUTOFF)) < 1.0


def test_the_lag_of_the_causal_butterworth_is_its_group_delay() -> None:
    sos = signal.butter(4, CUTOFF, fs=RATE, output="sos")
    w, h = signal.sosfreqz(sos, worN=[2 * np.pi * 1.0 / RATE])
    delay = -np.angle(h[0]) / w[0] / RATE * 1000
    assert lag_ms("butterworth", RATE, CUTOFF, causal=True) == pytest.approx(delay, abs=0.5)
    assert 50 < delay < 90


def test_causal_lags_are_ordered_as_expected() -> None:
    lags = {name: lag_ms(name, RATE, CUTOFF, causal=True) for name in NAMES}
    assert lags["one_euro"] < lags["butterworth"]
    assert lags["median"] > 5
    assert lag_ms("none", RATE, CUTOFF) == pytest.approx(0, abs=1e-9)


def amplitude(name: str, hertz: float) -> float:
    t = np.arange(1200) / RATE
    wave = np.zeros((1200, 1, 3))
    wave[:, 0, 0] = np.sin(2 * np.pi * hertz * t)
    return float(np.std(smooth(name, wave, RATE, CUTOFF)[300:900, 0, 0]) * np.sqrt(2))


def test_the_cutoff_means_what_it_says() -> None:
    assert amplitude("butterworth", CUTOFF) == pytest.approx(np.sqrt(0.5), abs=0.01)
    assert amplitude("kalman", CUTOFF) == pytest.approx(0.5, abs=0.03)
    assert amplitude("savitzky_golay", CUTOFF) == pytest.approx(np.sqrt(0.5), abs=0.1)
    for name in ("butterworth", "kalman", "savitzky_golay"):
        assert amplitude(name, 1.0) > 0.97


def slow_kalman(x: np.ndarray, rate: float, cutoff: float) -> np.ndarray:
    """The textbook filter and smoother, one axis, with the process noise integrated by sums."""
    dt, jerk = 1 / rate, (2 * np.pi * cutoff) ** 6 / rate
    f = np.array([[1, dt, dt * dt / 2], [0, 1, dt], [0, 0, 1]])
    h = np.array([[1.0, 0, 0]])
    q = jerk * np.array(
        [
            [dt**5 / 20, dt**4 / 8, dt**3 / 6],
            [dt**4 / 8, dt**3 / 3, dt**2 / 2],
            [dt**3 / 6, dt**2 / 2, dt],
        ]
    )
    m = np.array([x[0], 0, 0])
    p = np.diag([1.0, (2 * np.pi * cutoff) ** 2, (2 * np.pi * cutoff) ** 4])
    ms, ps, mp, pp = [], [], [], []
    for i, z in enumerate(x):
        if i:
            m, p = f @ m, f @ p @ f.T + q
        mp.append(m)
        pp.append(p)
        k = p @ h.T / (h @ p @ h.T + 1)
        m = m + (k * (z - h @ m)).ravel()
        p = (np.eye(3) - k @ h) @ p
        ms.append(m)
        ps.append(p)
    for i in range(len(x) - 2, -1, -1):
        g = ps[i] @ f.T @ np.linalg.inv(pp[i + 1])
        ms[i] = ms[i] + g @ (ms[i + 1] - mp[i + 1])
    return np.array(ms)[:, 0]


def test_kalman_is_the_textbooks() -> None:
    x = np.cumsum(np.random.default_rng(0).standard_normal((80, 2, 3)), axis=0) * 0.01
    fast = kalman(x, RATE, CUTOFF)
    for point in range(2):
        for axis in range(3):
            slow = slow_kalman(x[:, point, axis], RATE, CUTOFF)
            np.testing.assert_allclose(fast[:, point, axis], slow, atol=1e-8)


def test_the_median_removes_a_wild_point() -> None:
    track = walk()
    wild = track.copy()
    wild[70, 0] += 2.0
    assert np.abs(smooth("median", wild, RATE, CUTOFF) - track)[60:80].max() < 0.05


def test_short_takes_and_high_cutoffs_pass_unharmed() -> None:
    two = walk(2)
    for name in NAMES:
        np.testing.assert_array_equal(smooth(name, two, RATE, CUTOFF), two)
        np.testing.assert_array_equal(smooth(name, walk(), RATE, 29.0), walk())
        assert np.isfinite(smooth(name, walk(5), RATE, CUTOFF)).all()


def test_short_gaps_are_bridged_and_marked() -> None:
    truth = walk()
    times = np.arange(240) / RATE
    track = truth.copy()
    track[50:58, 0] = np.nan
    track[100:160, 1] = np.nan
    track[:5, 2] = np.nan
    out, filled = fill(track, times, 0.2)
    assert filled.sum() == 8
    assert filled[50:58, 0].all()
    np.testing.assert_allclose(out[50:58, 0], truth[50:58, 0], atol=0.01)
    assert np.isnan(out[100:160, 1]).all()
    assert np.isnan(out[:5, 2]).all()
    known = np.isfinite(track)
    np.testing.assert_array_equal(out[known], track[known])


def test_gap_length_is_measured_in_seconds_not_frames() -> None:
    track = walk(20, 1)
    track[10] = np.nan
    uneven = np.arange(20) / RATE
    uneven[11:] += 1.0
    assert not fill(track, uneven, 0.3)[1].any()
    assert fill(track, np.arange(20) / RATE, 0.3)[1].sum() == 1


def test_runs_and_stretches() -> None:
    assert runs(np.array([1, 1, 0, 1, 0, 0, 1], bool)) == [(0, 2), (3, 4), (6, 7)]
    assert runs(np.zeros(3, bool)) == []
    known = np.array([[1, 1, 0], [1, 1, 1], [0, 0, 1]], bool)
    found = {(a, b): sorted(p.tolist()) for a, b, p in stretches(known)}
    assert found == {(0, 2): [0, 1], (1, 3): [2]}
