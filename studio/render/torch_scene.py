"""Scenes as tensors: everything that is drawn in one mesh, one row a vertex, face or drawable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from studio.render.torch_texture import Texels, linear


@dataclass(frozen=True, eq=False)
class Scene:
    """What is drawn; the vertices may be replaced by a batch of posed ones.

    A vertex (V): ``vertices_m``, linear ``tint``, and ``used``, its place among the vertices of all
    drawables one after another, of which those that no face uses are left out.

    A face (F): ``faces`` (F, 3), ``uv`` (F, 3, 2), ``drawn`` the drawable it belongs to, ``part``,
    ``closed``, ``cut_out`` and whether it ``casts`` a shadow.

    A drawable (D): ``number``, ``instance``, ``base`` (D, 4; linear), ``matter`` (D, 8: roughness,
    metallic, scatter, sheen, specular, glow) and which of the textures it has, -1 for none:
    ``picture`` in ``colours``, ``relief`` and ``orm`` in ``maps``.
    """

    vertices_m: Tensor
    tint: Tensor
    used: Tensor
    faces: Tensor
    uv: Tensor
    drawn: Tensor
    part: Tensor
    closed: Tensor
    cut_out: Tensor
    casts: Tensor
    number: Tensor
    instance: Tensor
    base: Tensor
    matter: Tensor
    picture: Tensor
    relief: Tensor
    orm: Tensor
    colours: Texels
    maps: Texels

    @staticmethod
    def of(drawables: Sequence[Any], device: torch.device | str = "cpu") -> Scene:
        """From drawables (see :class:`studio.render.scene.Drawable`), which keep their order.

        What one sees through more than half is left out, what is more solid is drawn solid.
        Procedural grain is not drawn.
        """
        vertices: list[Tensor] = []
        tints: list[Tensor] = []
        rows: dict[str, list[Tensor]] = {
            name: [] for name in ("faces", "uv", "drawn", "part", "closed", "cut_out", "casts")
        }
        start = 0
        for index, drawable in enumerate(drawables):
            mesh, material = drawable.mesh, drawable.material
            count = len(mesh.vertices_m)
            size = len(mesh.faces) if material.base[3] >= 0.5 else 0
            vertices.append(torch.as_tensor(mesh.vertices_m, dtype=torch.float32))
            tint = torch.ones(count, 3)
            if mesh.colours is not None:
                tint = linear(torch.as_tensor(mesh.colours).float() / 255)
            tints.append(tint)
            uv = torch.zeros(size, 3, 2)
            if mesh.uv is not None:
                uv = torch.as_tensor(mesh.uv, dtype=torch.float32)[:size]
            texture = material.texture
            alpha = texture is not None and texture.ndim == 3 and texture.shape[2] == 4
            own = {
                "faces": torch.as_tensor(mesh.faces).long()[:size] + start,
                "uv": uv,
                "drawn": torch.full((size,), index),
                "part": torch.as_tensor(drawable.part, dtype=torch.uint8).expand(len(mesh.faces))[
                    :size
                ],
                "closed": torch.full((size,), bool(drawable.closed)),
                "cut_out": torch.full((size,), alpha),
                "casts": torch.full((size,), bool(drawable.casts_shadow)),
            }
            for name, values in own.items():
                rows[name].append(values)
            start += count
        colours = _Table([d.material.texture for d in drawables])
        maps = _Table(
            [d.material.normal_map for d in drawables] + [d.material.orm_map for d in drawables]
        )
        base = torch.tensor([d.material.base for d in drawables]).reshape(-1, 4)
        base = torch.cat([linear(base[:, :3]), base[:, 3:]], dim=1)
        matter = [
            (
                d.material.roughness, d.material.metallic, *d.finish.scatter,
                d.finish.sheen, d.finish.specular, d.finish.glow,
            )
            for d in drawables
        ]  # fmt: skip
        whole = {name: torch.cat(values) for name, values in rows.items()}
        used, renamed = whole.pop("faces").unique(return_inverse=True)
        scene = Scene(
            torch.cat(vertices)[used], torch.cat(tints)[used], used, renamed, **whole,
            number=torch.tensor([d.number for d in drawables]),
            instance=torch.tensor([d.instance for d in drawables]),
            base=base, matter=torch.tensor(matter).reshape(-1, 8),
            picture=colours.index, relief=maps.index[: len(drawables)],
            orm=maps.index[len(drawables) :],
            colours=Texels.of(colours.images, colour=True),
            maps=Texels.of(maps.images, colour=False),
        )  # fmt: skip
        return scene.to(device)

    def to(self, device: torch.device | str, dtype: torch.dtype = torch.float32) -> Scene:
        """The scene on a device, its numbers of a type."""

        def moved(value: Any) -> Any:
            if isinstance(value, Texels):
                return Texels(
                    **{part.name: moved(getattr(value, part.name)) for part in fields(value)}
                )
            return value.to(device, dtype if value.is_floating_point() else value.dtype)

        return Scene(**{field.name: moved(getattr(self, field.name)) for field in fields(self)})


class _Table:
    """Images that several drawables may share, each once, and which each drawable has."""

    def __init__(self, wanted: Sequence[Any]) -> None:
        self.images: list[Any] = []
        known: dict[int, int] = {}
        index: list[int] = []
        for image in wanted:
            if image is None:
                index.append(-1)
                continue
            if id(image) not in known:
                known[id(image)] = len(self.images)
                self.images.append(image)
            index.append(known[id(image)])
        self.index = torch.tensor(index, dtype=torch.long)
