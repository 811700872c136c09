"""A moment as other programs read it: OSC messages, or a line of JSON. Version 1.

JSON: an object a line. ``{"type": "layout", "name", "points", "parts"}`` comes before the first use
of a layout: the names of its points, and of each part the places among them. Then, a moment a line:

    {"type": "pose", "version": 1, "number": 7, "unix_s": 1.5e9, "latency_ms": 41.2,
     "cameras": {"cam": [640, 480]},
     "people": [{"camera": "cam", "person": 0, "layout": "whole_body",
                 "points": [[x_px, y_px, confidence], null, ...],
                 "cues": {"left_hand": "open", "right_hand": "", "raised": ["left"],
                          "mouth": 0.12, "talking": true, "looks": [x, y, z]}}],
     "skeletons": [{"person": 0, "layout": "openpose_137", "joints_m": [[x, y, z, error], ...]}]}

Points are in the layout's order, null where nothing was found; pixels count from the centre of the
first; metres are right-handed with Z up. Cues are those of :class:`~studio.live.cues.Cues`.

OSC: a bundle that begins the moment, then one for each person and skeleton, a UDP packet each:

    /doppel/moment   i number, f latency_ms, i people
    /doppel/camera   s camera, i width, i height
    /doppel/person   i person, s camera, s layout
    /doppel/PART     i person, then f x, f y, f confidence of each point (-1, -1, 0: not found)
    /doppel/hand     i person, s left or right, s gesture (empty: none), i 1 if it is raised
    /doppel/mouth    i person, f how far open, i 1 if talking (of who has a face)
    /doppel/looks    i person, f x, f y, f z (of who has a skeleton)
    /doppel/joints   i person, s layout, then f x, f y, f z of each body joint (metres, Z up)
    /VMC/Ext/OK i 1, /VMC/Ext/T f seconds, and of the first person
    /VMC/Ext/Tra/Pos s bone, f x y z, f 0 0 0 1

PART is body, feet, left_hand, right_hand or face. The last lines are those of the Virtual Motion
Capture protocol (metres, left-handed, Y up, as Unity has them): a tracker where each bone begins,
by Unity's names of bones; which way a bone turns is not known from points and left unsaid.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np

from studio.core.frames import points_from_world
from studio.core.types import Keypoints, Layout, Skeleton
from studio.live.cues import Cues
from studio.live.moment import Moment
from studio.live.outlets.osc import bundle, message

VERSION = 1
_LIMBS = {
    "shoulder": "UpperArm", "elbow": "LowerArm", "wrist": "Hand", "hip": "UpperLeg",
    "knee": "LowerLeg", "ankle": "Foot", "big_toe": "Toes",
}  # fmt: skip
BONES = {"pelvis": "Hips", "neck": "Neck", "nose": "Head"} | {
    f"{side}_{point}": f"{side.capitalize()}{bone}"
    for side in ("left", "right")
    for point, bone in _LIMBS.items()
}
"""Where Unity's bones begin, by the points of the skeleton."""
_NO_TURN = (0.0, 0.0, 0.0, 1.0)


# -- JSON ------------------------------------------------------------------------------------------


def layouts_of(moment: Moment) -> tuple[Layout, ...]:
    """The layouts that a moment speaks of, each once."""
    every = [one.layout for one in (*moment.people, *moment.skeletons)]
    return tuple({layout.name: layout for layout in every}.values())


def layout_line(layout: Layout) -> bytes:
    """What the points of a layout are called, as a line."""
    parts = {name: list(points) for name, points in layout.parts.items()}
    told = {"type": "layout", "name": layout.name, "points": layout.points, "parts": parts}
    return line(told)


def pose_line(moment: Moment) -> bytes:
    """A moment as a line of JSON."""
    told = {
        "type": "pose",
        "version": VERSION,
        "number": moment.number,
        "unix_s": round(time.time() - (time.monotonic() - moment.taken_s), 4),
        "latency_ms": round(moment.latency_ms, 1),
        "cameras": {
            name: [frame.rgb.shape[1], frame.rgb.shape[0]] for name, frame in moment.frames.items()
        },
        "people": [
            {
                "camera": one.camera, "person": one.person, "layout": one.layout.name,
                "points": _rows(np.column_stack([one.xy_px.round(2), one.confidence.round(3)])),
            } | ({"cues": _cues(moment.cues[place])} if place < len(moment.cues) else {})
            for place, one in enumerate(moment.people)
        ],
        "skeletons": [
            {
                "person": number, "layout": one.layout.name,
                "joints_m": _rows(np.column_stack([one.xyz_m.round(4), one.error_m.round(4)])),
            }
            for number, one in enumerate(moment.skeletons)
        ],
    }  # fmt: skip
    return line(told)


def _cues(cues: Cues) -> dict[str, object]:
    told: dict[str, object] = asdict(cues)
    if cues.mouth is not None:
        told["mouth"] = round(cues.mouth, 3)
    if cues.looks is not None:
        told["looks"] = [round(part, 3) for part in cues.looks]
    return told


def _rows(values: np.ndarray) -> list[list[float | None] | None]:
    """Rows as JSON knows them: null for a point that is not there."""
    rows: list[list[float | None]] = values.tolist()
    return [
        [value if value is not None and math.isfinite(value) else None for value in row]
        if known else None
        for row, known in zip(rows, np.isfinite(values[:, 0]).tolist(), strict=True)
    ]  # fmt: skip


def line(told: Mapping[str, object]) -> bytes:
    """An object as a line of JSON."""
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + (
        b"\n"
    )


# -- OSC -------------------------------------------------------------------------------------------


def packets(moment: Moment) -> list[bytes]:
    """A moment as OSC: a packet that begins it, then one for each person and each skeleton."""
    first = [
        message("/doppel/moment", moment.number, moment.latency_ms, len(moment.people)),
        *(
            message("/doppel/camera", name, frame.rgb.shape[1], frame.rgb.shape[0])
            for name, frame in moment.frames.items()
        ),
        message("/VMC/Ext/OK", 1),
        message("/VMC/Ext/T", float(moment.taken_s)),
    ]
    found = [bundle(first)]
    for place, one in enumerate(moment.people):
        cues = moment.cues[place] if place < len(moment.cues) else None
        found.append(bundle(_person(one) + _does(one.person, cues)))
    found += [bundle(_skeleton(one, number)) for number, one in enumerate(moment.skeletons)]
    return found


def _person(one: Keypoints) -> list[bytes]:
    told = [message("/doppel/person", one.person, one.camera, one.layout.name)]
    known = np.isfinite(one.xy_px).all(1)
    values = np.column_stack([one.xy_px, one.confidence])
    values[~known] = (-1.0, -1.0, 0.0)
    for part, points in one.layout.parts.items():
        told.append(message(f"/doppel/{part}", one.person, *values[list(points)].ravel().tolist()))
    return told


def _does(person: int, cues: Cues | None) -> list[bytes]:
    if cues is None:
        return []
    told = [
        message("/doppel/hand", person, side, name, int(side in cues.raised))
        for side, name in (("left", cues.left_hand), ("right", cues.right_hand))
    ]
    if cues.mouth is not None:
        told.append(message("/doppel/mouth", person, float(cues.mouth), int(bool(cues.talking))))
    if cues.looks is not None:
        told.append(message("/doppel/looks", person, *cues.looks))
    return told


def _skeleton(one: Skeleton, number: int) -> list[bytes]:
    body = list(one.layout.parts.get("body", range(len(one.layout))))
    joints = np.nan_to_num(one.xyz_m[body]).ravel().tolist()
    told = [message("/doppel/joints", number, one.layout.name, *joints)]
    if number == 0:
        seen = points_from_world(one.xyz_m, "y", "m") * (-1.0, 1.0, 1.0)
        for point, bone in BONES.items():
            if point in one.layout.points:
                place = seen[one.layout.index(point)]
                if np.isfinite(place).all():
                    told.append(message("/VMC/Ext/Tra/Pos", bone, *place.tolist(), *_NO_TURN))
    return told
