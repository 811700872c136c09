"""Write what tracking knows of a wearer's head: ``studio/perception/wearers/average.safetensors``.

The average adult's head with its neck, where MediaPipe marks it, and the anchor points on it; all
at rest, about the point midway between the ears' tragi. A minute:

    python -m installer.measure_wearer
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from studio.human.anchors import average
from studio.human.names import face_vertices
from studio.human.person import Shape, whole
from studio.live.wearing.own_head import head_topology

PATH = Path(__file__).parents[1] / "studio" / "perception" / "wearers" / "average.safetensors"
MARKS = 478
FACES = 3000


@torch.no_grad()
def measured() -> dict[str, np.ndarray]:
    """The head's vertices and faces, how much each vertex goes with the head, marks and anchors."""
    person = whole()
    skin = person.rest(Shape.of(), actions=False).vertices_m.numpy()
    frames = average().frames
    middle = frames["head"][:3, 3]
    kept, faces = head_topology()
    head = thinned(skin[kept] - middle, faces)
    marks = [skin[list(face_vertices(f"mesh_{k}"))].mean(0) for k in range(MARKS)]
    return {
        "vertices": head[0].astype(np.float32),
        "faces": head[1].astype(np.int32),
        "marks": (np.array(marks) - middle).astype(np.float32),
        **{
            name: (frames[name][:3, 3] - middle).astype(np.float32)
            for name in ("eyes", "ear.L", "ear.R")
        },
    }  # fmt: skip


def thinned(vertices_m: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A mesh of fewer triangles and nearly the same shape (Garland and Heckbert 1997)."""
    import open3d

    mesh = open3d.geometry.TriangleMesh(
        open3d.utility.Vector3dVector(vertices_m.astype(float)),
        open3d.utility.Vector3iVector(faces.astype(np.int32)),
    )
    few = mesh.simplify_quadric_decimation(FACES)
    return np.asarray(few.vertices), np.asarray(few.triangles)


if __name__ == "__main__":
    save_file(measured(), PATH)
    print(f"{PATH}: {PATH.stat().st_size} bytes")
