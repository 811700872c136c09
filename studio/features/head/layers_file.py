"""What a neural surface has learned, in a file or in a project: to go on from another time."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.core.files import write_whole
from studio.document.folder import SUFFIX, ProjectFolder
from studio.features.head.step import layers_of

LAYERS = ".npz"


def check_layers(path: Path) -> None:
    """Raises StudioError if layers are kept in no such place."""
    if path.suffix.lower() not in (LAYERS, SUFFIX):
        raise StudioError(
            f"Layers are not kept in a {path.suffix or 'file without an ending'}.",
            f"Name a {LAYERS}, or a project ({SUFFIX}) to go on from.",
        )


def read_layers(path: Path) -> dict[str, np.ndarray] | None:
    """The layers in a file, None if there is none yet; or those of a project's newest head.

    Raises StudioError if it cannot be read, or the project has none.
    """
    if path.suffix.lower() == SUFFIX:
        folder = ProjectFolder(path)
        layers = layers_of(folder.open().project, folder.assets)
        if layers is None:
            raise StudioError(
                f"No head in “{path.name}” has learned a surface.",
                "Make one there with “Learn the surface”.",
            )
        return layers
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except Exception as error:
        raise StudioError(
            f"No layers can be read from “{path.name}”.", "Give a file that --layers wrote."
        ) from error


def write_layers(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Keep layers in a file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_whole(path, buffer.getvalue())
