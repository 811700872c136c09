"""Cutting: pieces of the helper volumes along exact lines, each vertex known on the base mesh."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.sparse import csr_matrix, vstack

from studio.human.wardrobe.layers import pieces
from studio.render.scene import vertex_normals
from studio.synth import cloth
from studio.synth.cloth import Piece
from studio.synth.figure import Figure, make_figure

Points = np.ndarray


@cache
def dummy() -> Figure:
    """The average adult on whom everything is made."""
    return make_figure(gender=0.5, age=0.62, height=0.5, weight=0.48, muscle=0.5, cupsize=0.4)


@dataclass(frozen=True, eq=False)
class Cut:
    """A piece of cloth before it is draped.

    ``coat_m`` are its vertices on the average person in whose measures patterns are described,
    ``front`` is positive on the front panel and negative on the back.
    """

    piece: Piece
    coat_m: Points
    front: np.ndarray

    @property
    def faces(self) -> np.ndarray:
        return self.piece.faces

    def at(self, base_m: Points) -> Points:
        """Its vertices on any person's base vertices."""
        return self.piece.of_base @ base_m


@cache
def _normals(volume: str) -> np.ndarray:
    """Normals of a helper volume on the average person, evened out."""
    figure = dummy()
    faces = figure.surface.faces[volume]
    ids, own = np.unique(faces, return_inverse=True)
    own = own.reshape(-1, 3)
    normals = vertex_normals(figure.template_m[ids], own)
    mean = cloth.neighbour_mean(own, len(ids))
    for _ in range(3):
        normals = 0.4 * normals + 0.6 * (mean @ normals)
    every = np.zeros_like(figure.template_m)
    every[ids] = normals
    return every


def cut(
    volume: str,
    inside: np.ndarray,
    fineness: int = 1,
    also: Callable[[Points], np.ndarray] | None = None,
) -> Cut:
    """Cut a piece out of the ``tights`` or the ``skirt`` volume, where ``inside`` (one a base
    vertex, metres) is positive, and so is ``also`` (of places on the average person, for shapes
    that are finer than the volume's faces); split into front and back."""
    figure = dummy()
    piece = cloth.cut_out(figure.surface.faces[volume], len(figure.template_m))
    for _ in range(fineness):
        piece = cloth.refine(piece)
    piece = cloth.clip(piece, piece.of_base @ inside)
    if also is not None:
        piece = cloth.clip(piece, also(piece.of_base @ figure.template_m))
        piece = _without_crumbs(piece)
    return split(piece, -(piece.of_base @ _normals(volume))[:, 1])


def _without_crumbs(piece: Piece, least: int = 12) -> Piece:
    """A piece without the scraps of a few faces that a fine line may leave."""
    own = pieces(piece.faces, len(piece))[piece.faces[:, 0]]
    faces = piece.faces[np.bincount(own)[own] >= least]
    used, renumbered = np.unique(faces, return_inverse=True)
    return Piece(renumbered.reshape(-1, 3), csr_matrix(piece.of_base[used]))


def split(piece: Piece, front: np.ndarray) -> Cut:
    """The piece with edges along the line where ``front`` is zero."""
    front = np.where(np.abs(front) < 1e-4, 1e-4, front)
    halves = [cloth.clip(piece, front), cloth.clip(piece, -front)]
    rows = csr_matrix(vstack([half.of_base for half in halves]))
    faces = np.concatenate([halves[0].faces, halves[1].faces + len(halves[0])])
    side = np.concatenate([np.ones(len(halves[0].faces)), -np.ones(len(halves[1].faces))])
    figure = dummy()
    coat = rows @ figure.template_m
    keys = np.rint(coat * 2e5).astype(np.int64)
    _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    faces = which.reshape(-1)[faces]
    whole = (
        (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    )
    return Cut(Piece(faces[whole], rows[first]), coat[first], side[whole])
