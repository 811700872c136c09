"""Pictures of a scene at any size, drawn off screen by a copy of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyvista as pv

if TYPE_CHECKING:
    from studio.scene.scene import Scene

LARGEST_PX = 8192


def photograph(scene: Scene, size_px: tuple[int, int], transparent: bool) -> np.ndarray:
    """The scene as its observer sees it, UInt8 (height, width, 3 or 4).

    Drawn at twice the size and averaged (never above ``LARGEST_PX``). A transparent picture has
    neither background nor floor.
    """
    width, height = size_px
    factor = 2 if 2 * max(size_px) <= LARGEST_PX else 1
    plotter = pv.Plotter(off_screen=True, window_size=[width * factor, height * factor])
    window: Any = plotter.render_window
    copy = type(scene)(plotter, scene.theme)
    try:
        copy.take_after(scene, pixel_ratio=float(factor))
        if transparent:
            copy.show("floor", False)
            copy.renderer.GradientBackgroundOff()
            copy.renderer.SetBackground(0, 0, 0)
        window.SetAlphaBitPlanes(1)
        for _ in range(2):  # words get their texture in the first rendering
            window.Render()
        pixels = np.asarray(plotter.screenshot(return_img=True, transparent_background=transparent))
        blocks = pixels.reshape(height, factor, width, factor, -1).astype(np.float32)
        mean = blocks.mean((1, 3))
        if transparent:  # drawn over black, so colours are premultiplied: make them straight
            mean[..., :3] *= 255 / np.maximum(mean[..., 3:], 1)
        return np.clip(mean + 0.5, 0, 255).astype(np.uint8)
    finally:
        copy.close()
        plotter.close()
