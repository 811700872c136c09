"""Where networks run: on the processor or on a CUDA device."""

from __future__ import annotations

from typing import Literal

from studio.core.errors import StudioError
from studio.core.settings import Settings


def device(settings: Settings | None = None) -> Literal["cpu", "cuda"]:
    """The torch device to use: what the settings ask for, or CUDA if there is one.

    Raises StudioError if CUDA was chosen and there is none.
    """
    import torch

    chosen = (settings or Settings()).device
    if chosen == "cpu":
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    if chosen == "cuda":
        raise StudioError(
            "CUDA was chosen, but no CUDA device can be used.",
            "Choose “auto” or “cpu” in the preferences, or mend the driver.",
        )
    return "cpu"
