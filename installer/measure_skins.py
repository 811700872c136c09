"""Measure how skins are coloured: ``studio/synth/heads/pixels/skins.safetensors``.

The skins of the starter wardrobe are looked up at the bust's vertices. Kept are the mean of their
colours' logarithms, each less its own mean, and the principal ways in which they differ. In half a
minute:

    python -m installer.measure_skins
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.numpy import save_file

import studio.synth.heads.pixels as pixels
from studio.synth import closet
from studio.synth.figure import make_figure
from studio.synth.heads.bust import bust
from studio.synth.heads.pixels.colours import WAYS

_SOFT = 1 / 512
"""How soft textures are made first, by their side: vertices are some millimetres apart."""
_DARK, _GAMMA = 0.01, 2.2


def main() -> None:
    """Measure and write."""
    surface = make_figure().surface
    faces = surface.faces["skin"]
    uv = np.zeros((faces.max() + 1, 2))
    uv[faces.ravel()] = surface.uv["skin"].reshape(-1, 2)
    each = [
        _looked_up(closet.plain(one).texture, uv)
        for one in closet.catalogue()
        if one.kind == "skin" and one.root is None
    ]
    logs = np.log(np.fmax(np.stack(each), _DARK))
    logs -= logs.mean(1, keepdims=True)
    mean = logs.mean(0)
    _, strong, ways = np.linalg.svd((logs - mean).reshape(len(logs), -1), full_matrices=False)
    ways = (ways[:WAYS] * strong[:WAYS, None] / np.sqrt(len(logs))).reshape(WAYS, -1, 3)
    told = {"mean": mean.astype(np.float16), "ways": ways.astype(np.float16)}
    save_file(told, Path(pixels.__file__).parent / "skins.safetensors")
    print(f"{len(each)} skins, {len(mean)} vertices; ways are worth", strong.round(1).tolist())


def _looked_up(texture: np.ndarray | None, uv: np.ndarray) -> np.ndarray:
    """The linear colours of the bust's vertices in a skin's picture."""
    assert texture is not None
    soft = cv2.GaussianBlur(texture[..., :3].astype(np.float32) / 255, (0, 0),
                            _SOFT * texture.shape[0])  # fmt: skip
    height, width = soft.shape[:2]
    at = np.stack([uv[:, 0] * width - 0.5, (1 - uv[:, 1]) * height - 0.5], -1).astype(np.float32)
    found = cv2.remap(soft, at[None], None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
    whole = np.full((int(bust().ids.max()) + 1, 3), found.mean(0))
    whole[: len(found)] = found**_GAMMA
    return bust().closed(torch.from_numpy(whole[bust().ids])).numpy()


if __name__ == "__main__":
    main()
