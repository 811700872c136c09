"""One figure, drawn many times a second: bones and light are the graphics card's, or as little work
as can be where there is none.

Beside :mod:`studio.render.raster` it knows no shadows, maps of relief or truth. What is hidden from
the light around is measured once, at rest, and kept by vertex; light from around is nine spherical
harmonics. Colours with alpha are multiplied in until the picture is read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import cv2
import moderngl
import numpy as np
from jaxtyping import Float, Float32, UInt8

from studio.core.closing import Closing
from studio.core.types import Camera, Character, Part, Posed
from studio.render.context import standalone
from studio.render.environment import MATT
from studio.render.openness import openness
from studio.render.programs import HARMONIC_BASIS, Programs, linear, set_uniforms
from studio.render.scene import clip_from_world, vertex_normals
from studio.render.upload import laid_out

LARGEST_PX = 1024
"""Textures are sent no larger: a figure fills a part of the picture."""
SAMPLES = 4
SIZES_KEPT = 4
"""Of how many sizes pictures are kept ready to be drawn."""
OPEN_EDGES = 0.06
SLACK = 1.25
"""How much larger than at rest a bone's cluster may become."""
_STILL = 1e-4
_LINE = (0.28209479, 0.48860251)


@dataclass(frozen=True, eq=False)
class Shine:
    """The light of a moment: what comes from around, as harmonics of radiance (9, 3), and a key
    light that comes from ``towards`` (a unit vector) with ``key`` radiance (linear RGB)."""

    ambient: Float[np.ndarray, "9 3"]
    towards: tuple[float, float, float] = (0.3, -0.7, 0.65)
    key: tuple[float, float, float] = (0.0, 0.0, 0.0)


def studio_light(strength: float = 1.0) -> Shine:
    """A calm light for when nothing is known: from the front left and above, a little cooler
    from the other side."""
    ambient = np.zeros((9, 3))
    ambient[0] = np.array([0.50, 0.51, 0.53]) * strength / _LINE[0]
    ambient[1] = -0.12 * strength / _LINE[1]
    ambient[2] = 0.14 * strength / _LINE[1]
    key = np.array([0.62, 0.60, 0.57]) * strength
    return Shine(ambient, (0.48, -0.72, 0.5), (float(key[0]), float(key[1]), float(key[2])))


class _Moving:
    """A part on the graphics side: what never changes, and room for what its shapes move."""

    def __init__(
        self, gl: moderngl.Context, programs: Programs, part: Part, names: Sequence[str],
        open_: np.ndarray,
    ) -> None:  # fmt: skip
        mesh, self.name = part.mesh, part.name
        corners = mesh.faces.ravel()
        flat = np.zeros((len(corners), 2)) if mesh.uv is None else mesh.uv.reshape(-1, 2)
        rows = np.column_stack([corners, flat]).astype("<f4")
        _, first, index = np.unique(
            np.ascontiguousarray(rows).view("V12").ravel(), return_index=True, return_inverse=True
        )
        source = corners[first]
        material = part.material
        rest = vertex_normals(mesh.vertices_m, mesh.faces)
        self._still = np.column_stack([mesh.vertices_m[source], rest[source]]).astype("<f4")
        tint = np.ones((len(source), 4), "<f4")
        if mesh.colours is not None:
            tint[:, :3] = linear(mesh.colours[source] / 255)
        tint[:, 3] = open_[source]
        self._own = np.array([k for k, name in enumerate(names) if name in part.morphs], int)
        self._shapes(part, [names[int(k)] for k in self._own], source, rest)
        wanted = {"TEXTURE": material.texture is not None, "CUT_OUT": False, "CLEAR": False}
        if material.texture is not None and material.texture.shape[-1] == 4:
            wanted["CUT_OUT"], wanted["CLEAR"] = material.base[3] >= 1, material.base[3] < 1
        self.clear = material.base[3] < 1
        self.blends = self.clear or wanted["CUT_OUT"]
        self.closed = not self.blends and closed(mesh.faces)
        self.program = programs.get("quick", frozenset(k for k, on in wanted.items() if on))
        self.uniforms = {
            "base": tuple(float(v) for v in material.base[:3]), "opacity": float(material.base[3]),
            "roughness": float(material.roughness),
        }  # fmt: skip
        self.texture = None if material.texture is None else _sent(gl, material.texture)
        self._count = len(source)
        self._moving = gl.buffer(self._still.tobytes())
        bound = np.column_stack([part.joints[source], part.weights[source]]).astype("<f4")
        self._poser = gl.vertex_array(
            programs.get("pose"),
            [(self._moving, "3f 3f", "position", "normal"),
             (gl.buffer(bound.tobytes()), "4f 4f", "joints", "weights")],
        )  # fmt: skip
        posed = gl.buffer(reserve=36 * self._count)
        self._posed = posed
        fixed = np.column_stack([flat[first], tint]).astype("<f4")
        content = [
            laid_out(self.program, posed, [("position", "3f"), ("normal", "3f"), ("lit", "3f")]),
            laid_out(self.program, gl.buffer(fixed.tobytes()), [("uv", "2f"), ("tint", "4f")]),
        ]
        self._clusters, order = clusters(part)
        faces = index.reshape(-1, 3)[order]
        self._array = gl.vertex_array(
            self.program,
            [entry for entry in content if entry is not None],
            gl.buffer(faces.astype("<i4").tobytes()),
        )
        self._shown = np.zeros(len(self._own))

    def _shapes(self, part: Part, names: list[str], source: np.ndarray, rest: np.ndarray) -> None:
        """How each shape moves places and normals of the vertices that any of them moves."""
        mesh = part.mesh
        touched = np.zeros(len(mesh.vertices_m), bool)
        offsets: list[np.ndarray] = []
        for name in names:
            offset = part.morphs[name]
            normal = vertex_normals(mesh.vertices_m + offset, mesh.faces) - rest
            offsets.append(np.column_stack([offset, normal]).astype("<f4"))
            touched |= np.abs(offsets[-1]).max(1) > 1e-6
        self._rows = np.flatnonzero(touched[source])
        moved = [each[source[self._rows]].ravel() for each in offsets]
        self._offsets = np.stack(moved) if moved else np.zeros((0, 0), "<f4")

    def shape(self, weights: np.ndarray) -> None:
        """Send the places of a moment, if they are others than before."""
        own = np.asarray(weights, np.float32)[self._own]
        if not len(self._rows) or np.abs(own - self._shown).max(initial=0) < _STILL:
            return
        self._shown = own
        on = np.flatnonzero(np.abs(own) > _STILL)
        block = self._still.copy()
        block[self._rows] += (own[on] @ self._offsets[on]).reshape(-1, 6)
        self._moving.write(block)

    def carry(self) -> None:
        """Let the bones carry every vertex."""
        self._poser.transform(self._posed, moderngl.POINTS, self._count)

    def render(self, carry: np.ndarray, clip: np.ndarray) -> None:
        """Draw what can be in the picture."""
        if self.texture is not None:
            self.texture.use(0)
        set_uniforms(self.program, picture=0, **self.uniforms)
        for first, count in visible(self._clusters, carry, clip):
            self._array.render(vertices=3 * count, first=3 * first)


def closed(faces: np.ndarray) -> bool:
    """Whether a mesh has few open edges, as bodies and hemmed clothes have: its inside is not
    drawn."""
    edges = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1).astype(np.int64)
    _, count = np.unique(edges[:, 0] * (faces.max(initial=0) + 1) + edges[:, 1], return_counts=True)
    return bool((count == 1).mean() < OPEN_EDGES) if len(count) else False


@dataclass(frozen=True, eq=False)
class Clusters:
    """Faces that go with one bone, drawn together: where each cluster begins, the bones, and the
    spheres at rest around them (metres)."""

    first: np.ndarray
    bones: np.ndarray
    centres_m: np.ndarray
    radii_m: np.ndarray


def clusters(part: Part) -> tuple[Clusters, np.ndarray]:
    """A part's clusters, and the order of its faces in which they are told."""
    faces = part.mesh.faces
    strongest = part.joints[np.arange(len(part.joints)), part.weights.argmax(1)]
    bone = strongest[faces[:, 0]]
    order = np.argsort(bone, kind="stable")
    own, first = np.unique(bone[order], return_index=True)
    first = np.append(first, len(faces))
    reach = max((float(np.abs(m).max(initial=0)) for m in part.morphs.values()), default=0.0)
    centres = np.zeros((len(own), 3))
    radii = np.zeros(len(own))
    for k in range(len(own)):
        places = part.mesh.vertices_m[faces[order[first[k] : first[k + 1]]].ravel()]
        centres[k] = (places.min(0) + places.max(0)) / 2
        radii[k] = np.linalg.norm(places - centres[k], axis=1).max() * SLACK + reach
    return Clusters(first, own, centres, radii), order


def visible(told: Clusters, carry: np.ndarray, clip: np.ndarray) -> list[tuple[int, int]]:
    """The runs of faces (first, count) whose clusters can be in the picture."""
    moved = carry[told.bones] if len(carry) else np.tile(np.eye(4), (len(told.bones), 1, 1))
    centres = np.einsum("kij,kj->ki", moved[:, :3, :3], told.centres_m) + moved[:, :3, 3]
    at = np.column_stack([centres, np.ones(len(centres))]) @ clip.T
    inside = np.ones(len(at), bool)
    for axis in (0, 1):
        for sign in (1, -1):
            plane = clip[3] + sign * clip[axis]
            away = at[:, 3] + sign * at[:, axis]
            inside &= away > -told.radii_m * np.linalg.norm(plane[:3])
    runs: list[tuple[int, int]] = []
    for k in np.flatnonzero(inside):
        first, end = int(told.first[k]), int(told.first[k + 1])
        if runs and sum(runs[-1]) == first:
            runs[-1] = (runs[-1][0], end - runs[-1][0])
        else:
            runs.append((first, end - first))
    return runs


class QuickRenderer(Closing):
    """Draws one figure at a time, for one thread. Raises StudioError where OpenGL is missing."""

    def __init__(self, size_px: tuple[int, int], samples: int = SAMPLES) -> None:
        self.size_px = size_px
        self._gl = standalone("The avatar cannot be drawn")
        gl = self._gl
        self._programs = Programs(gl)
        self._samples = min(samples, gl.max_samples)
        self._targets: dict[tuple[int, int], tuple[moderngl.Framebuffer, moderngl.Framebuffer]] = {}
        self._figures: dict[int, tuple[Character, list[_Moving], moderngl.Texture]] = {}

    def close(self) -> None:
        """Free everything on the GL side, on the thread that made it."""
        self._gl.release()

    def load(self, character: Character, last: Collection[str] = ()) -> None:
        """Make a figure ready; it happens by itself when it is first drawn. Parts called as in
        ``last`` are drawn after all others: they are not seen through what is clear before them.
        """
        key = id(character)
        if key in self._figures:
            return
        with self._gl:
            opened = openness(self._gl, self._programs, character.parts)
            parts = [
                _Moving(self._gl, self._programs, part, character.morph_names, open_)
                for part, open_ in zip(character.parts, opened, strict=True)
                if len(part.mesh.faces)
            ]
            bones = self._gl.texture((3 * max(len(character.armature.names), 1), 1), 4, dtype="f4")
            bones.filter = (moderngl.NEAREST, moderngl.NEAREST)
        parts.sort(key=lambda p: (p.name in last, p.blends, p.clear))
        self._figures[key] = (character, parts, bones)

    def forget(self, keep: Sequence[Character]) -> None:
        """Let go of the figures that are not among these."""
        wanted = {id(character) for character in keep}
        self._figures = {k: v for k, v in self._figures.items() if k in wanted}

    def resize(self, size_px: tuple[int, int]) -> None:
        """Draw pictures of another size from now on; figures stay loaded."""
        self.size_px = size_px

    def draw(
        self, posed: Posed, camera: Camera, shine: Shine, near_m: float = 0.05, far_m: float = 30.0
    ) -> UInt8[np.ndarray, "height width 4"]:
        """The figure as a pinhole camera of the renderer's size sees it: sRGB with alpha, which is
        multiplied in. Nothing stands behind it."""
        self.load(posed.character)
        with self._gl:
            return self._rgba(self._drawn(posed, camera, shine, near_m, far_m))

    def draw_deep(
        self, posed: Posed, camera: Camera, shine: Shine, near_m: float = 0.05, far_m: float = 30.0
    ) -> tuple[UInt8[np.ndarray, "height width 4"], Float32[np.ndarray, "height width"]]:
        """The figure as :meth:`draw` draws it, and how far ahead of the camera (metres along its
        axis) the nearest surface is in the middle of each pixel; infinite where there is none."""
        self.load(posed.character)
        with self._gl:
            read = self._drawn(posed, camera, shine, near_m, far_m)
            rgba = self._rgba(read)
            width, height = self.size_px
            content = read.read(components=1, attachment=-1, dtype="f4", alignment=1)
        depth = np.frombuffer(content, np.float32).reshape(height, width)
        return rgba, metres(depth, near_m, far_m)

    def _rgba(self, read: moderngl.Framebuffer) -> np.ndarray:
        width, height = self.size_px
        content = read.read(components=4, alignment=1)
        return np.frombuffer(content, np.uint8).reshape(height, width, 4)

    def _target(self) -> tuple[moderngl.Framebuffer, moderngl.Framebuffer]:
        """Where pictures of this size are drawn, and where they are read."""
        size = self.size_px
        if size not in self._targets:
            if len(self._targets) >= SIZES_KEPT:
                for each in self._targets.pop(next(iter(self._targets))):
                    each.release()
            gl, samples = self._gl, self._samples
            drawn = gl.framebuffer(
                [gl.renderbuffer(size, 4, samples=samples)],
                gl.depth_renderbuffer(size, samples=samples),
            )
            read = gl.framebuffer([gl.renderbuffer(size, 4)], gl.depth_renderbuffer(size))
            self._targets[size] = drawn, read
        return self._targets[size]

    def _drawn(
        self, posed: Posed, camera: Camera, shine: Shine, near_m: float, far_m: float
    ) -> moderngl.Framebuffer:
        """Draw a figure that was loaded, and say where it can be read."""
        _, parts, bones = self._figures[id(posed.character)]
        armature = posed.character.armature
        carry = posed.bones_world @ np.linalg.inv(armature.rest_world)
        clip = clip_from_world(
            camera.matrix, camera.rotation, camera.translation_m, self.size_px, near_m, far_m
        )
        uniforms = {
            "clip_from_world": clip, "eye": camera.centre_m,
            "harmonic": HARMONIC_BASIS[:, None] * MATT[:, None] * shine.ambient,
            "key_towards": np.array(shine.towards) / np.linalg.norm(shine.towards),
            "key_radiance": shine.key,
        }  # fmt: skip
        drawn, read = self._target()
        if len(carry):
            bones.write(np.ascontiguousarray(carry[:, :3], "<f4").tobytes())
        bones.use(1)
        drawn.use()
        set_uniforms(self._programs.get("pose"), bones=1, **uniforms)
        for part in parts:
            part.shape(posed.morphs)
            part.carry()
        drawn.use()
        drawn.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
        self._gl.enable_only(moderngl.DEPTH_TEST)
        self._gl.front_face = "cw"  # rows run downwards, which mirrors the winding
        self._gl.blend_func = moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA
        for part in parts:
            (self._gl.enable if part.closed else self._gl.disable)(moderngl.CULL_FACE)
            (self._gl.enable if part.blends else self._gl.disable)(moderngl.BLEND)
            set_uniforms(part.program, **uniforms)
            part.render(carry, clip)
        self._gl.copy_framebuffer(read, drawn)
        return read


def metres(
    depth: Float32[np.ndarray, "height width"], near_m: float, far_m: float
) -> Float32[np.ndarray, "height width"]:
    """How far ahead what a depth buffer (0 to 1) holds is; infinite where nothing is."""
    away = near_m * far_m / (far_m - depth * (far_m - near_m))
    return np.where(depth >= 1, np.float32(np.inf), away).astype(np.float32)


def _sent(gl: moderngl.Context, picture: np.ndarray) -> moderngl.Texture:
    """A picture as a texture, no larger than is of use."""
    picture = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, 2)
    if picture.shape[2] == 1:
        picture = np.repeat(picture, 3, 2)
    shrink = LARGEST_PX / max(picture.shape[:2])
    if shrink < 1:
        picture = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    flipped = np.ascontiguousarray(picture[::-1])
    size = flipped.shape[1], flipped.shape[0]
    texture = gl.texture(size, flipped.shape[2], flipped.tobytes(), alignment=1)
    texture.build_mipmaps()
    texture.filter = (moderngl.LINEAR_MIPMAP_NEAREST, moderngl.LINEAR)
    return texture
