"""Models of things to try on, read from GLB, glTF and OBJ: limits, and what is missing in words."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from studio.core import frames
from studio.core.errors import StudioError
from studio.core.files import check_file
from studio.core.types import Armature, Character, Material, Mesh, Part
from studio.media.formats.gltf.read import read_gltf

SUFFIXES = (".glb", ".gltf", ".obj")
LARGEST_BYTES = 150_000_000
MOST_FACES, MANY_FACES = 2_000_000, 150_000
_SMALLER = "Make it smaller in Blender (Decimate, smaller textures) and export it as GLB."


def read_model(path: Path) -> tuple[Character, tuple[str, ...]]:
    """A model as it is stored, its axes as glTF has them (Y up) turned to Z up, and notes.

    Raises StudioError if it is of another format, too large, damaged or empty.
    """
    check_file(path, "the model")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise StudioError(
            f"“{path.name}” is no model that Doppel reads.",
            "Choose a .glb, .gltf or .obj; Blender exports all of them.",
        )
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise StudioError(
            f"“{path.name}” has {size / 1e6:.0f} MB; at most {LARGEST_BYTES / 1e6:.0f} MB are "
            "read.", _SMALLER,
        )  # fmt: skip
    lost = _lost_materials(path) if suffix == ".obj" else ()
    character = _read_obj(path, lost) if suffix == ".obj" else read_gltf(path).character
    faces = sum(len(part.mesh.faces) for part in character.parts)
    if not faces:
        raise StudioError(f"“{path.name}” shows nothing: it has no faces.", "Export it again.")
    if faces > MOST_FACES:
        raise StudioError(
            f"“{path.name}” has {faces / 1e6:.1f} million triangles; at most "
            f"{MOST_FACES / 1e6:.0f} million are worn.", _SMALLER,
        )  # fmt: skip
    notes = [f"Its colours are missing: “{name}” is not beside it." for name in lost]
    if faces > MANY_FACES:
        notes.append(f"It has {faces:,} triangles and may be slow to wear.")
    materials = [part.material for part in character.parts]
    if not any(m.texture is not None for m in materials):
        same = len({tuple(m.base) for m in materials}) == 1
        white = same and min(materials[0].base[:3]) > 0.99
        if white:
            notes.append("It has neither textures nor colours: it is shown in plain grey.")
            character = _grey(character)
        elif same:
            notes.append("It has no textures: it is of one colour.")
    return character, tuple(notes)


def points_of(character: Character) -> np.ndarray:
    """All vertices that faces use (points, 3)."""
    return np.concatenate(
        [part.mesh.vertices_m[np.unique(part.mesh.faces)] for part in character.parts]
    )


def sampled(character: Character, count: int = 20_000) -> np.ndarray:
    """Points evenly over a model's faces (count, 3); the same each time."""
    corners = np.concatenate([part.mesh.vertices_m[part.mesh.faces] for part in character.parts])
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    rng = np.random.default_rng(0)
    total = area.sum()
    face = rng.choice(len(area), count, p=area / total if total > 0 else None)
    u, v = np.sqrt(rng.random(count))[:, None], rng.random(count)[:, None]
    return (1 - u) * a[face] + u * (1 - v) * b[face] + u * v * c[face]


def _grey(character: Character) -> Character:
    stuff = Material("plain", (0.62, 0.62, 0.63, 1.0), 0.0, 0.5)
    parts = tuple(
        Part(part.name, part.mesh, stuff, part.joints, part.weights) for part in character.parts
    )
    return Character(character.name, character.armature, parts)


def _lost_materials(path: Path) -> tuple[str, ...]:
    """The files of materials that an OBJ names and that do not lie beside it."""
    with path.open("rb") as file:
        named = [line.split(None, 1)[1] for line in file if line.startswith(b"mtllib ")]
    names = [name.decode("utf-8", "replace").strip() for name in named]
    return tuple(name for name in names if not (path.parent / name).is_file())


def _read_obj(path: Path, lost: tuple[str, ...]) -> Character:
    import trimesh

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            scene: Any = trimesh.load(
                path, force="scene", process=False, maintain_order=True, skip_materials=bool(lost)
            )
        meshes: list[Any] = list(scene.dump())
    except Exception as error:  # whatever a damaged file makes the library raise
        raise StudioError(
            f"“{path.name}” cannot be read ({error}).", "Export it again, or as GLB."
        ) from error
    parts: list[Part] = []
    for number, mesh in enumerate(meshes):
        if not len(getattr(mesh, "faces", ())):
            continue
        vertices = np.asarray(mesh.vertices, np.float64)
        faces = np.asarray(mesh.faces, np.int64)
        if not np.isfinite(vertices).all():
            raise StudioError(f"“{path.name}” has places that are no numbers.", "Export it again.")
        material, uv = _obj_look(mesh, f"part {number + 1}")
        welded, index = np.unique(vertices, axis=0, return_inverse=True)
        corners = None if uv is None else uv[faces]
        mesh_ = Mesh(frames.points_to_world(welded, "y"), index.ravel()[faces], corners)
        parts.append(Part(material.name, mesh_, material, *_bound(len(welded))))
    return Character(path.stem, one_bone("root"), tuple(parts))


def _bound(count: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((count, 4), np.int64), np.tile((1.0, 0.0, 0.0, 0.0), (count, 1))


def one_bone(name: str) -> Armature:
    """A skeleton of one bone at the origin."""
    return Armature((name,), np.array([-1]), np.eye(4)[None], np.array([[0.0, 0.0, 0.02]]))


def _obj_look(mesh: Any, name: str) -> tuple[Material, np.ndarray | None]:
    visual = mesh.visual
    told = getattr(visual, "material", None)
    uv = getattr(visual, "uv", None)
    uv = None if uv is None or len(uv) != len(mesh.vertices) else np.asarray(uv, np.float64)
    if told is None:
        return Material(name), uv
    picture = getattr(told, "image", None)
    texture = None
    if picture is not None and uv is not None:
        mode = "RGBA" if picture.mode in ("RGBA", "LA", "P") else "RGB"
        texture = np.asarray(picture.convert(mode))
        if texture.shape[2] == 4 and bool((texture[..., 3] == 255).all()):
            texture = np.ascontiguousarray(texture[..., :3])
    colour = np.asarray(getattr(told, "diffuse", (255, 255, 255, 255)), float) / 255
    r, g, b, a = (float(v) for v in (*colour[:3], colour[3] if len(colour) > 3 else 1.0))
    base = (1.0, 1.0, 1.0, a) if texture is not None else (r, g, b, a)
    return Material(str(getattr(told, "name", "") or name), base, 0.0, 0.5, texture), uv
