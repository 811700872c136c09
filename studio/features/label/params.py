"""The settings of labelling."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_documents_path
from pydantic import BaseModel, ConfigDict, Field

from studio.training.labels import MapKind


class Params(BaseModel):
    """Where labelled pictures are kept, and which frames of a video are taken."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path | None = Field(
        default=None, description="Folder of the labelled pictures; empty is “Doppel labels”"
    )
    kind: MapKind = Field(
        default="parts",
        description="What is painted: parts of people, a person mask, or what hides a worn item",
    )
    item: str = Field(
        default="",
        description="What whoever is seen wears, where no NAME.item.png lies beside a picture: an "
        "id of the catalogue, or a model",
    )  # fmt: skip
    frames: int = Field(
        default=12, ge=1, le=1000, description="How many frames are taken from each video"
    )
    longest_px: int = Field(
        default=1280, ge=128, le=8192, description="Larger pictures are made this long, in pixels"
    )
    origin: str = Field(
        default="", description="Whose pictures these are, and who agreed to their use"
    )

    @property
    def place(self) -> Path:
        """The folder of labels."""
        return self.folder or user_documents_path() / "Doppel labels"
