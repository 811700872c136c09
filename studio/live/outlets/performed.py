"""A performance as other programs read it: OSC messages, or a line of JSON. Version 1.

JSON: ``{"type": "performance", "version": 1, "time_s", "unix_s", "latency_ms", "face", "hands",
"body", "weights": {ARKit's name: 0 to 1}, "head_deg": [yaw, pitch, roll], "gaze_deg": [yaw, pitch],
"turns": {VRM's bone: [x, y, z, w]}, "hips_m": [x, y, z] or null}``, of the signs and axes of
:class:`studio.live.performance.Performance`.

OSC, in bundles of at most 1400 bytes:

    /doppel/performance  f time_s, f latency_ms, f face, f left hand, f right hand, f body
    /doppel/head         f yaw, f pitch, f roll (degrees)
    /doppel/gaze         f yaw, f pitch (degrees)
    /doppel/weight       s ARKit's name, f weight
    /doppel/turn         s VRM's bone, f x y z w
    /doppel/hips         f x y z (metres), once a body was seen
"""

from __future__ import annotations

import time

from studio.human.rig import ACTIONS
from studio.live.outlets.messages import line
from studio.live.outlets.osc import bundles, message
from studio.live.performance import Performance

VERSION = 1


def performance_line(told: Performance) -> bytes:
    """A performance as a line of JSON."""
    return line(
        {
            "type": "performance",
            "version": VERSION,
            "time_s": round(told.time_s, 4),
            "unix_s": round(time.time() - (time.monotonic() - told.taken_s), 4),
            "latency_ms": round(told.latency_ms, 1),
            "face": round(told.face, 3),
            "hands": [round(hand, 3) for hand in told.hands],
            "body": round(told.body, 3),
            "weights": dict(zip(ACTIONS, told.weights.astype(float).round(4).tolist(),
                                strict=True)),
            "head_deg": [round(angle, 3) for angle in told.head_deg],
            "gaze_deg": [round(angle, 3) for angle in told.gaze_deg],
            "turns": {bone: [round(part, 5) for part in turn]
                      for bone, turn in told.turns.items()},
            "hips_m": None if told.hips_m is None else [round(way, 4) for way in told.hips_m],
        }
    )  # fmt: skip


def performance_packets(told: Performance) -> list[bytes]:
    """A performance as OSC."""
    sure = [float(part) for part in (told.face, *told.hands, told.body)]
    said = [
        message("/doppel/performance", float(told.time_s), float(told.latency_ms), *sure),
        message("/doppel/head", *map(float, told.head_deg)),
        message("/doppel/gaze", *map(float, told.gaze_deg)),
        *(
            message("/doppel/weight", name, weight)
            for name, weight in zip(ACTIONS, told.weights.astype(float).tolist(), strict=True)
        ),
        *(message("/doppel/turn", bone, *map(float, turn)) for bone, turn in told.turns.items()),
    ]
    if told.hips_m is not None:
        said.append(message("/doppel/hips", *map(float, told.hips_m)))
    return bundles(said)
