"""What is known of a person besides the photographs, and how the avatar shall be."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from studio.document.pins import PhotoPin, PhotoPlace


class Params(BaseModel):
    """What is known of the person besides the photographs, and how the avatar shall be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    photos: tuple[Path, ...] = Field(
        default=(), description="Photographs of one whole person, standing, or films; one is enough"
    )
    at_s: float | None = Field(
        default=None, ge=0, title="Moment",
        description="Of films: the picture at so many seconds; the best one if not given",
    )  # fmt: skip
    name: str = Field(default="", description="What the person is called; the first photo's name")
    height_m: float | None = Field(
        default=None, ge=0.5, le=2.5, title="Height",
        description="The person's height in metres; usual for the build if not given",
    )  # fmt: skip
    gender: Literal["as the face", "woman", "man"] = Field(
        default="as the face", title="Build",
        description="A woman's build or a man's; otherwise as the face's proportions tell",
    )  # fmt: skip
    back: Literal["paint", "plain", "mirror"] = Field(
        default="paint",
        description="What no photograph shows: even cloth with folds, plain cloth, or the front "
        "mirrored",
    )
    seed: int = Field(default=0, ge=0, description="Another number gives other folds and hair")
    pose: Literal["T", "A"] = Field(default="T", description="The avatar's rest pose")
    triangles: int = Field(
        default=41_000,
        ge=20_000,
        le=400_000,
        description="About how many triangles the avatar has, without hair",
    )
    texture_px: int = Field(
        default=2048, ge=512, le=4096, title="Texture", description="Side of the texture (px)"
    )
    networks: Literal["sequence", "parallel"] = Field(
        default="sequence",
        description="Networks for body and head are asked one after the other, or at the same time",
    )
    head: Path | None = Field(
        default=None,
        description="What “doppel head” wrote (.glb or .json): that head is the person's",
    )
    head_item: str = Field(
        default="", title="Head",
        description="A head of the project by “Head from photographs”, in this one's place",
    )  # fmt: skip
    hat: str = Field(default="", description="A hat of the wardrobe that the avatar wears")
    glasses: str = Field(default="", description="Glasses of the wardrobe that the avatar wears")
    pins: tuple[PhotoPin, ...] = Field(
        default=(), description="Points of the body put where the photographs show them"
    )
    who: tuple[PhotoPlace, ...] = Field(
        default=(), title="Person",
        description="Of photographs of several people: a place on the one who is meant; the "
        "largest if not given",
    )  # fmt: skip
    film: Path | None = Field(
        default=None, description="The film that photographs are pictures of, if they are"
    )
    motion: Path | None = Field(
        default=None,
        description="A motion that the avatar shall do: .bvh, .trc, .c3d or .csv, or a film, in "
        "each of whose pictures it does what is seen there",
    )

    def at_px(self, photo: Path) -> tuple[float, float] | None:
        """A place on the person who is meant in a photograph, if somebody told one."""
        return next(((one.x_px, one.y_px) for one in self.who if one.photo == photo), None)
