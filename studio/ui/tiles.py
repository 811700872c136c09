"""Where videos lie on a canvas: an even grid, each with its own zoom and pan. No GL, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Rect:
    """A rectangle in canvas pixels, y down."""

    x: float
    y: float
    width: float
    height: float

    def holds(self, x: float, y: float) -> bool:
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


@dataclass(frozen=True)
class Look:
    """Zoom (1 shows the whole picture) and pan (canvas pixels) of one tile."""

    zoom: float = 1.0
    pan: tuple[float, float] = (0.0, 0.0)


def arrange(
    sizes: list[tuple[int, int]], width: float, height: float, gap: float = 2.0
) -> list[Rect]:
    """Rectangles of a grid whose column count shows the pictures largest."""
    count = len(sizes)
    if not count or width <= 0 or height <= 0:
        return [Rect(0, 0, 0, 0)] * count
    aspect = sorted(w / max(h, 1) for w, h in sizes)[count // 2]

    def shown(columns: int) -> float:
        rows = -(-count // columns)
        return min(width / columns, height / rows * aspect)

    columns = max(range(1, count + 1), key=shown)
    rows = -(-count // columns)
    cell_w, cell_h = width / columns, height / rows
    return [
        Rect(
            (index % columns) * cell_w + gap / 2,
            (index // columns) * cell_h + gap / 2,
            max(cell_w - gap, 1.0),
            max(cell_h - gap, 1.0),
        )
        for index in range(count)
    ]


def placement(rect: Rect, size: tuple[int, int], look: Look) -> tuple[float, float, float]:
    """Scale and canvas position (x, y) of the picture's top-left corner."""
    scale = min(rect.width / size[0], rect.height / size[1]) * look.zoom
    x = rect.x + (rect.width - scale * size[0]) / 2 + look.pan[0]
    y = rect.y + (rect.height - scale * size[1]) / 2 + look.pan[1]
    if abs(scale - round(scale)) < 1e-6:
        x, y = round(x), round(y)
    return scale, x, y


def zoomed(
    rect: Rect, size: tuple[int, int], look: Look, factor: float, at: tuple[float, float]
) -> Look:
    """The look zoomed by a factor so that the picture's point under ``at`` stays there."""
    _, x, y = placement(rect, size, look)
    zoom = min(max(look.zoom * factor, 1.0), 64.0)
    factor = zoom / look.zoom
    if zoom == 1.0:
        return Look()
    new = replace(look, zoom=zoom)
    _, free_x, free_y = placement(rect, size, replace(new, pan=(0.0, 0.0)))
    return replace(
        new,
        pan=(at[0] - (at[0] - x) * factor - free_x, at[1] - (at[1] - y) * factor - free_y),
    )


def exact(rect: Rect, size: tuple[int, int]) -> Look:
    """The look that shows one picture pixel as one canvas pixel."""
    return Look(zoom=1 / min(rect.width / size[0], rect.height / size[1]))
