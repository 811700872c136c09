"""The settings of a pose dataset."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_documents_path
from pydantic import BaseModel, ConfigDict, Field


class Truth(BaseModel):
    """Who somebody is, and which points count as truth."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person: str = Field(
        default="", description="Who it is, under any name; empty is the name of the take",
        json_schema_extra={"empty": "As the take is called"},
    )  # fmt: skip
    held_out: bool = Field(
        default=False,
        title="Keep for tests",
        description="Keep for tests: networks never learn from this take",
    )
    min_cameras: int = Field(
        default=3,
        ge=2,
        le=64,
        title="Cameras that must agree",
        description="So many cameras must agree on a point to be truth",
    )
    agree_percent: float = Field(
        title="Agree within",
        default=4.0,
        gt=0,
        le=50,
        description="A camera agrees if its point is this near, in percent of the person's size",
    )
    min_confidence: float = Field(
        default=0.3,
        ge=0,
        le=1,
        title="Least confidence",
        description="Detections less sure than this are not seen (0 to 1)",
    )
    origin: str = Field(
        default="", description="Whose footage this is, and who agreed to its use",
        json_schema_extra={"empty": "Whose footage, who agreed"},
    )  # fmt: skip


class Params(Truth):
    """The same, and where the poses are kept."""

    folder: Path | None = Field(
        default=None, description="Folder of the dataset; empty is “Doppel poses”"
    )

    @property
    def place(self) -> Path:
        """The folder of the dataset."""
        return self.folder or user_documents_path() / "Doppel poses"
