"""A small asset as its files: a quad and a triangle over the base mesh's first triangles."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

MHCLO = """# A patch
# author Somebody
# license CC0
uuid 1-2-3
basemesh hm08
tag Shirt
name patch
obj_file patch.obj
material patch.mhmat
x_scale 5399 11998 1.4
z_depth 40
max_pole 6
verts 0
   10    11    12 0.50000 0.25000 0.25000 0.10000 0.20000 0.30000
   11    12    13 0.20000 0.30000 0.50000 0.00000 0.00000 0.01000
   20
   21    22    23 1.10000 -0.20000 0.10000 0.00000 0.00000 0.00000
   30

delete_verts
10 - 12 40
50 - 51
"""
OBJ = """v 0 1 2
v 1 1 2
v 1 2 2
v 0 2 2
v 0.5 3 2
vt 0 0
vt 1 0
vt 1 1
f 1/1 2/2 3/3 4/1
f 4/1 3/3 5/2
"""
MHMAT = """// a patch
name patch
diffuseColor 0.5 0.25 1.0
shininess 0.25
transparent True
backfaceCull False
normalmapIntensity 0.5
diffuseTexture patch_diffuse.png
normalmapTexture gone_normal.png
"""


def picture(suffix: str = ".webp") -> bytes:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[..., 2] = 200  # OpenCV writes blue, green, red
    return cv2.imencode(suffix, pixels)[1].tobytes()


def files(**changes: str) -> dict[str, bytes]:
    """The asset's files by name; ``changes`` replace the text of mhclo, obj or mhmat."""
    texts = {"mhclo": MHCLO, "obj": OBJ, "mhmat": MHMAT, **changes}
    found = {f"patch.{suffix}": text.encode() for suffix, text in texts.items()}
    return {**found, "patch_diffuse.webp": picture()}


def write(folder: Path, content: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return folder
