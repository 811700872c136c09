"""Drawings for the report, as SVG: coverage, pairs, residuals; never told by colour alone."""

from __future__ import annotations

import base64
import math
from html import escape

import cv2
import numpy as np

from studio.core.calibration import Solution
from studio.core.percent import percent
from studio.core.types import CameraRig
from studio.vision.calibration.guidance import CameraGuidance, Guidance, spoken
from studio.vision.camera import project

GOOD, LOOK, STOP, ACCENT, MUTED, LINE = (
    "#6cc28b", "#e2b04a", "#f59c96", "#80acf8", "#aaaeb6", "#43464d"
)  # fmt: skip
_FULL = 24
_ARROWS = 1500


def coverage_svg(one: CameraGuidance, size_px: tuple[int, int], name: str) -> str:
    """Where in the picture the board was seen, and the eight directions it leaned in."""
    width, height = 240, 240 * size_px[1] / size_px[0]
    rows, columns = one.coverage.shape
    wide, high = width / columns, height / rows
    cells = "".join(
        f'<rect x="{x * wide + 0.5:.1f}" y="{y * high + 0.5:.1f}" width="{wide - 1:.1f}" '
        f'height="{high - 1:.1f}" fill="{GOOD}" '
        f'opacity="{0.25 + 0.6 * min(one.coverage[y, x] / _FULL, 1):.2f}"/>'
        for y, x in np.argwhere(one.coverage > 0)
    )
    dots = "".join(
        f'<circle cx="{width - 24 + 14 * math.cos(math.radians(45 * d)):.1f}" '
        f'cy="{24 + 14 * math.sin(math.radians(45 * d)):.1f}" r="{3 if seen else 1.6}" '
        f'fill="{GOOD if seen else MUTED}"/>'
        for d, seen in enumerate(one.tilts)
    )
    told = (
        f"{one.views} views · {percent(one.covered)} covered · {sum(one.tilts)} of 8 tilts · "
        f"distances 1 : {one.depth_ratio:.1f}"
    )
    return (
        f'<figure class="tile"><svg viewBox="0 0 {width} {height:.0f}" role="img" '
        f'aria-label="{escape(told)}">{cells}{dots}</svg>'
        f"<figcaption><b>{escape(name)}</b><br>{escape(told)}</figcaption></figure>"
    )


def pairs_svg(guidance: Guidance) -> str:
    """Cameras on a circle; a line a pair, with the number of moments that both saw."""
    names = tuple(one.camera for one in guidance.cameras)
    width, height = 520, 280
    first = -math.pi / 2 - (math.pi / len(names) if len(names) % 2 == 0 else 0)
    at = {
        name: (
            width / 2 + 190 * math.cos(first + 2 * math.pi * i / len(names)),
            height / 2 + 105 * math.sin(first + 2 * math.pi * i / len(names)),
        )
        for i, name in enumerate(names)
    }
    lines, counts = "", ""
    for (a, b), count in guidance.pairs.items():
        (x1, y1), (x2, y2) = at[a], at[b]
        share = min(count / 10, 1.0)
        style = (
            f'stroke="{GOOD if share >= 1 else LOOK}" stroke-width="{1 + 3 * share:.1f}"'
            if count
            else f'stroke="{LINE}" stroke-dasharray="2 5"'
        )
        lines += f'<line x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}" {style}/>'
        if count:
            x, y = x1 + 0.36 * (x2 - x1), y1 + 0.36 * (y2 - y1)
            counts += (
                f'<rect x="{x - 14:.0f}" y="{y - 9:.0f}" width="28" height="18" rx="4" '
                f'fill="#303338"/><text x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle" '
                f'fill="{MUTED}" font-size="12">{count}</text>'
            )
    says = spoken(names)
    nodes = "".join(
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="17" fill="#3a3d43" stroke="{MUTED}"/>'
        f'<text x="{x:.0f}" y="{y + 5:.0f}" text-anchor="middle" fill="#e8e9eb" '
        f'font-size="14">{escape(says[name].short[:4])}</text>'
        for name, (x, y) in at.items()
    )
    return f'<svg viewBox="0 0 {width} {height}" role="img">{lines}{counts}{nodes}</svg>'


def residuals_svg(solution: Solution, camera: str, name: str, times: float) -> str:
    """Where this camera's points lie against the solution: arrows, ``times`` as long."""
    lens = solution.rig[camera]
    width, height = lens.size_px
    seen, off = residuals(solution, camera)
    step = max(1, -(-len(seen) // _ARROWS))
    scale = width / 480
    arrows = "".join(
        f"M{x:.0f} {y:.0f}l{dx * times:.1f} {dy * times:.1f}"
        for (x, y), (dx, dy) in zip(seen[::step], off[::step], strict=True)
    )
    dots = "".join(
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{1.4 * scale:.1f}"/>' for x, y in seen[::step]
    )
    rms = float(np.sqrt(np.square(off).sum(1).mean())) if len(off) else math.nan
    told = f"{rms:.3f} px root mean square, {len(seen)} points"
    return (
        f'<figure class="tile"><svg viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(told)}"><g fill="{MUTED}" opacity=".5">{dots}</g>'
        f'<path d="{arrows}" stroke="{ACCENT}" stroke-width="{1.5 * scale:.1f}" fill="none"/>'
        f"</svg><figcaption><b>{escape(name)}</b><br>{escape(told)}</figcaption></figure>"
    )


def residuals(solution: Solution, camera: str) -> tuple[np.ndarray, np.ndarray]:
    """Points as seen (n, 2), and how far off the solution puts them (n, 2), pixels."""
    lens = solution.rig[camera]
    seen, off = [np.empty((0, 2))], [np.empty((0, 2))]
    for view in solution.views:
        pose = solution.target_world.get(view.moment)
        if view.camera != camera or pose is None:
            continue
        world = solution.target.points_m[view.points] @ pose[:3, :3].T + pose[:3, 3]
        put = project(lens, world)
        good = np.isfinite(put).all(1)
        seen.append(view.xy_px[good])
        off.append((put - view.xy_px)[good])
    return np.concatenate(seen), np.concatenate(off)


def plan_svg(rig: CameraRig) -> str:
    """The cameras from above, where each looks, with a scale bar of one metre."""
    spots = np.array([camera.centre_m[:2] for camera in rig.cameras])
    looks = np.array([camera.rotation[2, :2] for camera in rig.cameras])
    middle = (spots.min(0) + spots.max(0)) / 2
    half = max(float(np.ptp(spots, axis=0).max()) / 2, 0.5) * 1.35
    size, names = 280, spoken(rig.names)

    def px(point: np.ndarray) -> tuple[float, float]:
        x, y = (point - middle) / half * size / 2
        return size / 2 + float(x), size / 2 - float(y)

    drawn = ""
    for camera, spot, way in zip(rig.cameras, spots, looks, strict=True):
        x, y = px(spot)
        length = float(np.linalg.norm(way)) or 1.0
        ax, ay = 26 * way[0] / length, -26 * way[1] / length
        drawn += (
            f'<line x1="{x:.0f}" y1="{y:.0f}" x2="{x + ax:.0f}" y2="{y + ay:.0f}" '
            f'stroke="{ACCENT}" stroke-width="2"/><circle cx="{x:.0f}" cy="{y:.0f}" r="10" '
            f'fill="#3a3d43" stroke="{MUTED}"/><text x="{x:.0f}" y="{y + 4:.0f}" font-size="11" '
            f'text-anchor="middle" fill="#e8e9eb">{escape(names[camera.name].short[:4])}</text>'
        )
    metre = size / 2 / half
    bar = (
        f'<path d="M12 {size - 14}h{metre:.0f}" stroke="{MUTED}" stroke-width="2"/>'
        f'<text x="12" y="{size - 20}" fill="{MUTED}" font-size="11">1 m</text>'
    )
    return f'<svg viewBox="0 0 {size} {size}" role="img">{drawn}{bar}</svg>'


def picture(rgb: np.ndarray, caption: str, width: int = 480) -> str:
    """A picture with its caption, inside the page."""
    small = cv2.resize(rgb, (width, round(width * rgb.shape[0] / rgb.shape[1])),
                       interpolation=cv2.INTER_AREA)  # fmt: skip
    good, data = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 82])
    assert good
    code = base64.b64encode(data.tobytes()).decode()
    return (
        f'<figure class="tile"><img alt="{escape(caption)}" src="data:image/jpeg;base64,{code}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
