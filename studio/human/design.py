"""A designed person as one value: build, look, clothes, expression, pose, gaze. No torch, no Qt.

A design says only what differs from the ordinary: an empty one is an average adult, at rest in an
A-pose. It is a pydantic value, so it is its own JSON; :func:`read` turns what is wrong with a file
into words. Everything is by name, so that designs outlive changes of the rig and the wardrobe.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from studio.core.errors import StudioError
from studio.human.names import twin
from studio.human.phenotypes import PHENOTYPES
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.human.segments import SEGMENT_NAMES

ADULT = 0.66
"""The age of a design that says nothing about it: 25 years."""
GAZE_DEG = 35.0
_NAME = re.compile(r"[a-z0-9][a-z0-9_.|/-]*")

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Colour = tuple[Share, Share, Share]
"""sRGB, 0 to 1."""
Finite = Annotated[float, Field(allow_inf_nan=False)]
Turn = tuple[Finite, Finite, Finite]
"""A bone's own rotation D as a rotation vector (radians), in world axes of the reference pose."""
Near = Annotated[float, Field(ge=-0.03, le=0.03, allow_inf_nan=False)]
Moved = tuple[Near, Near, Near]
"""How far a point of the face is moved, metres, in world axes of the reference pose."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Worn(_Frozen):
    """One thing that is worn: its name in the wardrobe; None keeps the colours it came with."""

    item: str = Field(min_length=1, max_length=200)
    colour: Colour | None = None


def _among(names: tuple[str, ...], what: str) -> AfterValidator:
    def check(values: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted({*values} - {*names})
        if unknown:
            raise ValueError(f"there is no {what} {', '.join(unknown)}")
        return values

    return AfterValidator(check)


class Design(_Frozen):
    """A person.

    ``phenotypes`` (0 to 1) and ``scales`` (1 is unchanged) make the build, ``local`` (-1 to 1)
    moves single parts of body and face, ``carved`` moves points of the face (MediaPipe's numbers)
    beyond that, and the skin with them. ``pins`` are the measures that the artist holds (metres).
    ``worn`` lists hair, clothes, glasses and hats, innermost first. ``expression`` holds ARKit's
    actions (0 to 1), ``pose`` bones' own turns, ``gaze_deg`` how far the eyes look to the person's
    left and up.
    """

    phenotypes: Annotated[dict[str, Share], _among(PHENOTYPES, "build named")] = {}
    scales: Annotated[
        dict[str, Annotated[float, Field(ge=0.5, le=2.0)]],
        _among(SEGMENT_NAMES, "segment named"),
    ] = {}
    local: dict[str, Annotated[float, Field(ge=-1, le=1)]] = {}
    carved: dict[Annotated[int, Field(ge=0, lt=478)], Moved] = {}
    pins: dict[str, Annotated[float, Field(gt=0, le=3)]] = {}
    worn: tuple[Worn, ...] = ()
    skin: Colour = (0.79, 0.60, 0.49)
    hair: Colour = (0.22, 0.15, 0.10)
    brows: Colour = (0.31, 0.23, 0.17)
    eyes: Colour = (0.36, 0.26, 0.16)
    expression: Annotated[dict[str, Share], _among(ACTIONS, "facial action")] = {}
    pose: Annotated[dict[str, Turn], _among(BONE_NAMES, "bone named")] = {}
    gaze_deg: tuple[
        Annotated[float, Field(ge=-GAZE_DEG, le=GAZE_DEG)],
        Annotated[float, Field(ge=-GAZE_DEG, le=GAZE_DEG)],
    ] = (0.0, 0.0)

    @field_validator("local", "pins")
    @classmethod
    def _named(cls, values: dict[str, float]) -> dict[str, float]:
        wrong = sorted(name for name in values if not _NAME.fullmatch(name))
        if wrong:
            raise ValueError(f"“{wrong[0]}” is not the name of a slider")
        return values

    @field_validator("worn")
    @classmethod
    def _once(cls, worn: tuple[Worn, ...]) -> tuple[Worn, ...]:
        names = [one.item for one in worn]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"“{twice[0]}” is worn twice")
        return worn

    @field_validator("pose")
    @classmethod
    def _turns(cls, pose: dict[str, Turn]) -> dict[str, Turn]:
        far = sorted(bone for bone, turn in pose.items() if math.hypot(*turn) > math.tau)
        if far:
            raise ValueError(f"“{far[0]}” turns by more than a full turn")
        return pose

    def but(self, **changes: Any) -> Design:
        """This design with some fields changed, checked anew. Raises StudioError."""
        return _checked({**self.model_dump(), **changes}, "This person")

    def build(self, name: str) -> float:
        """A phenotype's value, whether it is named or not."""
        return self.phenotypes.get(name, ADULT if name == "age" else 0.5)

    def scale(self, name: str) -> float:
        """A segment's scale, whether it is named or not."""
        return self.scales.get(name, 1.0)

    def with_build(self, values: Mapping[str, float]) -> Design:
        """This design with these phenotypes."""
        return self.but(phenotypes={**self.phenotypes, **values})

    def wears(self, item: str) -> Worn | None:
        """The worn thing of that name, or None."""
        return next((one for one in self.worn if one.item == item), None)

    def mirrored(self) -> Design:
        """The person in a mirror: pose, expression, gaze and one-sided sliders change sides."""
        flip = {bone: (x, -y, -z) for bone, (x, y, z) in self.pose.items()}
        return self.but(
            local={other_side(name): value for name, value in self.local.items()},
            carved={_other_mark(point): (-x, y, z) for point, (x, y, z) in self.carved.items()},
            expression={other_side(name): value for name, value in self.expression.items()},
            pose={other_side(name): turn for name, turn in flip.items()},
            gaze_deg=(-self.gaze_deg[0], self.gaze_deg[1]),
        )

    def text(self) -> str:
        """The design as JSON, without what is as usual."""
        return self.model_dump_json(indent=1, exclude_defaults=True)


def other_side(name: str) -> str:
    """The name of the same thing on the other side of the body; its own if it has no side."""
    if name.endswith((".L", ".R")):
        return name[:-1] + ("R" if name.endswith("L") else "L")
    for one, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(one):
            return name.removesuffix(one) + other
    for one, other in (("l-", "r-"), ("r-", "l-"), ("left-", "right-"), ("right-", "left-")):
        if name.startswith(one):
            return other + name.removeprefix(one)
        if f"/{one}" in name:
            return name.replace(f"/{one}", f"/{other}", 1)
    return name


def _other_mark(point: int) -> int:
    """The same point on the other half of the face."""
    return int(twin(f"mesh_{point}").removeprefix("mesh_"))


def read(text: str | bytes, name: str = "The design") -> Design:
    """A design from JSON. Raises StudioError saying what is wrong with it."""
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise StudioError(
            f"{name} is not a person's design: {error}.",
            "Choose a file that “Save design” or “doppel person --save” wrote.",
        ) from error
    if not isinstance(raw, dict):
        raise StudioError(f"{name} is not a person's design.", "It must hold one JSON object.")
    return _checked(raw, name)


def read_file(path: Path) -> Design:
    """A design from a file. Raises StudioError if it cannot be read or understood."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise StudioError(
            f"“{path.name}” cannot be read: {error.strerror or error}.", "Choose another file."
        ) from error
    return read(text, f"“{path.name}”")


def _checked(raw: Mapping[str, Any], name: str) -> Design:
    try:
        return Design.model_validate(dict(raw))
    except ValidationError as error:
        first = error.errors()[0]
        place = " ".join(str(part) for part in first["loc"])
        told = str(first["msg"]).removeprefix("Value error, ")
        raise StudioError(
            f"{name} cannot be used: {place}: {told[:1].lower()}{told[1:]}.",
            f"A design has: {', '.join(Design.model_fields)}.",
        ) from error
