"""Whole people from parts: whose hand and face is whose, and one metric frame for all of them.

Source: US 11494932; the frame by scaled orthography (Ge et al. 2019 and others).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from studio.perception.detector import LENS
from studio.perception.dope.kinds import BODY, FACE, HEAD, LEFT_HAND, RIGHT_HAND, WRISTS
from studio.perception.dope.ppi import Part

POINTS = 139
_REACH = 1.0
_OTHER_SIDE = 1.6
_HEAD_ROOM = 0.45
_SKULL_M = 0.07
_NOSE, _CONTOUR = 46, slice(0, 33)
_LEFT, _RIGHT = 0, 1

Floats = np.ndarray


@dataclass(frozen=True, eq=False)
class Whole:
    """A person, or what is seen of one: each part may be alone."""

    body: Part | None = None
    left_hand: Part | None = None
    right_hand: Part | None = None
    face: Part | None = None

    @property
    def parts(self) -> Mapping[str, tuple[Part, range]]:
        """The parts that there are, and their points in dope_139."""
        slots = {"body": BODY, "left_hand": LEFT_HAND, "right_hand": RIGHT_HAND, "face": FACE}
        return {
            name: (part, slot)
            for name, slot in slots.items()
            if (part := getattr(self, name)) is not None
        }

    @property
    def score(self) -> float:
        """How sure it is that somebody is there."""
        return max(part.score for part, _ in self.parts.values())

    def points(self) -> tuple[Float[Floats, "139 2"], Float[Floats, "139"]]:
        """Pixels of the points of dope_139 (NaN of absent parts), and how sure each is visible."""
        xy, sure = np.full((POINTS, 2), np.nan), np.zeros(POINTS)
        for part, slot in self.parts.values():
            xy[slot.start : slot.stop] = part.xy_px
            sure[slot.start : slot.stop] = part.seen * part.score
        return xy, sure

    def joined(self) -> Whole:
        """With the body's wrists where its hands begin."""
        if self.body is None:
            return self
        xy = self.body.xy_px.copy()
        for place, hand in zip(WRISTS, (self.right_hand, self.left_hand), strict=True):
            if hand is not None:
                xy[place] = hand.xy_px[0]
        return replace(self, body=replace(self.body, xy_px=xy))

    def xyz_m(
        self, size_px: tuple[int, int], focal_px: float | None = None
    ) -> Float[Floats, "139 3"]:
        """All points before the camera in metres (right, down, ahead), in one frame.

        ``size_px`` is the picture's width and height; without ``focal_px`` a usual lens is taken.
        The body's distance is that at which its 3D pose is as large as its 2D pose; hands begin at
        its wrists, and the face is as deep as its head. A part without a body has a distance of its
        own. NaN for absent parts.
        """
        focal = focal_px or LENS * max(size_px)
        middle = (np.array(size_px) - 1) / 2
        out = np.full((POINTS, 3), np.nan)
        scale = _scale(self.body) if self.body is not None else None
        for name, (part, slot) in self.parts.items():
            own = scale or _scale(part)
            far = focal / own
            flat = part.xy_px.mean(0) - own * part.xyz_m[:, :2].mean(0)
            there = part.xyz_m + np.array([*((flat - middle) / own), far])
            if self.body is not None and name != "body":
                there = there + self._join(name, part, there, out)
            out[slot.start : slot.stop] = there
        return out

    def _join(self, name: str, part: Part, there: np.ndarray, out: np.ndarray) -> np.ndarray:
        """The shift (3,) that joins a part to the body."""
        if name == "face":
            ahead = part.xyz_m[_NOSE] - part.xyz_m[_CONTOUR].mean(0)
            ahead = ahead / max(float(np.linalg.norm(ahead)), 1e-6)
            wanted = out[HEAD, 2] + _SKULL_M * ahead[2]
            return np.array([0.0, 0.0, wanted - there[:, 2].mean()])
        wrist = WRISTS[0] if name == "right_hand" else WRISTS[1]
        return out[wrist] - there[0]


def _scale(part: Part) -> float:
    """Pixels a metre, as scaled orthography fits the part's 2D pose to its 3D pose."""
    weight = np.clip(part.seen, 0.05, 1)[:, None]
    flat = part.xy_px - (part.xy_px * weight).sum(0) / weight.sum()
    deep = part.xyz_m[:, :2] - (part.xyz_m[:, :2] * weight).sum(0) / weight.sum()
    scale = float((weight * flat * deep).sum() / max((weight * deep**2).sum(), 1e-9))
    return max(scale, 1e-3)


def assemble(parts: Mapping[str, Sequence[Part]]) -> list[Whole]:
    """People from parts, those with a body first, the surest first.

    A hand belongs to the body whose wrist is nearest and to which it is nearest, within the hand's
    own size; a face to the body whose head alone lies in it. What belongs to no body is a person
    of its own: lone faces each, lone hands in pairs, with a face if there is just one.
    """
    bodies, hands = list(parts.get("body", ())), list(parts.get("hand", ()))
    faces = list(parts.get("face", ()))
    hand_of = _hands_of(bodies, hands)
    face_of = _faces_of(bodies, faces)
    people: list[Whole] = []
    for number, body in enumerate(bodies):
        left, right = hand_of.get((number, _LEFT)), hand_of.get((number, _RIGHT))
        face = face_of.get(number)
        people.append(
            Whole(
                body,
                None if left is None else replace(hands[left], family=_LEFT),
                None if right is None else replace(hands[right], family=_RIGHT),
                None if face is None else faces[face],
            ).joined()
        )
    lone_hands = [h for k, h in enumerate(hands) if k not in hand_of.values()]
    lone_faces = [f for k, f in enumerate(faces) if k not in face_of.values()]
    return people + _lone(lone_hands, lone_faces)


def _hands_of(bodies: Sequence[Part], hands: Sequence[Part]) -> dict[tuple[int, int], int]:
    """The hand of each body and side."""
    slots = [(k, side) for k in range(len(bodies)) for side in (_RIGHT, _LEFT)]
    if not slots or not hands:
        return {}
    cost = np.array([
        [_away(bodies[k], side, hand) for hand in hands] for k, side in slots
    ])  # fmt: skip
    out: dict[tuple[int, int], int] = {}
    for row, slot in enumerate(slots):
        hand = int(cost[row].argmin())
        if cost[row, hand] <= _REACH and int(cost[:, hand].argmin()) == row:
            out[slot] = hand
    return out


def _away(body: Part, side: int, hand: Part) -> float:
    """How far a hand is from a wrist, in sizes of the hand; more for one of the other side."""
    wrist = body.xy_px[WRISTS[0] if side == _RIGHT else WRISTS[1]]
    away = float(np.linalg.norm(hand.xy_px[0] - wrist)) / max(hand.size_px, 1.0)
    return away if hand.family == side else away * _OTHER_SIDE + 0.1


def _faces_of(bodies: Sequence[Part], faces: Sequence[Part]) -> dict[int, int]:
    """The face of each body: its head lies in that face alone, and no other body's."""
    inside = np.zeros((len(bodies), len(faces)), bool)
    for column, face in enumerate(faces):
        box, room = face.box_px, _HEAD_ROOM * face.size_px
        for row, body in enumerate(bodies):
            head = body.xy_px[HEAD]
            inside[row, column] = bool(
                (head >= box[:2] - room).all() and (head <= box[2:] + room).all()
            )
    out: dict[int, int] = {}
    for row in range(len(bodies)):
        for column in np.flatnonzero(inside[row]):
            if inside[row].sum() == 1 and inside[:, column].sum() == 1:
                out[row] = int(column)
    for row, column in zip(*np.nonzero(inside), strict=True):  # several: the nearest of both
        if row in out or column in out.values():
            continue
        apart = np.array([
            [np.linalg.norm(f.xy_px.mean(0) - b.xy_px[HEAD]) for f in faces] for b in bodies
        ])  # fmt: skip
        apart[~inside] = np.inf
        if apart[row].argmin() == column and apart[:, column].argmin() == row:
            out[int(row)] = int(column)
    return out


def _lone(hands: Sequence[Part], faces: Sequence[Part]) -> list[Whole]:
    left = [hand for hand in hands if hand.family == _LEFT]
    right = [hand for hand in hands if hand.family == _RIGHT]
    people = [
        Whole(
            None,
            left[k] if k < len(left) else None,
            right[k] if k < len(right) else None,
        )
        for k in range(max(len(left), len(right)))
    ]
    if len(faces) == 1 and len(people) == 1:
        return [replace(people[0], face=faces[0])]
    return [Whole(face=face) for face in faces] + people
