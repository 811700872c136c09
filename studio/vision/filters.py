"""Smoothing of tracks (frames, points, 3): every filter respects gaps and knows its lag.

All take one cutoff in hertz and translate it: a Butterworth filter has it at -3 dB; One-Euro
uses it as the cutoff at rest; the Kalman filter derives its trust in the motion model from it
(its smoother then halves the amplitude there); median and Savitzky-Golay derive their window.
``causal`` filters use the past only, as a live picture must; the others see the whole take.

Sources: Casiez et al., 1€ Filter (CHI 2012); Savitzky and Golay (1964); Rauch, Tung and Striebel
(1965).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy import signal
from scipy.linalg import expm

from studio.vision.gaps import present, stretches

FilterName = Literal["none", "one_euro", "butterworth", "kalman", "median", "savitzky_golay"]
Track = Float[np.ndarray, "frames _ 3"]


def smooth(
    name: FilterName,
    xyz_m: Float[np.ndarray, "frames points 3"],
    rate_hz: float,
    cutoff_hz: float,
    *,
    causal: bool = False,
    beta: float = 1.5,
) -> Float[np.ndarray, "frames points 3"]:
    """Filter every unbroken stretch of every point; NaN stays NaN and never spreads.

    ``beta`` is One-Euro's gain of the cutoff with speed (Hz per m/s). At ``cutoff_hz`` above 0.45
    of the rate there is nothing to filter and the track is returned as it is.
    """
    if name == "none" or rate_hz <= 0 or cutoff_hz >= 0.45 * rate_hz:
        return xyz_m.copy()
    filters: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "butterworth": lambda x: butterworth(x, rate_hz, cutoff_hz, causal=causal),
        "one_euro": lambda x: one_euro(x, rate_hz, cutoff_hz, beta=beta, causal=causal),
        "kalman": lambda x: kalman(x, rate_hz, cutoff_hz, causal=causal),
        "median": lambda x: median(x, rate_hz, cutoff_hz, causal=causal),
        "savitzky_golay": lambda x: savitzky_golay(x, rate_hz, cutoff_hz, causal=causal),
    }
    out = xyz_m.copy()
    for start, end, points in stretches(present(xyz_m)):
        if end - start > 2:
            out[start:end, points] = filters[name](xyz_m[start:end, points])
    return out


def lag_ms(
    name: FilterName,
    rate_hz: float,
    cutoff_hz: float,
    *,
    causal: bool = False,
    beta: float = 1.5,
    tempo_hz: float = 1.0,
) -> float:
    """How late the filter shows a movement: its measured delay of a swing of 0.1 m at 1 Hz."""
    times = np.arange(round(6 * rate_hz)) / rate_hz
    swing = np.zeros((len(times), 1, 3))
    swing[:, 0, 0] = 0.1 * np.sin(2 * np.pi * tempo_hz * times)
    out = smooth(name, swing, rate_hz, cutoff_hz, causal=causal, beta=beta)[:, 0, 0]
    settled = (times >= 2) & (times < 5)
    wave = np.exp(-2j * np.pi * tempo_hz * times[settled])
    delay = np.angle((swing[settled, 0, 0] * wave).sum() / (out[settled] * wave).sum())
    return float(delay / (2 * np.pi * tempo_hz) * 1000)


def butterworth(
    x: Track, rate_hz: float, cutoff_hz: float, *, order: int = 4, causal: bool = False
) -> Track:
    """Butterworth low-pass. Zero-lag runs half the order there and back, with the cutoff
    corrected so that the two passes together have -3 dB at ``cutoff_hz``."""
    if causal:
        sos = signal.butter(order, cutoff_hz, fs=rate_hz, output="sos")
        state = signal.sosfilt_zi(sos)[:, :, None, None] * x[0]
        return signal.sosfilt(sos, x, axis=0, zi=state)[0]
    half = max(order // 2, 1)
    bent = np.tan(np.pi * cutoff_hz / rate_hz) / (np.sqrt(2) - 1) ** (1 / (2 * half))
    sos = signal.butter(half, np.arctan(bent) / np.pi * rate_hz, fs=rate_hz, output="sos")
    pad = min(len(x) - 1, int(3 * rate_hz / cutoff_hz))
    return signal.sosfiltfilt(sos, x, axis=0, padtype="odd", padlen=pad)


def one_euro(
    x: Track,
    rate_hz: float,
    cutoff_hz: float,
    *,
    beta: float = 1.5,
    speed_cutoff_hz: float = 1.0,
    causal: bool = False,
) -> Track:
    """Low-pass whose cutoff rises with speed: steady at rest, prompt in motion.

    Not causal: the mean of a run forwards and a run backwards, whose lags cancel.
    """
    forward = _one_euro_pass(x, rate_hz, cutoff_hz, beta, speed_cutoff_hz)
    if causal:
        return forward
    return (forward + _one_euro_pass(x[::-1], rate_hz, cutoff_hz, beta, speed_cutoff_hz)[::-1]) / 2


def _one_euro_pass(
    x: Track, rate_hz: float, cutoff_hz: float, beta: float, speed_cutoff_hz: float
) -> Track:
    step = 2 * np.pi / rate_hz
    alpha_speed = step * speed_cutoff_hz / (1 + step * speed_cutoff_hz)
    out = np.empty_like(x)
    out[0] = x[0]
    velocity = np.zeros_like(x[0])
    for frame in range(1, len(x)):
        velocity = velocity + alpha_speed * ((x[frame] - x[frame - 1]) * rate_hz - velocity)
        cutoff = cutoff_hz + beta * np.linalg.norm(velocity, axis=-1, keepdims=True)
        out[frame] = out[frame - 1] + step * cutoff / (1 + step * cutoff) * (
            x[frame] - out[frame - 1]
        )
    return out


def kalman(x: Track, rate_hz: float, cutoff_hz: float, *, causal: bool = False) -> Track:
    """Kalman filter of a point whose acceleration wanders (white jerk); RTS smoother if not causal.

    The smoother's response is 1 / (1 + (f / cutoff)⁶), so the jerk follows from the cutoff.
    """
    dt = 1 / rate_hz
    jerk = (2 * np.pi * cutoff_hz) ** 6 * dt
    move = np.array([[1, dt, dt * dt / 2], [0, 1, dt], [0, 0, 1]])
    block = np.zeros((6, 6))
    block[:3, :3] = -np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]])
    block[2, 5] = jerk
    block[3:, 3:] = -block[:3, :3].T
    wander = move @ expm(block * dt)[:3, 3:]
    wander = (wander + wander.T) / 2
    first = np.diag([1.0, (2 * np.pi * cutoff_hz) ** 2, (2 * np.pi * cutoff_hz) ** 4])
    states = np.zeros((len(x), 3, *x.shape[1:]))
    spreads = np.empty((len(x), 3, 3))
    state, spread = np.zeros((3, *x.shape[1:])), first
    state[0] = x[0]
    for frame in range(len(x)):
        if frame:
            state, spread = np.tensordot(move, state, 1), move @ spread @ move.T + wander
        gain = spread[:, 0] / (spread[0, 0] + 1)
        state = state + gain[:, None, None] * (x[frame] - state[0])
        spread = spread - np.outer(gain, spread[0])
        states[frame], spreads[frame] = state, spread
    if causal:
        return states[:, 0]
    for frame in range(len(x) - 2, -1, -1):
        ahead = move @ spreads[frame] @ move.T + wander
        back = np.linalg.solve(ahead, move @ spreads[frame]).T
        surprise = states[frame + 1] - np.tensordot(move, states[frame], 1)
        states[frame] += np.tensordot(back, surprise, 1)
    return states[:, 0]


def median(x: Track, rate_hz: float, cutoff_hz: float, *, causal: bool = False) -> Track:
    """Running median; removes single wild points, keeps steps."""
    half = max(round(0.443 * rate_hz / cutoff_hz) // 2, 1)
    before, after = (2 * half, 0) if causal else (half, half)
    padded = np.pad(x, ((before, after), (0, 0), (0, 0)), mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1, 0), axis=-1)


def _window(rate_hz: float, cutoff_hz: float, order: int) -> int:
    """The shortest odd window whose fit lets at most -3 dB of the cutoff through."""
    window = order + 1 + order % 2
    while True:
        at = np.arange(window) - window // 2
        taps = signal.savgol_coeffs(window, order)
        if abs(taps @ np.exp(2j * np.pi * cutoff_hz / rate_hz * at)) < np.sqrt(0.5):
            return window
        window += 2


def savitzky_golay(
    x: Track, rate_hz: float, cutoff_hz: float, *, order: int = 3, causal: bool = False
) -> Track:
    """The value of a cubic fitted to each frame's neighbourhood; keeps peaks.

    Causal: the fit is over the past and read at its end.
    """
    window = _window(rate_hz, cutoff_hz, order)
    if len(x) <= order + 1:
        return x.copy()
    if not causal:
        window = min(window, len(x) - 1 + len(x) % 2)
        order = min(order, window - 1)
        return np.asarray(signal.savgol_filter(x, window, order, axis=0, mode="interp"))
    out = x.copy()
    for end in range(order + 1, len(x)):
        size = min(window, end + 1)
        taps = signal.savgol_coeffs(size, order, pos=size - 1, use="dot")
        out[end] = np.tensordot(taps, x[end + 1 - size : end + 1], 1)
    return out
