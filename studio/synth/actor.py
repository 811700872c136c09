"""Somebody to film: their skin, what grows on their head, and what they wear, in any pose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.sparse import csr_matrix

from studio.core.parts import PartLabel
from studio.core.types import Material, Mesh
from studio.human.rig import ARM, HAND, bones_of
from studio.human.wardrobe.fitting import fit, share_of
from studio.human.wardrobe.library import load
from studio.human.wardrobe.materials import material_of
from studio.human.wardrobe.wearing import Dressed, Item, Worn, wear
from studio.render.scene import Drawable, Finish
from studio.synth.closet import OF_FACE
from studio.synth.figure import Figure, carry, expression, make_figure, skin
from studio.synth.looks import TONGUE, skin_finish
from studio.synth.take import Poses

_HEAD = ("head", "neck")
_FINISHES: Mapping[str, Finish] = {
    "hair": Finish((0.15, 0.1, 0.08), specular=0.35), "brows": Finish(specular=0.1),
    "lashes": Finish(specular=0.05), "eyes": Finish(specular=0.8),
    "top": Finish(sheen=0.2, specular=0.12), "bottom": Finish(sheen=0.15, specular=0.12),
    "dress": Finish(sheen=0.2, specular=0.12), "jacket": Finish(sheen=0.2, specular=0.12),
    "suit": Finish(sheen=0.2, specular=0.12),
    "shoes": Finish(specular=0.4), "hat": Finish(sheen=0.15, specular=0.2),
    "glasses": Finish(specular=0.8),
}  # fmt: skip
_LAST = ("lashes", "brows", "hair", "glasses")
"""What is drawn after the rest."""
_CLOTHES = (PartLabel.TOP, PartLabel.BOTTOM, PartLabel.SHOES)
_OWN = 0.3
"""What hangs on an arm by that share goes with it."""


@dataclass(frozen=True, eq=False)
class Posed:
    """An actor at one moment: what is drawn, and the truth about it.

    ``vertices_m`` are all base vertices, ``bones_world`` bone-to-world matrices (bones, 4, 4).
    """

    drawables: tuple[Drawable, ...]
    vertices_m: np.ndarray
    bones_world: np.ndarray


@dataclass(frozen=True)
class Choice:
    """An asset of the wardrobe by name, its dye (sRGB, None leaves it) and its material."""

    name: str
    colour: tuple[float, float, float] | None = None
    material: int = 0


@lru_cache(maxsize=96)
def _plain(name: str, material: int) -> Material:
    """A material with its pictures, read once, so that everybody shares them."""
    return material_of(load(name).materials[material])


def skin_parts(faces: np.ndarray) -> np.ndarray:
    """The label of each face of the skin: face (with neck and ears), hands, or other skin."""
    weights = make_figure().weights

    def of(starts: tuple[str, ...]) -> np.ndarray:
        return share_of(weights, bones_of(starts))[faces].mean(axis=1) > 0.5

    out = np.full(len(faces), PartLabel.SKIN, np.uint8)
    out[of(_HEAD)] = PartLabel.FACE
    out[of(HAND)] = PartLabel.HANDS
    return out


class Actor:
    """A person dressed from the wardrobe once, then posed as often as wanted.

    Raises StudioError if the wardrobe lacks one of the things.
    """

    def __init__(self, figure: Figure, choices: Sequence[Choice], tone: float = 1.0) -> None:
        """``tone`` darkens or brightens the skin a little."""
        self.figure = figure
        surface = figure.surface
        items = [Item(load(c.name), c.colour, c.material) for c in choices]
        grown = [item for item in items if item.asset.kind in OF_FACE]
        others = [item for item in items if item.asset.kind not in OF_FACE]
        faces, uv = surface.faces["skin"], surface.uv["skin"]
        self._dressed: Dressed = wear(others, figure.vertices_m, faces)
        self._grown: tuple[Worn, ...] = wear(grown, figure.vertices_m, faces).worn
        shown = ~np.isin(faces, self._dressed.deletes).all(axis=1)
        self._faces, self._uv = faces[shown], uv[shown]
        self._parts = skin_parts(self._faces)
        looks = next(c for c in choices if load(c.name).kind == "skin")
        self._skin = replace(_plain(looks.name, looks.material), name="skin",
                             base=(tone, tone, tone, 1.0))  # fmt: skip
        self._worn = (*self._dressed.worn, *self._grown)
        self._order = sorted(range(len(self._worn)), key=lambda k: self._worn[k].kind in _LAST)
        self._off_arms: dict[str, tuple[np.ndarray, ...]] = {}
        self._materials = {
            id(one): replace(_plain(one.asset.name, one.item.material), base=one.item.base)
            for one in self._worn
        }

    def posed(
        self, root_m: np.ndarray, turns: np.ndarray, face: Mapping[str, float] | None = None
    ) -> Posed:
        """The actor in a pose (see :func:`studio.synth.figure.carry`) with a facial expression."""
        figure = self.figure
        carried = carry(figure, root_m, turns)
        rest = expression(figure, face or {})
        vertices = skin(rest, figure.weights, carried)
        body = Drawable(
            Mesh(vertices, self._faces, self._uv), self._skin, 1, skin_finish(),
            figure.template_m, closed=True, part=self._parts,
        )  # fmt: skip
        tongue = Drawable(
            Mesh(vertices, figure.surface.faces["tongue"]), TONGUE, 1, Finish(specular=0.4),
            figure.template_m, casts_shadow=False, part=PartLabel.FACE,
        )  # fmt: skip
        placed = [*self._dressed.posed(vertices, carried)]
        placed += [skin(fit(one.asset, rest), one.weights, carried) for one in self._grown]
        worn = [self._drawn(self._worn[k], placed[k]) for k in self._order]
        drawn = (body, tongue, *worn)
        return Posed(drawn, vertices, carried @ figure.bones_world)

    def whole(self, posed: Posed) -> list[Mesh]:
        """Skin and clothes in a pose with what is hidden under others, too."""
        faces = [self.figure.surface.faces["skin"]]
        faces += [(one.surface.faces if one.part in _CLOTHES else one.faces)
                  for one in (self._worn[k] for k in self._order)]  # fmt: skip
        body, _, *worn = posed.drawables
        shown = [body, *worn]
        return [Mesh(d.mesh.vertices_m, own) for d, own in zip(shown, faces, strict=True)]

    def at(self, poses: Poses, frame: int) -> Posed:
        """The actor in one frame of a take."""
        return self.posed(poses.root_m[frame], poses.turns[frame], poses.actions(frame))

    def off_arm(self, side: str) -> tuple[np.ndarray, ...]:
        """For each of the drawables, the vertices that a hand of that side (``left``, ``right``)
        can meet: skin and clothes, without those of its own arm."""
        if side not in self._off_arms:
            bones = bones_of(ARM, side[0].upper())

            def off(weights: csr_matrix) -> np.ndarray:
                return share_of(weights, bones) < _OWN

            body = np.unique(self._faces)
            none = np.zeros(0, int)
            self._off_arms[side] = (
                body[off(self.figure.weights)[body]],
                none,
                *(
                    np.flatnonzero(off(one.weights)) if one.part in _CLOTHES else none
                    for one in (self._worn[k] for k in self._order)
                ),
            )
        return self._off_arms[side]

    def _drawn(self, one: Worn, vertices: np.ndarray) -> Drawable:
        return Drawable(
            Mesh(vertices, one.faces, one.uv), self._materials[id(one)], 2,
            _FINISHES.get(one.kind, Finish()), part=one.part,
            casts_shadow=one.kind not in OF_FACE,
        )  # fmt: skip
