"""Live Link Face's packets: the face of a performance for Unreal's Live Link and its many readers.

A packet, as Unreal's ARKit face source reads it from the app (UDP, usually port 11111; all numbers
big-endian)::

    u8   version: 6
    text device: i32 length, then bytes         (a UUID of 36 characters)
    text subject: i32 length, then bytes        (the name in Live Link's list)
    i32  frame, f32 share of a frame passed, i32 frames, i32 in how many seconds
    u8   count: 61
    f32  52 blend shapes in the order of Unreal's EARFaceBlendShape, then yaw, pitch and roll of
         the head, the left eye and the right eye

Angles are radians about ARKit's axes of a face (x to its own left, y up, z to the front): yaw is
positive to the own left and pitch positive down, as recordings of the app show for the eyes; roll
is positive towards the own right shoulder, as these axes have it.
"""

from __future__ import annotations

import struct
import time
import uuid

import numpy as np

from studio.human.rig import ACTIONS
from studio.live.performance import Performance

VERSION = 6
RATE_HZ = 60
DAY_S = 86_400.0


def _eye(side: str) -> list[str]:
    moves = ("Blink", "LookDown", "LookIn", "LookOut", "LookUp", "Squint", "Wide")
    return [f"eye{move}{side}" for move in moves]


def _both(*names: str) -> list[str]:
    return [f"{name}{side}" for name in names for side in ("Left", "Right")]


SHAPES: tuple[str, ...] = (
    *_eye("Left"), *_eye("Right"),
    "jawForward", "jawLeft", "jawRight", "jawOpen",
    "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight",
    *_both("mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch"),
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    *_both("mouthPress", "mouthLowerDown", "mouthUpperUp", "browDown"), "browInnerUp",
    *_both("browOuterUp"), "cheekPuff", *_both("cheekSquint", "noseSneer"), "tongueOut",
)  # fmt: skip
"""The 52 blend shapes in the order of the packet."""
_COLUMNS = np.array([ACTIONS.index(name) for name in SHAPES])


class LiveLink:
    """Says performances as one device with one subject would."""

    def __init__(self, subject: str = "Doppel", device: str | None = None) -> None:
        """``device`` is a UUID; one is made up if it is None."""
        self._names = b"".join(
            struct.pack(">i", len(raw)) + raw
            for raw in (
                (device or str(uuid.uuid4())).upper().encode("ascii"),
                subject.encode("ascii", "replace"),
            )
        )

    def packets(self, performance: Performance) -> tuple[bytes]:
        """The one packet of a performance."""
        yaw, pitch, roll = performance.head_deg
        eye_yaw, eye_pitch = performance.gaze_deg
        eye = (eye_yaw, -eye_pitch, 0.0)
        angles = np.radians([yaw, -pitch, -roll, *eye, *eye])
        values = np.concatenate([performance.weights[_COLUMNS], angles]).astype(">f4")
        frame = _today_s(performance.taken_s) * RATE_HZ
        whole = int(frame)
        return (
            struct.pack(">B", VERSION) + self._names
            + struct.pack(">ifii", whole, frame - whole, RATE_HZ, 1)
            + struct.pack(">B", len(values)) + values.tobytes(),
        )  # fmt: skip


def _today_s(taken_s: float) -> float:
    """Seconds of the day, by the clock on the wall, of a time of ``time.monotonic``."""
    now_s = time.time()
    day = time.localtime(now_s)
    passed = 3600 * day.tm_hour + 60 * day.tm_min + day.tm_sec + now_s % 1
    return (passed - (time.monotonic() - taken_s)) % DAY_S
