"""What somebody's points say besides where they are: gestures, where they look, whether they talk.

By geometry alone, so that programs that listen need no networks of their own: a gesture steers, who
talks is shown, where somebody looks is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from studio.core.types import Keypoints, Skeleton
from studio.human.convert import in_layout
from studio.human.layouts import layout

_OF = layout("openpose_137")
_HANDS = {side: np.array(_OF.parts[f"{side}_hand"]) for side in ("left", "right")}
_WRISTS = {side: _OF.index(f"{side}_wrist") for side in ("left", "right")}
_SHOULDERS = {side: _OF.index(f"{side}_shoulder") for side in ("left", "right")}
_LIPS = [_OF.index(f"face_{k}") for k in (62, 66)]
_CORNERS = [_OF.index(f"face_{k}") for k in (60, 64)]
_EYES, _EARS = ([_OF.index(f"{side}_{part}") for side in ("left", "right")]
                for part in ("eye", "ear"))  # fmt: skip
_SURE, _HELD_S, _TALK_S, _AWAY_S = 0.3, 0.12, 1.0, 1.0
_STRAIGHT, _BENT, _THUMB_OUT, _PINCH = 0.87, 0.78, 0.55, 0.28
_WORD, _WORDS = 0.05, 3
_GESTURES = {
    (True, True, True, True): "open",
    (False, False, False, False): "fist",
    (True, False, False, False): "pointing",
    (True, True, False, False): "victory",
}


@dataclass(frozen=True)
class Cues:
    """What somebody does. Hands are open, fist, pointing, victory, pinch, thumb_up, thumb_down, or
    empty: none of these, or not seen. ``raised`` are the hands above their shoulders. ``mouth`` is
    how far the lips are apart, in widths of the mouth, and ``talking`` that they have come and gone
    in the last second; None: no face was seen. ``looks`` is the way the head looks (x, y, z; of
    length 1, Z up), where there is a skeleton."""

    left_hand: str = ""
    right_hand: str = ""
    raised: tuple[str, ...] = ()
    mouth: float | None = None
    talking: bool | None = None
    looks: tuple[float, float, float] | None = None


@dataclass
class _Past:
    """What is remembered of somebody."""

    seen_s: float
    hands: dict[str, tuple[str, float]]
    told: dict[str, str]
    mouths: list[tuple[float, float]]


class Reader:
    """Reads people moment by moment: gestures must last, and talking takes a while to be heard."""

    def __init__(self) -> None:
        self._past: dict[tuple[str, int], _Past] = {}

    def read(
        self, time_s: float, people: Sequence[Keypoints], skeletons: Sequence[Skeleton] = ()
    ) -> tuple[Cues, ...]:
        """The cues of each of ``people``; the first skeleton is that of the first."""
        self._past = {who: past for who, past in self._past.items()
                      if 0 <= time_s - past.seen_s < _AWAY_S}  # fmt: skip
        out: list[Cues] = []
        for number, one in enumerate(people):
            who = one.camera, one.person
            past = self._past.setdefault(who, _Past(time_s, {}, {}, []))
            past.seen_s = time_s
            looks = looking(skeletons[number]) if number == 0 and skeletons else None
            out.append(_cues(past, time_s, in_layout(one, _OF), looks))
        return tuple(out)


def _cues(
    past: _Past, time_s: float, one: Keypoints, looks: tuple[float, float, float] | None
) -> Cues:
    seen = (one.confidence > _SURE) & np.isfinite(one.xy_px).all(1)
    xy = one.xy_px
    for side, points in _HANDS.items():
        now = gesture(xy[points]) if seen[points].mean() > 0.9 else ""
        before, since_s = past.hands.get(side, ("", time_s))
        past.hands[side] = (now, since_s if now == before else time_s)
        if time_s - past.hands[side][1] >= _HELD_S:
            past.told[side] = now
    raised = tuple(
        side for side in _HANDS
        if seen[[_WRISTS[side], _SHOULDERS[side]]].all()
        and xy[_WRISTS[side], 1] < xy[_SHOULDERS[side], 1]
    )  # fmt: skip
    mouth, talks = None, None
    past.mouths = [told for told in past.mouths if 0 <= time_s - told[0] <= _TALK_S]
    if seen[[*_LIPS, *_CORNERS]].all():
        wide = float(np.linalg.norm(xy[_CORNERS[1]] - xy[_CORNERS[0]]))
        mouth = float(np.linalg.norm(xy[_LIPS[1]] - xy[_LIPS[0]])) / max(wide, 1e-6)
        past.mouths.append((time_s, mouth))
        talks = talking([opening for _, opening in past.mouths])
    return Cues(past.told.get("left", ""), past.told.get("right", ""), raised, mouth, talks, looks)


def gesture(hand: np.ndarray) -> str:
    """What a hand of 21 points (21, 2 or 3; y down) does, wrist first, thumb to little finger."""
    palm = float(np.linalg.norm(hand[9] - hand[0]))
    if not palm > 0:
        return ""
    fingers = hand[5:].reshape(4, 4, -1)
    steps = np.linalg.norm(np.diff(fingers, axis=1), axis=-1).sum(1)
    straight = np.linalg.norm(fingers[:, 3] - fingers[:, 0], axis=-1) / np.maximum(steps, 1e-9)
    tips, knuckles = (np.linalg.norm(fingers[:, k] - hand[0], axis=-1) for k in (3, 1))
    out = (straight > _STRAIGHT) & (tips > knuckles)
    bent = (straight < _BENT) | (tips < knuckles)
    thumb = hand[4] - hand[2]
    wide = float(np.linalg.norm(hand[4] - hand[5])) > _THUMB_OUT * palm
    met = float(np.linalg.norm(hand[4] - hand[8])) < _PINCH * palm
    if met and tips[0] > palm and not bent[1:].all():
        return "pinch"
    if not (out | bent).all():
        return ""
    found = _GESTURES.get(tuple(out.tolist()), "")
    up = -float(thumb[1]) / max(float(np.linalg.norm(thumb)), 1e-9)
    if found == "fist" and wide and abs(up) > 0.7:
        return "thumb_up" if up > 0 else "thumb_down"
    return found


def talking(openings: Sequence[float]) -> bool:
    """Whether lips came together and went apart several times: ``openings`` in widths of a mouth.
    One yawn, or a mouth that stays open, is no talk."""
    turns, last, way = 0, openings[0] if openings else 0.0, 0
    for opening in openings:
        if way >= 0 and opening < last - _WORD:
            turns, way, last = turns + (way > 0), -1, opening
        elif way <= 0 and opening > last + _WORD:
            turns, way, last = turns + (way < 0), 1, opening
        elif way:
            last = max(last, opening) if way > 0 else min(last, opening)
    return turns >= _WORDS - 1


def looking(one: Skeleton) -> tuple[float, float, float] | None:
    """The way a head looks (x, y, z; of length 1), from its ears to its eyes; None if unknown."""
    if one.layout.name != _OF.name:
        return None
    eyes, ears = one.xyz_m[_EYES], one.xyz_m[_EARS]
    ahead, across = eyes.mean(0) - ears.mean(0), ears[0] - ears[1]
    size = float(np.linalg.norm(across))
    if not (np.isfinite(ahead).all() and np.isfinite(across).all() and size > 0):
        return None
    ahead = ahead - across * float(ahead @ across) / size**2
    length = float(np.linalg.norm(ahead))
    if length < 1e-6:
        return None
    x, y, z = (ahead / length).tolist()
    return x, y, z
