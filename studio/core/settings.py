"""What the user prefers, kept between sessions. A broken settings file never blocks the start."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Literal

from platformdirs import user_config_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError

_log = logging.getLogger(__name__)

Theme = Literal["dark", "light"]
Device = Literal["auto", "cpu", "cuda"]


class Settings(BaseModel):
    """The user's preferences. Frozen: :meth:`SettingsFile.change` makes the next value."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    theme: Theme = "dark"
    device: Device = "auto"
    font_scale: float = Field(
        default=1.0, ge=0.8, le=2.0, description="Text size, times the normal"
    )
    threads: int = Field(default=0, ge=0, description="CPU threads for engines; 0 chooses")
    autosave_s: float = Field(default=20.0, ge=1, description="Seconds between autosaves")
    recent: tuple[str, ...] = ()
    shortcuts: dict[str, str] = Field(default_factory=dict)
    presets: dict[str, dict[str, dict[str, object]]] = Field(default_factory=dict)
    tour_done: bool = False
    cameras: tuple[dict[str, object], ...] = ()
    cameras_agreed: bool = False
    expression_keys: tuple[str, ...] = Field(
        default=(), description="What the keys 1 to 6 hold while somebody performs"
    )
    catalogues: tuple[str, ...] = Field(
        default=(), description="Folders and addresses of things to try on, besides Doppel's own"
    )
    worn: tuple[str, ...] = Field(default=(), description="What was last tried on")


class SettingsFile:
    """The settings on disk: read once, written whole (temp + replace) at each change."""

    def __init__(self, path: Path | None = None) -> None:
        folder = os.environ.get("DOPPEL_CONFIG_DIR")
        default = Path(folder) if folder else user_config_path("doppel", appauthor=False)
        self.path = path or default / "settings.json"
        self.value = self._read()

    def _read(self) -> Settings:
        try:
            return Settings.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return Settings()
        except (OSError, ValidationError) as error:
            _log.warning("settings ignored, defaults used: %s", error)
            return Settings()

    def change(self, **fields: object) -> Settings:
        """Replace some fields, validate, write, and return the new value."""
        self.value = Settings.model_validate({**self.value.model_dump(), **fields})
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            temp = self.path.with_suffix(".tmp")
            temp.write_text(self.value.model_dump_json(indent=2), "utf-8")
            temp.replace(self.path)
        except OSError as error:
            _log.warning("settings not saved: %s", error)
        return self.value
