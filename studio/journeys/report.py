"""A report as one HTML file: facts first, pictures, then tables; opens anywhere, offline."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from studio.core.files import write_whole
from studio.core.types import Fact

_MARK = {"good": "●", "look": "▲", "stop": "■", "plain": "–"}
_WORD = {"good": "good", "look": "look", "stop": "stop", "plain": ""}

_STYLE = """
body{background:#2a2c2f;color:#dfe1e4;font:15px/1.5 system-ui,sans-serif;margin:0 auto;
 max-width:1080px;padding:24px;font-variant-numeric:tabular-nums}
h1{font-size:26px;font-weight:600;margin:8px 0 24px}h2{font-size:18px;margin:40px 0 8px}
.fact{display:flex;gap:12px;padding:8px 16px;background:#33363a;border-radius:6px;margin:8px 0}
.good b{color:#6cc08b}.look b{color:#e0b050}.stop b{color:#e8756a}.fact span{color:#a5a9ae}
figure{margin:16px 0}figure img{max-width:100%;border-radius:6px;display:block}
figcaption,.small{color:#a5a9ae;font-size:13px;padding:4px 0}
table{border-collapse:collapse;margin:8px 0;font-size:14px}
th,td{padding:4px 16px 4px 0;text-align:right;border-bottom:1px solid #3d4045}
th{color:#a5a9ae;font-weight:500}th:first-child,td:first-child{text-align:left}
svg{background:#33363a;border-radius:6px;width:100%;height:auto}
"""


@dataclass(frozen=True)
class Table:
    """Rows of cells under a head; numbers are formatted by whoever knows their unit."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def html(self) -> str:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in self.head)
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
            for row in self.rows
        )
        return f"<table><tr>{head}</tr>{rows}</table>"


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture with its caption."""

    rgb: UInt8[np.ndarray, "height width 3"]
    caption: str

    def html(self) -> str:
        good, data = cv2.imencode(
            ".jpg", np.ascontiguousarray(self.rgb[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 88]
        )
        assert good
        code = base64.b64encode(data.tobytes()).decode()
        return (
            f'<figure><img alt="{escape(self.caption)}" src="data:image/jpeg;base64,{code}">'
            f"<figcaption>{escape(self.caption)}</figcaption></figure>"
        )


@dataclass(frozen=True, eq=False)
class Curve:
    """A value over time as a line; gaps (NaN) stay gaps."""

    times_s: Float[np.ndarray, " frames"]
    values: Float[np.ndarray, " frames"]
    unit: str
    caption: str

    def html(self) -> str:
        width, height, left, bottom = 1000, 180, 56, 24
        good = np.isfinite(self.values)
        top = float(np.max(self.values[good])) * 1.1 if good.any() else 1.0
        span = float(np.ptp(self.times_s)) or 1.0
        x = left + (self.times_s - self.times_s[0]) / span * (width - left - 8)
        y = (height - bottom) - self.values / top * (height - bottom - 8)
        pieces: list[str] = []
        pen = "M"
        for px, py, there in zip(x, y, good, strict=True):
            if there:
                pieces.append(f"{pen}{px:.1f} {py:.1f}")
            pen = "L" if there else "M"
        labels = "".join(
            f'<text x="{left - 8}" y="{(height - bottom) - part * (height - bottom - 8) + 4:.0f}" '
            f'text-anchor="end" fill="#a5a9ae" font-size="12">{top * part:.0f}</text>'
            for part in (0.0, 0.5, 1.0)
        )
        return (
            f'<figure><svg viewBox="0 0 {width} {height}" role="img">{labels}'
            f'<path d="{" ".join(pieces)}" fill="none" stroke="#7aa7e8" stroke-width="1.5"/>'
            f'<text x="{left}" y="{height - 6}" fill="#a5a9ae" font-size="12">'
            f"{self.times_s[0]:.1f} s</text>"
            f'<text x="{width - 8}" y="{height - 6}" text-anchor="end" fill="#a5a9ae" '
            f'font-size="12">{self.times_s[-1]:.1f} s</text></svg>'
            f"<figcaption>{escape(self.caption)} ({escape(self.unit)})</figcaption></figure>"
        )


_HUES = ("#5d6670", "#7aa7e8", "#6cc08b")


@dataclass(frozen=True)
class Bars:
    """Groups of bars side by side, each with its number above; ``line`` is what they are held
    against, such as what a simpler way reaches."""

    groups: tuple[tuple[str, tuple[float, ...]], ...]
    names: tuple[str, ...]
    unit: str
    caption: str
    line: tuple[str, float] | None = None

    def html(self) -> str:
        width, height, top, bottom = 1000, 300, 30, 44
        every = [value for _, values in self.groups for value in values]
        most = 1.1 * max([*every, self.line[1] if self.line else 0.0, 1e-9])
        wide = width / max(len(self.groups), 1)
        thick = 0.8 * wide / max(len(self.names), 1)
        ground = height - bottom
        drawn: list[str] = []
        for g, (name, values) in enumerate(self.groups):
            left = (g + 0.1) * wide
            drawn.append(_text(left + 0.4 * wide, height - 24, name, "middle"))
            for k, value in enumerate(values):
                tall = value / most * (ground - top)
                x = left + k * thick
                drawn.append(
                    f'<rect x="{x:.1f}" y="{ground - tall:.1f}" width="{0.9 * thick:.1f}" '
                    f'height="{tall:.1f}" fill="{_HUES[k % len(_HUES)]}"/>'
                )
                drawn.append(_text(x + 0.45 * thick, ground - tall - 4, f"{value:.2f}", "middle"))
        if self.line is not None:
            y = ground - self.line[1] / most * (ground - top)
            drawn.append(f'<path d="M0 {y:.1f}H{width}" stroke="#e0b050" stroke-dasharray="6 4"/>')
            drawn.append(_text(width - 8, y - 5, f"{self.line[0]} {self.line[1]:.2f}", "end"))
        for k, name in enumerate(self.names):
            x = 8 + 220 * k
            drawn.append(
                f'<rect x="{x}" y="6" width="12" height="12" fill="{_HUES[k % len(_HUES)]}"/>'
            )
            drawn.append(_text(x + 18, 16, name, "start"))
        return (
            f'<figure><svg viewBox="0 0 {width} {height}" role="img">{"".join(drawn)}</svg>'
            f"<figcaption>{escape(self.caption)} ({escape(self.unit)})</figcaption></figure>"
        )


def _text(x: float, y: float, said: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#dfe1e4" font-size="12">'
        f"{escape(said)}</text>"
    )


@dataclass(frozen=True)
class Section:
    """A heading, a sentence, and what follows it."""

    title: str
    text: str = ""
    parts: tuple[Table | Picture | Curve | Bars, ...] = ()

    def html(self) -> str:
        text = f'<p class="small">{escape(self.text)}</p>' if self.text else ""
        return f"<h2>{escape(self.title)}</h2>{text}" + "".join(p.html() for p in self.parts)


def fact_html(fact: Fact) -> str:
    """One fact; its verdict is a mark and a word, never colour alone."""
    blame = f"<span>{escape(fact.blame)}</span>" if fact.blame else ""
    return (
        f'<div class="fact {fact.verdict}"><b>{_MARK[fact.verdict]} {_WORD[fact.verdict]}</b>'
        f"<span>{escape(fact.label)}</span>{escape(fact.text)} {blame}</div>"
    )


def write_report(
    path: Path, title: str, facts: Sequence[Fact], sections: Sequence[Section]
) -> None:
    """Write the report. Raises StudioError if the file cannot be written."""
    body = "".join(fact_html(fact) for fact in facts) + "".join(s.html() for s in sections)
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f"<h1>{escape(title)}</h1>{body}</html>"
    )
    write_whole(path, page.encode())
