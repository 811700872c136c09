"""The head of a person in photographs of the whole body, as far as the faces are large enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.human.bodies.fitted import BodyPhoto
from studio.human.design import Design
from studio.human.heads import model
from studio.human.heads.carving import carve
from studio.human.heads.fit import fit
from studio.human.heads.proportions import womanly
from studio.human.heads.shown import Portrait
from studio.human.rig import ACTIONS
from studio.human.shapefit import age_parameter

LEAST_PX, CARVED_PX = 40.0, 110.0
"""Faces lower than the first tell nothing; from the second on they are carved."""
_LEAST_M, _MOST_M = 0.0001, 0.03
_SURE = 0.8
_TOLD = ("gender", "african", "asian", "caucasian")


@dataclass(frozen=True, eq=False)
class Head:
    """A design with the face that photographs show, how womanly its build is (0 to 1), the facial
    actions (52) in each photograph, and what is doubtful."""

    design: Design
    gender: float
    actions: tuple[Float[np.ndarray, "52"], ...]
    notes: tuple[str, ...] = ()


def head_of(
    photos: Sequence[BodyPhoto], gender: float | None = None, age_years: float | None = None
) -> Head:
    """The head of whoever is in the photographs; what is known of gender (0 to 1) and age is
    kept."""
    age = {} if age_years is None else {"age": age_parameter(age_years)}
    seen = [k for k, one in enumerate(photos) if _tall(one) >= LEAST_PX]
    actions = [np.zeros(len(ACTIONS)) for _ in photos]
    if not seen:
        build = 0.5 if gender is None else gender
        said = () if gender is not None else ("no face tells whether the build is a man's or a "
                                              "woman's: choose it",)  # fmt: skip
        return Head(Design(phenotypes={"gender": build, **age}), build, tuple(actions), said)
    faces = [f for k in seen if (f := photos[k].face_px) is not None]
    build = womanly(faces) if gender is None else gender
    portraits = [
        Portrait(face, photos[k].size_px, photos[k].camera, focal_px=_focal(photos[k]))
        for k, face in zip(seen, faces, strict=True)
    ]
    fitted = fit(portraits, gender=build)
    for k, view in zip(seen, fitted.views, strict=True):
        actions[k] = view.actions
    numbers = dict(zip(model.BUILDS, fitted.values.tolist(), strict=False))
    moved = np.zeros((model.POINTS, 3))
    if max(_tall(photos[k]) for k in seen) >= CARVED_PX:
        moved = np.clip(carve(fitted, portraits), -_MOST_M, _MOST_M)
    design = Design(
        phenotypes={**{n: round(min(max(numbers[n], 0.0), 1.0), 4) for n in _TOLD}, **age},
        local=model.sliders_of(fitted.values),
        carved={
            point: (round(float(x), 5), round(float(y), 5), round(float(z), 5))
            for point, (x, y, z) in enumerate(moved)
            if max(abs(x), abs(y), abs(z)) > _LEAST_M
        },
    )
    unsure = gender is None and max(build, 1 - build) < _SURE
    said = ("the face does not tell surely whether the build is a man's or a woman's: choose it",)
    return Head(design, build, tuple(actions), said if unsure else ())


def _tall(photo: BodyPhoto) -> float:
    return 0.0 if photo.face_px is None else float(np.ptp(photo.face_px[:, :2], axis=0).max())


def _focal(photo: BodyPhoto) -> float:
    """The lens to expect: people seen whole are far away."""
    return photo.focal_px if photo.focal_px is not None else 1.3 * max(photo.size_px)
