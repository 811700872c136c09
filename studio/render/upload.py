"""What the GL side keeps of meshes and pictures, so that a moving body costs only its vertices.

Faces, texture coordinates, colours and pictures are known again by identity: keep the same array
in the next frame's drawable and it isn't sent again.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import moderngl
import numpy as np
from scipy.sparse import csr_matrix

from studio.render.programs import linear
from studio.render.scene import Drawable

KEPT_TOPOLOGIES = 96
KEPT_PICTURES = 96
"""How many that the scene no longer shows are kept."""

_LINEAR = linear(np.arange(256) / 255).astype("f4")
_SRGB, _SRGB_ALPHA = 0x8C41, 0x8C43


class Topology:
    """The faces of a mesh with its texture coordinates, and slots for vertices that move."""

    def __init__(self, gl: moderngl.Context, faces: np.ndarray, uv: np.ndarray | None) -> None:
        self.faces, self.uv = faces, uv
        corners = faces.ravel()
        if uv is None:
            self.source, index = np.unique(corners, return_inverse=True)
            flat = np.zeros((len(self.source), 2), "f4")
        else:
            rows = np.empty((len(corners), 3), "i4")
            rows[:, 0] = corners
            rows[:, 1:] = np.ascontiguousarray(uv.reshape(-1, 2), "f4").view("i4")
            _, first, index = np.unique(
                rows.view("V12").ravel(), return_index=True, return_inverse=True
            )
            self.source, flat = corners[first], uv.reshape(-1, 2)[first]
        self.index = gl.buffer(index.astype("i4").tobytes())
        self.flat = gl.buffer(np.ascontiguousarray(flat, "f4").tobytes())
        self.free: list[Slot] = []
        count = len(corners)
        self._around = csr_matrix(
            (np.ones(count, "f4"), (corners, np.repeat(np.arange(len(faces)), 3))),
            shape=(int(corners.max(initial=-1)) + 1, len(faces)),
        )
        self._corners = np.ascontiguousarray(faces.T)

    def normals(self, vertices: np.ndarray) -> np.ndarray:
        """Unit normals of the vertices that the faces use, as ``vertex_normals`` gives them."""
        a, b, c = (vertices[corner] for corner in self._corners)
        (ux, uy, uz), (vx, vy, vz) = (b - a).T, (c - a).T
        area = np.stack([uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx], axis=-1)
        total = self._around @ area
        length = np.sqrt(np.einsum("vi,vi->v", total, total))
        return total / np.maximum(length, np.float32(1e-20))[:, None]

    def release(self) -> None:
        for slot in self.free:
            slot.release()
        self.index.release()
        self.flat.release()


class Slot:
    """Room on the GL side for one drawable's vertices. ``box_m`` bounds them (low, high)."""

    def __init__(self, gl: moderngl.Context, topology: Topology) -> None:
        self.topology = topology
        self._gl = gl
        count = len(topology.source)
        self._moving = gl.buffer(reserve=max(24 * count, 24))
        self._fixed = gl.buffer(reserve=max(24 * count, 24))
        self.dome = gl.buffer(reserve=max(12 * count, 12))
        self._block = np.empty((count, 6), "f4")
        self.box_m = np.zeros((2, 3), "f4")
        self._written: tuple[Any, Any] | None = None
        self._own_coat = False
        self._arrays: dict[tuple[int, bool], moderngl.VertexArray] = {}

    def fill(self, drawable: Drawable) -> None:
        """Send what has changed of a drawable."""
        mesh, source = drawable.mesh, self.topology.source
        vertices = np.asarray(mesh.vertices_m, "f4")
        normals = drawable.normals
        if normals is None:
            normals = self.topology.normals(vertices)
        self._block[:, :3] = vertices[source]
        self._block[:, 3:] = normals[source]
        self._moving.write(self._block)
        if len(source):
            self.box_m = np.stack([self._block[:, :3].min(axis=0), self._block[:, :3].max(axis=0)])
        coat, colours = drawable.coat_m, mesh.colours
        if self._written is None or self._written[0] is not coat or self._written[1] is not colours:
            fixed = np.ones((len(source), 6), "f4")
            if coat is not None:
                fixed[:, :3] = coat[source]
            if colours is not None:
                fixed[:, 3:] = _LINEAR[colours[source]]
            self._fixed.write(fixed)
            self._written = coat, colours
            self._own_coat = coat is not None

    def draw(self, program: moderngl.Program) -> None:
        self._array(program).render()

    def light(self, program: moderngl.Program) -> None:
        """Keep what the program says the dome gives to each vertex."""
        array = self._array(program, indexed=False)
        array.transform(self.dome, moderngl.POINTS, len(self.topology.source))

    def release(self) -> None:
        for array in self._arrays.values():
            array.release()
        for buffer in (self._moving, self._fixed, self.dome):
            buffer.release()

    def _array(self, program: moderngl.Program, indexed: bool = True) -> moderngl.VertexArray:
        key = program.glo, self._own_coat
        if key not in self._arrays:
            moving = [("position", "3f"), ("normal", "3f")]
            fixed = [("coat", "3f" if self._own_coat else "12x"), ("colour", "3f")]
            content = [
                laid_out(program, self._moving, moving),
                laid_out(program, self._fixed, fixed),
                laid_out(program, self.topology.flat, [("uv", "2f")]),
                laid_out(program, self.dome, [("from_dome", "3f")]),
            ]
            if not self._own_coat and "coat" in program:  # grain sticks to the vertices themselves
                content.append((self._moving, "3f 12x", "coat"))
            self._arrays[key] = self._gl.vertex_array(
                program,
                [entry for entry in content if entry is not None],
                self.topology.index if indexed else None,
            )
        return self._arrays[key]


_BLANK = {"4f": "16x", "3f": "12x", "2f": "8x", "12x": "12x"}


def laid_out(
    program: moderngl.Program, buffer: moderngl.Buffer, fields: list[tuple[str, str]]
) -> tuple[Any, ...] | None:
    """One buffer's entry in a vertex array, or None if the program reads nothing of it."""
    names = [name for name, form in fields if name in program and not form.endswith("x")]
    if not names:
        return None
    forms = [form if name in names else _BLANK[form] for name, form in fields]
    return (buffer, " ".join(forms), *names)


class Uploads:
    """The topologies, vertices and pictures of the scene that was drawn last, and of some before.

    ``slots`` are the scene's, in its order.
    """

    def __init__(self, gl: moderngl.Context) -> None:
        self._gl = gl
        on_cpu = any(name in gl.info["GL_RENDERER"] for name in ("llvmpipe", "softpipe"))
        self._anisotropy = 1.0 if on_cpu else 8.0  # costs a CPU a quarter of the whole picture
        self._shown: OrderedDict[int, tuple[Drawable, Slot]] = OrderedDict()
        self._topologies: OrderedDict[tuple[int, int], Topology] = OrderedDict()
        self._pictures: OrderedDict[tuple[int, bool], tuple[np.ndarray, moderngl.Texture]] = (
            OrderedDict()
        )

    def show(self, scene: tuple[Drawable, ...]) -> None:
        """Make every drawable of a scene ready; room of those that are gone is used again."""
        wanted = {id(drawable) for drawable in scene}
        for key in [key for key in self._shown if key not in wanted]:
            slot = self._shown.pop(key)[1]
            slot.topology.free.append(slot)
        for drawable in scene:
            if id(drawable) not in self._shown:
                topology = self._topology(drawable)
                slot = topology.free.pop() if topology.free else Slot(self._gl, topology)
                slot.fill(drawable)
                self._shown[id(drawable)] = drawable, slot
        self._forget()

    def __getitem__(self, drawable: Drawable) -> Slot:
        return self._shown[id(drawable)][1]

    def picture(self, image: np.ndarray, colour: bool = True) -> moderngl.Texture:
        """An image (row 0 at the top) as a texture; ``colour`` images hold sRGB values."""
        key = id(image), colour
        if key not in self._pictures:
            self._pictures[key] = image, self._send(image, colour)
        self._pictures.move_to_end(key)
        return self._pictures[key][1]

    def release(self) -> None:
        for _, slot in self._shown.values():
            slot.release()
        for topology in self._topologies.values():
            topology.release()
        for _, texture in self._pictures.values():
            texture.release()
        for kept in (self._shown, self._topologies, self._pictures):
            kept.clear()

    def _topology(self, drawable: Drawable) -> Topology:
        faces, uv = drawable.mesh.faces, drawable.mesh.uv
        key = id(faces), id(uv)
        if key not in self._topologies:
            self._topologies[key] = Topology(self._gl, faces, uv)
        self._topologies.move_to_end(key)
        return self._topologies[key]

    def _send(self, image: np.ndarray, colour: bool) -> moderngl.Texture:
        image = image if image.ndim == 3 else image[..., None]
        if image.shape[2] not in (3, 4):
            image = np.repeat(image[..., :1], 3, axis=2)
        flipped = np.ascontiguousarray(image[::-1])  # uv has its origin at the bottom left
        channels = image.shape[2]
        form: dict[str, Any] = {}
        if colour:
            form["internal_format"] = _SRGB if channels == 3 else _SRGB_ALPHA
        size = image.shape[1], image.shape[0]
        texture = self._gl.texture(size, channels, flipped.tobytes(), alignment=1, **form)
        texture.build_mipmaps()
        texture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
        texture.anisotropy = self._anisotropy
        return texture

    def _forget(self) -> None:
        idle = [key for key, kept in self._topologies.items() if self._is_idle(kept)]
        for key in idle[: max(len(idle) - KEPT_TOPOLOGIES, 0)]:
            self._topologies.pop(key).release()
        shown = {
            id(image) for drawable, _ in self._shown.values() for image in drawable.material.images
        }
        past = [key for key in self._pictures if key[0] not in shown]
        for key in past[: max(len(past) - KEPT_PICTURES, 0)]:
            self._pictures.pop(key)[1].release()

    def _is_idle(self, topology: Topology) -> bool:
        return all(slot.topology is not topology for _, slot in self._shown.values())
