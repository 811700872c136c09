"""Reading foreign checkpoints without running what is in them."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy._core import multiarray
from safetensors.numpy import save

from studio.core.errors import StudioError

_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy.core.multiarray", "_reconstruct"): multiarray._reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): multiarray._reconstruct,
}


class _NumpyOnly(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        try:
            return _ALLOWED[module_name, global_name]
        except KeyError:
            raise StudioError(
                f"This checkpoint asks for {module_name}.{global_name}: it is more than numbers.",
                "Do not use it; get a safetensors file instead.",
            ) from None


def load_numpy_pickle(data: bytes) -> Any:
    """Nested dictionaries of arrays from a pickle that may build nothing else.

    Raises StudioError if the pickle names any other type or is damaged.
    """
    try:
        return _NumpyOnly(io.BytesIO(data)).load()
    except StudioError:
        raise
    except Exception as error:
        raise StudioError(f"The checkpoint is damaged ({error}).", "Get it again.") from error


def numpy_pickle_to_safetensors(data: bytes) -> bytes:
    """The arrays of a pickled tree as safetensors; ``a/b/c`` names a leaf by its path."""
    leaves = dict(sorted(_leaves(load_numpy_pickle(data), ())))
    if not leaves:
        raise StudioError("The checkpoint holds no arrays.", "Get it again.")
    return save(leaves)


def _leaves(tree: Any, path: tuple[str, ...]) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(tree, Mapping):
        for name, branch in tree.items():
            yield from _leaves(branch, (*path, str(name)))
    elif isinstance(tree, np.ndarray) and tree.dtype.kind in "fiu":
        yield "/".join(path), np.ascontiguousarray(tree)
    else:
        raise StudioError(
            f"The checkpoint holds a {type(tree).__name__} at {'/'.join(path) or 'its root'}.",
            "Only arrays of numbers are read.",
        )
