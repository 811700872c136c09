"""How fits of photographs were off, to be made over others: a fit takes longer than all else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from studio.core.files import write_whole
from studio.human.bodies.fitted import BodyFit
from studio.human.designs import shape_of
from studio.perception.bodies.template import Template
from studio.synth.bodies.photograph import Photograph, begin_m, lens_of
from studio.vision.rotations import nearest


@dataclass(frozen=True, eq=False)
class Errors:
    """How a fit was off. ``phenotypes`` and ``scales`` (their logarithms) are the fit's less the
    true ones; ``true`` are the true turns of the bones from the reference pose into the camera's
    axes, ``turns`` (rotation vectors) what the fit turned further; ``root`` is how far the root was
    off, by its distance, and ``lens`` how many times as long the lens was taken for."""

    phenotypes: Float[np.ndarray, " phenotypes"]
    scales: Float[np.ndarray, " segments"]
    true: Float[np.ndarray, "bones 3 3"]
    turns: Float[np.ndarray, "bones 3"]
    root: Float[np.ndarray, " 3"]
    lens: Float[np.ndarray, ""]

    @classmethod
    def of(cls, taken: Photograph, fit: BodyFit, template: Template) -> Errors:
        """Those of a fit, whose person before the camera is ``template``."""
        own, his = shape_of(fit.design), taken.subject.shape
        lens = lens_of(taken, fit.main)
        heads, carried = taken.scaled(fit.height_m / taken.height_m, lens)
        true = nearest(carried[:, :3, :3])
        root = begin_m(heads, carried)[0]
        off = begin_m(template.heads_m, template.carried)[0] - root
        return cls(
            (own.phenotypes - his.phenotypes).numpy(),
            np.log(own.scales.numpy() / his.scales.numpy()), true,
            Rotation.from_matrix(template.carried[:, :3, :3] @ true.transpose(0, 2, 1)).as_rotvec(),
            off / root[2], np.array(lens),
        )  # fmt: skip


def keep_errors(path: Path, errors: Sequence[Errors]) -> None:
    """Write the errors of some fits."""
    whole = {f.name: np.stack([getattr(e, f.name) for e in errors]) for f in fields(Errors)}
    file = BytesIO()
    np.savez(file, allow_pickle=False, **whole)
    write_whole(path, file.getvalue())


def kept_errors(path: Path) -> list[Errors]:
    """The errors of fits that were written; none where there is no file."""
    if not path.is_file():
        return []
    with np.load(path) as file:
        whole = {f.name: file[f.name] for f in fields(Errors)}
    return [Errors(**{n: v[k] for n, v in whole.items()}) for k in range(len(whole["lens"]))]
