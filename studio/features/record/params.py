"""What a recording is asked to be."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_videos_path
from pydantic import BaseModel, ConfigDict, Field


class Params(BaseModel):
    """Where a take goes, and how long it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: tuple[str, ...] = Field(
        default=(),
        description="Cameras of a run without a window: videos, picture folders, rtsp:// or "
        "http:// addresses, /dev/video0",
    )
    folder: Path | None = Field(
        default=None,
        title="Takes in",
        description="Folder that holds the takes; by default in your videos",
    )
    name: str = Field(
        default="", max_length=80, title="Take", description="Name of the take; empty numbers them"
    )
    loop: bool = Field(
        default=False,
        description="Files start again at their end; otherwise the take ends with the last of them",
    )
    seconds: float | None = Field(
        default=None,
        gt=0,
        le=86_400,
        title="Stop after",
        description="Length of the take in seconds",
    )

    @property
    def place(self) -> Path:
        """The folder that holds the takes."""
        return self.folder if self.folder is not None else user_videos_path() / "Doppel"
