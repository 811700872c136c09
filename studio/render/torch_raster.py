"""A z-buffer in torch alone: batches of meshes, on a CPU or a GPU, with gradients to the vertices.

Every triangle is expanded to the pixels of its bounding box; those inside race for their pixel by
a minimum over depth and face packed into one integer. So no extension has to be compiled, memory
is bounded by working through the boxes in portions, and the same input gives the same picture.

Needs torch and nothing else: it runs on a bare machine. Pixel centres are at integers, axes are
OpenCV's, lengths are metres.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

NEAR_M = 0.05
PORTION = 1 << 22
"""At most about so many pixels of boxes are worked on at once."""
_NONE = (1 << 63) - 1
_SLACK = 1e-5

Keep = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""Says of (image, face, barycentrics, place in the flat pictures) which of these pixels a surface
really covers."""


@dataclass(frozen=True, eq=False)
class Cameras:
    """A batch of pinhole cameras: x = matrix · (rotation · X + translation); (B, 3, 3), (B, 3)."""

    matrix: Tensor
    rotation: Tensor
    translation_m: Tensor

    @staticmethod
    def of(
        cameras: Sequence[Any],
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> Cameras:
        """From calibrated cameras, whose lens distortion is left out."""

        def stack(name: str) -> Tensor:
            rows = [torch.as_tensor(getattr(camera, name), dtype=dtype) for camera in cameras]
            return torch.stack(rows).to(device)

        return Cameras(stack("matrix"), stack("rotation"), stack("translation_m"))

    @property
    def centre_m(self) -> Tensor:
        """Where the cameras stand, (B, 3)."""
        return -(self.rotation.transpose(1, 2) @ self.translation_m[..., None])[..., 0]

    def scaled(self, scale: int) -> Cameras:
        """The same cameras with ``scale`` times the pixels, the first of each at its centre."""
        factor = self.matrix.new_tensor([[scale], [scale], [1]])
        return Cameras(factor * self.matrix, self.rotation, self.translation_m)

    def project(self, points_m: Tensor) -> Tensor:
        """Pixel coordinates and depth (B, V, 3) of points (B, V, 3) or (V, 3) in the world."""
        local = points_m @ self.rotation.transpose(1, 2) + self.translation_m[:, None]
        depth = local[..., 2:]
        safe = torch.where(depth.abs() < 1e-6, torch.full_like(depth, 1e-6), depth)
        at = (local / safe) @ self.matrix.transpose(1, 2)
        return torch.cat([at[..., :2], depth], dim=-1)


@dataclass(frozen=True, eq=False)
class Hits:
    """The pixels where something is seen, in one row each; ``shape`` is (B, height, width).

    ``where`` are their places in the flat pictures, ``image`` and ``face`` what is seen there,
    ``barycentric`` (P, 3) the shares of the face's corners on the surface and ``depth_m`` (P,) the
    distance along the optical axis; both carry gradients to the projected vertices.
    """

    shape: tuple[int, int, int]
    where: Tensor
    image: Tensor
    face: Tensor
    barycentric: Tensor
    depth_m: Tensor

    def fill(self, values: Tensor, empty: float) -> Tensor:
        """A picture (B, height, width, ...) of one value a row, ``empty`` where nothing is."""
        count = self.shape[0] * self.shape[1] * self.shape[2]
        blank = values.new_full((count, *values.shape[1:]), empty)
        return blank.index_copy(0, self.where, values).view(*self.shape, *values.shape[1:])

    def centres(self, scale: int) -> tuple[Hits, Tensor]:
        """The hits at the centres of pixels of ``scale`` x ``scale`` samples, and their rows."""
        batch, height, width = self.shape
        column, row = self.where % width, self.where // width % height
        own = ((column % scale == 0) & (row % scale == 0)).nonzero()[:, 0]
        small = (batch, height // scale, width // scale)
        where = (self.image[own] * small[1] + row[own] // scale) * small[2] + column[own] // scale
        hits = Hits(
            small, where, self.image[own], self.face[own], self.barycentric[own], self.depth_m[own]
        )
        return hits, own


def corners(faces: Tensor, image: Tensor, face: Tensor) -> Tensor:
    """The vertices (P, 3) of faces that are shared, (F, 3), or each image's own, (B, F, 3)."""
    return faces[face] if faces.dim() == 2 else faces[image, face]


def rasterise(
    screen: Tensor,
    faces: Tensor,
    size_px: tuple[int, int],
    closed: Tensor | None = None,
    cut_out: Tensor | None = None,
    keep: Keep | None = None,
) -> Hits:
    """What each pixel sees.

    ``screen`` (B, V, 3) is :meth:`Cameras.project`'s; ``faces`` (F, 3) or (B, F, 3), where faces
    that only fill up a batch have equal corners. Faces marked ``closed`` (F,) are seen from outside
    only (corners counter-clockwise); of those marked ``cut_out`` (F,) only what ``keep`` says.
    Faces that reach nearer than ``NEAR_M`` are left out whole.
    """
    width, height = size_px
    with torch.no_grad():
        nearest = _race(screen.detach(), faces, size_px, closed, cut_out, keep)
        where = (nearest != _NONE).nonzero()[:, 0]
        face = nearest[where] & 0xFFFFFFFF
        image = where // (width * height)
    barycentric, depth = locate(screen, faces, image, face, where % (width * height), width)
    return Hits((len(screen), height, width), where, image, face, barycentric, depth)


def locate(
    screen: Tensor, faces: Tensor, image: Tensor, face: Tensor, pixel: Tensor, width: int
) -> tuple[Tensor, Tensor]:
    """Barycentrics (P, 3) and depth (P,) of pixels on faces, with gradients."""
    at = screen[image[:, None], corners(faces, image, face)]
    p = torch.stack([pixel % width, pixel // width], dim=-1).to(screen.dtype)
    flat = at[..., :2] - p[:, None]
    one, two, three = flat.unbind(1)
    area = torch.stack([_cross(two, three), _cross(three, one), _cross(one, two)], dim=-1)
    share = area / area.sum(dim=-1, keepdim=True)
    inverse = share / at[..., 2]
    total = inverse.sum(dim=-1, keepdim=True)
    return inverse / total, 1 / total[:, 0]


def interpolate(values: Tensor, faces: Tensor, hits: Hits) -> Tensor:
    """Values (B, V, C) or (V, C) of the vertices at the hits, (P, C)."""
    index = corners(faces, hits.image, hits.face)
    own = values[index] if values.dim() == 2 else values[hits.image[:, None], index]
    return (own * hits.barycentric[..., None]).sum(dim=1)


def vertex_normals(vertices_m: Tensor, faces: Tensor) -> Tensor:
    """Unit normals (B, V, 3), averaged over the faces (F, 3) around a vertex by their area."""
    a, b, c = (vertices_m[:, faces[:, corner]] for corner in range(3))
    area = torch.linalg.cross(b - a, c - a)
    total = torch.zeros_like(vertices_m)
    for corner in range(3):
        total = total.index_add(1, faces[:, corner], area)
    return torch.nn.functional.normalize(total, dim=-1, eps=1e-20)


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _race(
    screen: Tensor,
    faces: Tensor,
    size_px: tuple[int, int],
    closed: Tensor | None,
    cut_out: Tensor | None,
    keep: Keep | None,
) -> Tensor:
    """Each pixel's nearest depth and its face in one integer (B · height · width)."""
    width, height = size_px
    batch = len(screen)
    rows = torch.arange(batch, device=screen.device)
    own = faces if faces.dim() == 2 else faces.flatten(1)
    at = screen[:, own] if faces.dim() == 2 else screen[rows[:, None], own]
    x, y, z = at.reshape(batch, -1, 3, 3).unbind(-1)
    area = (x[..., 1] - x[..., 0]) * (y[..., 2] - y[..., 0])
    area = area - (y[..., 1] - y[..., 0]) * (x[..., 2] - x[..., 0])
    x0, x1 = x.amin(-1).ceil().clamp(min=0), x.amax(-1).floor().clamp(max=width - 1)
    y0, y1 = y.amin(-1).ceil().clamp(min=0), y.amax(-1).floor().clamp(max=height - 1)
    seen = (z.amin(-1) > NEAR_M) & (area.abs() > 1e-12) & (x1 >= x0) & (y1 >= y0)
    if closed is not None:
        seen &= ~(closed & (area > 0))  # rows run downwards: what faces us turns clockwise
    image, face = seen.nonzero(as_tuple=True)
    x, y, z, area = x[image, face], y[image, face], z[image, face], area[image, face]
    left, top = x0[image, face], y0[image, face]
    wide = (x1[image, face] - left).long() + 1
    counts = wide * ((y1[image, face] - top).long() + 1)
    x, y = x - left[:, None], y - top[:, None]
    # Shares of the first two corners and inverse depth are linear in the place in the box.
    table = torch.stack(
        [
            (y[:, 1] - y[:, 2]) / area, (x[:, 2] - x[:, 1]) / area,
            (x[:, 1] * y[:, 2] - x[:, 2] * y[:, 1]) / area,
            (y[:, 2] - y[:, 0]) / area, (x[:, 0] - x[:, 2]) / area,
            (x[:, 2] * y[:, 0] - x[:, 0] * y[:, 2]) / area,
            *(1 / z).unbind(-1),
        ],
        dim=-1,
    )  # fmt: skip
    first = (image * height + top.long()) * width + left.long()
    nearest = torch.full((batch * height * width,), _NONE, device=screen.device)
    for part in _portions(counts):
        some = torch.arange(part.start, part.stop, device=screen.device)
        k = torch.repeat_interleave(some, counts[part])
        ends = counts[part].cumsum(0)
        local = torch.arange(len(k), device=k.device) - (ends - counts[part])[k - part.start]
        down = torch.div(local, wide[k], rounding_mode="floor")
        right = local - down * wide[k]
        dx, dy = right.to(table.dtype), down.to(table.dtype)
        row = table[k]
        one = row[:, 0] * dx + row[:, 1] * dy + row[:, 2]
        two = row[:, 3] * dx + row[:, 4] * dy + row[:, 5]
        three = 1 - one - two
        hit = (torch.minimum(torch.minimum(one, two), three) >= -_SLACK).nonzero()[:, 0]
        shares = torch.stack([one[hit], two[hit], three[hit]], -1) * row[hit, 6:]
        inverse = shares.sum(-1)
        k = k[hit]
        pixel = first[k] + down[hit] * width + right[hit]
        if cut_out is not None and keep is not None:
            kept = ~cut_out[face[k]]
            asked = (~kept).nonzero()[:, 0]
            if len(asked):
                which = k[asked]
                shares = shares[asked] / inverse[asked, None]
                kept[asked] = keep(image[which], face[which], shares, pixel[asked])
            k, pixel, inverse = k[kept], pixel[kept], inverse[kept]
        depth = (1 / inverse).float().clamp(min=0).view(torch.int32).long()
        nearest.scatter_reduce_(0, pixel, (depth << 32) | face[k], "amin")
    return nearest


def _portions(counts: Tensor) -> list[slice]:
    """Runs of boxes that hold about ``PORTION`` pixels together."""
    if not len(counts):
        return []
    ends = counts.cumsum(0)
    cuts = torch.arange(PORTION, int(ends[-1]) + PORTION, PORTION, device=counts.device)
    stops = [int(stop) for stop in torch.searchsorted(ends, cuts).tolist()]
    edges = sorted({0, *(min(stop + 1, len(counts)) for stop in stops), len(counts)})
    return [slice(a, b) for a, b in pairwise(edges)]
