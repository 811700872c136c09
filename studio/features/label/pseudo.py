"""Points of real pictures marked by a network: pseudo-labels, where nobody labelled anything."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import numpy as np

from studio.human.convert import convert
from studio.jobs import Context
from studio.perception.detector import Detector, Person2D
from studio.training.labels import LabelFolder, LabelledPerson

LAYOUT = "coco_133"
SURE = 0.5
"""Points less sure than this are left unlabelled."""
_LEAST = 8


def mark(
    folder: LabelFolder, make: Callable[[], Detector], by: str, context: Context
) -> tuple[str, ...]:
    """Mark everybody in the pictures of a folder whose points nobody marked; their names.

    What a person marked is kept, and so are pictures in which a network marked somebody before.
    """
    done: list[str] = []
    known = set(folder.labelled("keypoints"))
    wanted = [name for name in folder.names() if name not in known]
    with closing(make()) as detector:
        for number, name in enumerate(wanted):
            context.check()
            context.report(number / max(len(wanted), 1), f"Marking {name}")
            detector.follow(())
            people = [labelled(person) for person in detector.detect(folder.picture(name))]
            people = [p for p in people if np.isfinite(p.xy_px[:, 0]).sum() >= _LEAST]
            if people:
                folder.save_keypoints(name, people, by)
                done.append(name)
    return tuple(done)


def labelled(person: Person2D) -> LabelledPerson:
    """Somebody's points in coco_133, those that are sure."""
    given = np.column_stack([person.xy_px, person.confidence])
    told = convert(given, person.layout, LAYOUT)
    sure = np.isfinite(told).all(1) & (told[:, 2] >= SURE)
    return LabelledPerson(LAYOUT, np.where(sure[:, None], told[:, :2], np.nan))
