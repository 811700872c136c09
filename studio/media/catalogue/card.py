"""What a catalogue says of a thing: its card, kept beside its model as ``item.toml``."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from scipy.spatial.transform import Rotation

from studio.core.errors import StudioError
from studio.core.files import read_text, write_whole
from studio.core.items import Fit, ItemKind

CARD = "item.toml"
WEARER: frozenset[ItemKind] = frozenset({"hat", "ears", "necklace", "shoes", "top", "logo"})
"""Kinds that are scaled to the wearer; the others are worn at their true size."""


class Placement(BaseModel):
    """How a model is brought to its anchor point: scaled, turned, then moved.

    From the model as it was read (Y up in the file becomes Z up) into the anchor point's frame.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scale: float = Field(default=1.0, gt=0, le=1e4, description="Metres in one unit of the model")
    turn: tuple[float, float, float, float] = Field(
        default=(0.0, 0.0, 0.0, 1.0), description="The turn, as a quaternion x, y, z, w"
    )
    offset_m: tuple[float, float, float] = Field(
        default=(0.0, 0.0, 0.0), description="Where the model's origin comes to lie, metres"
    )

    @classmethod
    def of(
        cls,
        scale: float,
        turn: Float[np.ndarray, "3 3"],
        offset_m: Float[np.ndarray, "3"] | tuple[float, float, float] = (0.0, 0.0, 0.0),
    ) -> Placement:
        """From a rotation matrix."""
        x, y, z, w = (round(float(v), 9) for v in Rotation.from_matrix(turn).as_quat())
        dx, dy, dz = (round(float(v), 7) for v in offset_m)
        return cls(scale=float(scale), turn=(x, y, z, w), offset_m=(dx, dy, dz))

    @property
    def matrix(self) -> Float[np.ndarray, "4 4"]:
        """The whole of it as one matrix."""
        whole = np.eye(4)
        whole[:3, :3] = self.scale * Rotation.from_quat(self.turn).as_matrix()
        whole[:3, 3] = self.offset_m
        return whole

    def moved(self, points: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, "points 3"]:
        """Points of the model where they are worn."""
        return points @ self.matrix[:3, :3].T + self.matrix[:3, 3]


class ItemCard(BaseModel):
    """A thing's card."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=120, description="What it is called")
    kind: ItemKind = Field(description="What kind of thing it is")
    model: str = Field(description="The model's file beside the card")
    fit: Fit = Field(default="true", description="Worn at its true size, or scaled to the wearer")
    pair: bool = Field(
        default=False, description="Whether the model holds both of what is worn left and right"
    )
    framed: bool = Field(
        default=False,
        description="Whether the model has bones named like its anchor points, in whose frames it "
        "was made",
    )
    placement: Placement = Field(default_factory=Placement, description="How it is worn")
    licence: str = Field(default="unknown", description="On which terms the model may be used")
    author: str = Field(default="", description="Who made it")
    source: str = Field(default="", description="Where it comes from")
    notes: tuple[str, ...] = Field(default=(), description="What is missing or was guessed")


def read_card(folder: Path) -> ItemCard:
    """The card in a thing's folder. Raises StudioError if there is none, or it is damaged."""
    text = read_text(folder / CARD, "the card of a thing to try on")
    try:
        return ItemCard.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise StudioError(
            f"The card of “{folder.name}” is damaged ({error}).", "Bring the model in again."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StudioError(
            f"The card of “{folder.name}” is wrong in “{where}”: {first['msg']}.",
            "Mend item.toml, or bring the model in again.",
        ) from error


def write_card(folder: Path, card: ItemCard) -> None:
    """Write a thing's card. Raises StudioError if the folder cannot be written."""
    told = card.model_dump(mode="json")
    placement = told.pop("placement")
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in told.items()]
    lines += ["", "[placement]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in placement.items()]
    write_whole(folder / CARD, ("\n".join(lines) + "\n").encode())
