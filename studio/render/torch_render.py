"""Pictures and all their truth from tensors: the OpenGL renderer's twin for batches on a GPU.

Agrees with it in everything but the dome's light, contact, procedural grain and see-through
surfaces.
Needs torch alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from studio.render.torch_edges import Edges, antialias
from studio.render.torch_raster import (
    Cameras,
    Hits,
    corners,
    interpolate,
    rasterise,
    vertex_normals,
)
from studio.render.torch_scene import Scene
from studio.render.torch_shading import Light, Surface, display, shade
from studio.render.torch_shadow import cast

_BEGINS = ((0.5, 0.36), (0.62, 0.44))
"""At which alpha surfaces with holes begin at even and odd samples: one half at pixels' centres."""


@dataclass(frozen=True, eq=False)
class Frames:
    """A batch of pictures (B, height, width, ...), as :class:`~studio.render.scene.Rendered`.

    ``rgb`` (0 to 1, sRGB) and ``alpha`` are anti-aliased. The others are taken at pixel centres:
    where nothing is, ``depth_m`` is infinite, ``xyz_m`` and ``uv`` NaN, ``drawn`` and ``faces``
    (of the scene's one mesh) -1 and the rest zero. ``barycentric`` are the shares of the corners.
    """

    rgb: Tensor
    alpha: Tensor
    depth_m: Tensor
    xyz_m: Tensor
    normal: Tensor
    ids: Tensor
    parts: Tensor
    instances: Tensor
    uv: Tensor
    drawn: Tensor
    faces: Tensor
    barycentric: Tensor


def render(
    scene: Scene,
    cameras: Cameras,
    light: Light,
    size_px: tuple[int, int],
    vertices_m: Tensor | None = None,
    scale: int = 2,
    backdrop: Tensor | None = None,
    edges: Edges | None = None,
    shadow_px: int = 0,
) -> Frames:
    """A picture a camera. ``vertices_m`` (B, V, 3) are posed vertices, by default the scene's own.

    ``scale`` x ``scale`` samples make a pixel; the truth is the sample at its centre. ``backdrop``
    (B or 1, height, width, 3; sRGB) stands behind. Gradients reach the vertices through colours
    and positions and, with the scene's ``edges``, through outlines, which then are smooth with one
    sample a pixel too. With ``shadow_px`` the key light casts shadows, of so many texels a side.
    """
    batch = len(cameras.matrix)
    vertices = scene.vertices_m if vertices_m is None else vertices_m
    vertices = vertices.expand(batch, *vertices.shape[-2:])
    fine = cameras.scaled(scale)
    screen = fine.project(vertices)
    size = size_px[0] * scale, size_px[1] * scale
    cut_out = scene.cut_out if bool(scene.cut_out.any()) else None

    def keep(image: Tensor, face: Tensor, barycentric: Tensor, pixel: Tensor) -> Tensor:
        uv = (scene.uv[face] * barycentric[..., None]).sum(dim=1)
        drawn = scene.drawn[face]
        footprint = _footprint(scene, screen, image, face)
        alpha = scene.colours.sample(scene.picture[drawn], uv, footprint)[:, 3]
        if scale == 1:
            return alpha >= 0.5
        begins = alpha.new_tensor(_BEGINS)
        return alpha >= begins[pixel // size[0] % 2, pixel % size[0] % 2]

    hits = rasterise(screen, scene.faces, size, scene.closed, cut_out, keep)
    at = interpolate(vertices, scene.faces, hits)
    smooth = _facing(scene, vertices, hits, at, fine)
    uv = (scene.uv[hits.face] * hits.barycentric[..., None]).sum(dim=1)
    lit = torch.ones_like(at[:, :1])
    if shadow_px:
        shadows = cast(vertices.detach(), scene.faces[scene.casts], light, shadow_px)
        lit = shadows.lit(at.detach(), smooth.detach(), hits.image, hits.where)
    rgb = display(_shaded(scene, hits, vertices, screen, at, smooth, uv, fine, light, lit))
    background = display(rgb.new_tensor(light.background) * light.exposure)
    colour = hits.fill(torch.cat([rgb, torch.ones_like(rgb[:, :1])], dim=-1), 0.0)
    if edges is not None:
        colour = antialias(colour, hits.fill(hits.depth_m, float("inf")), screen, edges)
    colour = _smooth(colour, scale)
    behind = background if backdrop is None else backdrop
    seen = colour[..., :3] + (1 - colour[..., 3:]) * behind

    pixels, rows = hits.centres(scale)
    drawn = scene.drawn[pixels.face]
    nothing = float("nan")
    return Frames(
        rgb=seen, alpha=colour[..., 3],
        depth_m=pixels.fill(pixels.depth_m, float("inf")),
        xyz_m=pixels.fill(at[rows], nothing), normal=pixels.fill(smooth[rows], 0.0),
        ids=pixels.fill(scene.number[drawn], 0), parts=pixels.fill(scene.part[pixels.face], 0),
        instances=pixels.fill(scene.instance[drawn], 0), uv=pixels.fill(uv[rows], nothing),
        drawn=pixels.fill(drawn, -1), faces=pixels.fill(pixels.face, -1),
        barycentric=pixels.fill(pixels.barycentric, 0.0),
    )  # fmt: skip


def _facing(scene: Scene, vertices: Tensor, hits: Hits, at: Tensor, cameras: Cameras) -> Tensor:
    """Unit normals (P, 3), turned to the side of the face that is seen."""
    normals = interpolate(vertex_normals(vertices, scene.faces), scene.faces, hits)
    normals = functional.normalize(normals, dim=-1)
    a, b, c = vertices[hits.image[:, None], corners(scene.faces, hits.image, hits.face)].unbind(1)
    flat = torch.linalg.cross(b - a, c - a)
    to_eye = cameras.centre_m[hits.image] - at
    seen = torch.sign((flat * to_eye).sum(-1, keepdim=True))
    same = torch.sign((flat * normals).sum(-1, keepdim=True))
    return torch.where(seen * same < 0, -normals, normals)


def _shaded(
    scene: Scene, hits: Hits, vertices: Tensor, screen: Tensor, at: Tensor, smooth: Tensor,
    uv: Tensor, cameras: Cameras, light: Light, lit: Tensor,
) -> Tensor:  # fmt: skip
    """The linear light of each hit."""
    drawn = scene.drawn[hits.face]
    footprint = _footprint(scene, screen, hits.image, hits.face)
    base = scene.base[drawn]
    colour = interpolate(scene.tint, scene.faces, hits) * base[:, :3]
    colour = colour * scene.colours.sample(scene.picture[drawn], uv, footprint)[:, :3]
    orm = scene.maps.sample(scene.orm[drawn], uv, footprint)
    matter = scene.matter[drawn]
    normal = smooth
    if bool((scene.relief >= 0).any()):
        normal = _bumped(scene, hits, vertices, smooth, uv, footprint)
    surface = Surface(
        normal, functional.normalize(cameras.centre_m[hits.image] - at, dim=-1), colour,
        roughness=matter[:, :1] * orm[:, 1:2], metallic=matter[:, 1:2] * orm[:, 2:3],
        open=orm[:, :1], scatter=matter[:, 2:5], sheen=matter[:, 5:6],
        specular=matter[:, 6:7], glow=matter[:, 7:8], lit=lit,
    )  # fmt: skip
    return shade(surface, light, hits.image) * light.exposure


def _footprint(scene: Scene, screen: Tensor, image: Tensor, face: Tensor) -> Tensor:
    """The area in uv that a sample covers, from the areas of its face there and on the screen."""
    at = screen.detach()[image[:, None], corners(scene.faces, image, face)][..., :2]
    return _area(scene.uv[face]) / _area(at).clamp(min=1e-9)


def _area(corner: Tensor) -> Tensor:
    a, b = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    return (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).abs()


def _bumped(
    scene: Scene, hits: Hits, vertices: Tensor, smooth: Tensor, uv: Tensor, footprint: Tensor
) -> Tensor:
    """Normals tilted by the normal maps, whose axes follow from how a face lies in the texture."""
    relief = scene.relief[scene.drawn[hits.face]]
    tilt = scene.maps.sample(relief, uv, footprint)[:, :3] * (255 / 127) - 128 / 127
    a, b, c = vertices[hits.image[:, None], corners(scene.faces, hits.image, hits.face)].unbind(1)
    dx, dy = b - a, c - a
    corner = scene.uv[hits.face]
    ux, uy = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    r1, r2 = torch.linalg.cross(dy, smooth), torch.linalg.cross(smooth, dx)
    turn = torch.sign((dx * r1).sum(-1, keepdim=True))
    t = (r1 * ux[:, :1] + r2 * uy[:, :1]) * turn
    s = (r1 * ux[:, 1:] + r2 * uy[:, 1:]) * turn
    unit = torch.maximum((t * t).sum(-1), (s * s).sum(-1)).clamp(min=1e-30).rsqrt()[:, None]
    bent = t * unit * tilt[:, :1] + s * unit * tilt[:, 1:2] + smooth * tilt[:, 2:]
    return torch.where(relief[:, None] >= 0, functional.normalize(bent, dim=-1), smooth)


def _smooth(fine: Tensor, scale: int) -> Tensor:
    """Pictures made smaller: a tent over each pixel, whose centre is a sample."""
    if scale == 1:
        return fine
    ramp = 1 - torch.arange(1 - scale, scale, device=fine.device, dtype=fine.dtype).abs() / scale
    tent = (ramp[:, None] * ramp / scale**2).expand(4, 1, -1, -1)
    planes = fine.permute(0, 3, 1, 2)
    around = functional.pad(planes, (scale - 1, 0, scale - 1, 0), mode="replicate")
    return functional.conv2d(around, tent, stride=scale, groups=4).permute(0, 2, 3, 1)
