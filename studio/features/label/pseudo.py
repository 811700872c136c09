"""Points of real pictures marked by a network: pseudo-labels, where nobody labelled anything.

Whoever is not found again in a crop about the points is left out: networks see people in chairs and
bags, too. Whoever is found is told from what is behind by the mask of that crop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing

import numpy as np
from jaxtyping import UInt8

from studio.human.convert import convert
from studio.jobs import Context
from studio.perception.detector import Detector, Person2D
from studio.perception.person_mask import PersonMask
from studio.training.labels import LabelFolder, LabelledPerson

LAYOUT = "coco_133"
SURE = 0.5
"""Points less sure than this are left unlabelled."""
_LEAST = 8
_HEAD, _BODY = 5, 17
_LEAST_BODY, _AGAIN, _ROOM, _MASKED = 4, 0.08, 0.15, 0.5


def mark(
    folder: LabelFolder, make: Callable[[], Detector], by: str, context: Context,
    look: Callable[[], PersonMask] | None = None,
) -> tuple[str, ...]:  # fmt: skip
    """Mark everybody in the pictures of a folder whose points nobody marked; their names.

    What a person marked is kept, and so are pictures in which a network marked somebody before.
    With ``look``, bodies that it does not find again are left out, and where it finds all of them,
    and nobody painted one, their mask is kept.
    """
    done: list[str] = []
    known = set(folder.labelled("keypoints"))
    wanted = [name for name in folder.names() if name not in known]
    with ExitStack() as stack:
        detector = stack.enter_context(closing(make()))
        again = None if look is None else stack.enter_context(look())
        for number, name in enumerate(wanted):
            context.check()
            context.report(number / max(len(wanted), 1), f"Marking {name}")
            detector.follow(())
            picture = folder.picture(name)
            people = [labelled(person) for person in detector.detect(picture)]
            people = [p for p in people if np.isfinite(p.xy_px[:, 0]).sum() >= _LEAST]
            mask = None
            if again is not None:
                people, mask = found_again(picture, people, again)
            if people:
                folder.save_keypoints(name, people, by)
                done.append(name)
            if mask is not None and folder.map(name, "mask") is None:
                folder.save_map(name, "mask", mask)
    return tuple(done)


def labelled(person: Person2D) -> LabelledPerson:
    """Somebody's points in coco_133, those that are sure."""
    given = np.column_stack([person.xy_px, person.confidence])
    told = convert(given, person.layout, LAYOUT)
    sure = np.isfinite(told).all(1) & (told[:, 2] >= SURE)
    return LabelledPerson(LAYOUT, np.where(sure[:, None], told[:, :2], np.nan))


def found_again(
    rgb: UInt8[np.ndarray, "height width 3"], people: Sequence[LabelledPerson], look: PersonMask
) -> tuple[list[LabelledPerson], UInt8[np.ndarray, "height width"] | None]:
    """Those whose bodies are found again in a crop about them, or of whom hands or a face alone
    are marked; and the mask of all of them, 0 or 255, if each has a body."""
    kept: list[LabelledPerson] = []
    mask = np.zeros(rgb.shape[:2], np.uint8)
    for person in people:
        body = person.xy_px[:_BODY]
        there = np.isfinite(body).all(1)
        if not _has_body(person):
            kept.append(person)
            continue
        size = float(np.ptp(body[there], axis=0).max())
        low = np.floor(body[there].min(0) - _ROOM * size).clip(0).astype(int)
        high = np.ceil(body[there].max(0) + _ROOM * size).clip(0).astype(int)
        place = np.s_[low[1] : high[1], low[0] : high[0]]
        found = look.look(np.ascontiguousarray(rgb[place])) if rgb[place].size else None
        if found is None:
            continue
        told = np.column_stack([found[1][:, :2] + low, np.ones(len(found[1]))])
        again = convert(told, "mediapipe_33", LAYOUT)[:_BODY, :2]
        off = np.linalg.norm(again - body, axis=1)[there & np.isfinite(again).all(1)]
        if len(off) >= _LEAST_BODY and np.median(off) < _AGAIN * size:
            kept.append(person)
            mask[place][found[0] > _MASKED] = 255
    whole = bool(kept) and all(_has_body(person) for person in kept)
    return kept, mask if whole else None


def _has_body(person: LabelledPerson) -> bool:
    return bool(np.isfinite(person.xy_px[_HEAD:_BODY]).all(1).sum() >= _LEAST_BODY)
