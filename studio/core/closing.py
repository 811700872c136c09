"""What is closed after use: renderers, factories, detectors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TypeVar

Own = TypeVar("Own", bound="Closing")


class Closing(ABC):
    """A context manager that is closed at the end of its ``with``."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held."""

    def __enter__(self: Own) -> Own:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
