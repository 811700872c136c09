"""One person's body in build after build, quickly: for whoever drags a slider.

What changes from where it began is taken from the compact person and added to the exact body, so
that the start is exact and what is left out is the compact person's error in the change alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from scipy.sparse import csr_matrix

from studio.human import compact, compaction, sliders
from studio.human.compact import CompactPerson
from studio.human.person import Rest, Shape
from studio.human.wardrobe.fitting import blended


@cache
def _compact() -> tuple[CompactPerson, csr_matrix]:
    person = compact.load(compaction.stored())
    return person, csr_matrix(person.weights.numpy())


class Reshaping:
    """Asked for builds of a person whose exact body is ``rest``: theirs of ``shape`` and
    ``local`` sliders (-1..1). About 5 ms a build on one core, whatever changed."""

    def __init__(self, rest: Rest, shape: Shape, local: Mapping[str, float]) -> None:
        self._exact = rest
        self._from = _roughly(shape, local)

    @torch.no_grad()
    def rest(self, shape: Shape, local: Mapping[str, float]) -> Rest:
        """The person at rest in another build; without facial actions.

        Raises StudioError for a slider that there is not.
        """
        skin, heads = _roughly(shape, local)
        exact, (old_skin, old_heads) = self._exact, self._from
        skin -= old_skin
        skin += exact.vertices_m.numpy()
        return Rest(
            exact.heads_m + (heads - old_heads), exact.orientations, torch.from_numpy(skin),
            exact.actions_m[:0],
        )  # fmt: skip


@torch.no_grad()
def _roughly(
    shape: Shape, local: Mapping[str, float]
) -> tuple[Float[np.ndarray, "vertices 3"], Float[torch.Tensor, "bones 3"]]:
    """The compact person's skin and bones' heads in the reference pose."""
    person, weights = _compact()
    change = sliders.change(local) if local else None
    rest = person.rest(shape.phenotypes[None], shape.scales[None], change)
    linear, heads = rest.frames[0], rest.heads_m[0]
    shift = heads - (linear @ rest.modelled_heads_m[0][..., None])[..., 0]
    matrices = torch.cat([linear, shift[..., None]], 2).numpy()
    blend = blended(weights, matrices)
    skin = np.einsum("vij,vj->vi", blend[:, :, :3], rest.modelled_m[0].numpy())
    return skin + blend[:, :, 3], heads
