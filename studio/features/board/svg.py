"""A sheet as an SVG file, in millimetres."""

from __future__ import annotations

from html import escape

import numpy as np

from studio.features.board.layout import Page


def svg(page: Page, title: str) -> str:
    """The file's text."""
    width, height = page.width_m * 1000, page.height_m * 1000
    words = "".join(
        f'<text x="{word.x_m * 1000:.3f}" y="{word.y_m * 1000:.3f}" '
        f'font-size="{word.size_m * 1000:.3f}">{escape(word.text)}</text>\n'
        for word in page.words
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.3f}mm" height="{height:.3f}mm" '
        f'viewBox="0 0 {width:.3f} {height:.3f}">\n<title>{escape(title)}</title>\n'
        f'<rect width="{width:.3f}" height="{height:.3f}" fill="#fff"/>\n'
        f"{_path(page.pattern, 'evenodd')}{_path(page.marks, 'nonzero')}"
        f'<g font-family="Helvetica, Arial, sans-serif" fill="#000">\n{words}</g>\n</svg>\n'
    )


def _path(rectangles: np.ndarray, rule: str) -> str:
    if not len(rectangles):
        return ""
    drawn = "".join(
        f"M{x:.7g} {y:.7g}h{w:.6g}v{h:.6g}h{-w:.6g}z" for x, y, w, h in rectangles * 1000
    )
    return f'<path fill-rule="{rule}" d="{drawn}"/>\n'
