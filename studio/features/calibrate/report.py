"""The calibration report: one HTML file that opens anywhere, offline. Facts first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import numpy as np

from studio.core.types import Fact
from studio.document.gathered import Gathered, gathered
from studio.document.trust import GateMark, Trust
from studio.features.calibrate.drawings import (
    coverage_svg,
    pairs_svg,
    picture,
    plan_svg,
    residuals,
    residuals_svg,
)
from studio.features.calibrate.result import Calibrated
from studio.media.formats.whole import whole
from studio.vision.calibration.guidance import spoken

_MARK = {"good": "✓", "look": "▲", "stop": "■", "plain": "–"}
_BETWEEN = ("<!-- judged -->", "<!-- end of judged -->")
_AGAINST = " The others' places are told against the datum."
_WORD = {"good": "passed", "look": "have a look", "stop": "stops it", "plain": "not tested"}
_STYLE = """
:root{color-scheme:dark}*{box-sizing:border-box}
body{background:#2b2d31;color:#e8e9eb;font:15px/1.5 Inter,system-ui,sans-serif;margin:0 auto;
 max-width:1120px;padding:32px 24px 64px;font-variant-numeric:tabular-nums}
h1{font-size:28px;font-weight:600;margin:0}h2{font-size:18px;font-weight:600;margin:48px 0 8px}
p{margin:4px 0 16px;max-width:72ch}.muted,figcaption{color:#aaaeb6;font-size:13px}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:12px;
 margin:24px 0}.fact{background:#303338;border-radius:8px;padding:16px}
.fact .label{color:#aaaeb6;font-size:13px;display:flex;justify-content:space-between}
.fact .value{font-size:18px;margin:4px 0}.fact .blame{font-size:13px;color:#aaaeb6}
.good{color:#6cc28b}.look{color:#e2b04a}.stop{color:#f59c96}.plain{color:#aaaeb6}
.gate{display:grid;grid-template-columns:24px 220px 1fr;gap:8px;padding:8px 0;
 border-top:1px solid #43464d}.gate b{font-weight:600}.gate .remedy{color:#aaaeb6}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:16px}
.wide{display:grid;grid-template-columns:minmax(0,2fr) minmax(0,1fr);gap:16px}
figure{margin:0}figcaption{padding:6px 2px}svg,img{background:#232529;border-radius:8px;
 width:100%;height:auto;display:block}table{border-collapse:collapse;font-size:14px;width:100%}
th,td{padding:6px 16px 6px 0;text-align:right;border-top:1px solid #43464d}
th{color:#aaaeb6;font-weight:500;border:none}th:first-child,td:first-child{text-align:left}
.record{border-left:4px solid #e2b04a;background:#303338;padding:12px 16px;border-radius:4px}
details summary{cursor:pointer;color:#80acf8;margin:8px 0}
@media print{body{background:#fff;color:#111}}
"""


def write_report(path: Path, result: Calibrated, trust: Trust) -> None:
    """Write the report. Raises StudioError if the file cannot be written."""
    with whole(path) as temp:
        temp.write_bytes(page(result, trust).encode())


def page(result: Calibrated, trust: Trust) -> str:
    """The whole page."""
    solution = result.solution
    says = spoken(solution.rig.names)
    sizes = result.seen.sizes_px
    longest = max(
        (float(np.percentile(np.abs(off), 95)) for name in solution.rig.names
         if len(off := residuals(solution, name)[1])),
        default=1.0,
    )  # fmt: skip
    times = float(f"{24 / max(longest, 1e-3):.1g}")
    names = {name: say.long.capitalize() for name, say in says.items()}
    body = [
        "<h1>Calibration</h1>",
        f'<p class="muted">{escape(result.board.name)} · {escape(trust.when)}</p>',
        f'<div class="facts">{"".join(map(_fact, result.facts[:3]))}</div>',
        _notes(result.facts),
        _judged(trust),
    ]
    body += [
        f"<h2>The {'lenses' if result.lenses_only else 'cameras'}</h2><p>One standard deviation "
        "beside each figure; without one, it was given and held."
        f"{'' if result.lenses_only else _AGAINST}</p>",
        _cameras(result, names),
    ]
    if len(solution.rig) > 1 and not result.lenses_only:
        body += [
            "<h2>Who saw the board together</h2><p>Moments that two cameras share, and the rig "
            "from above.</p>",
            f'<div class="wide">{pairs_svg(result.guidance)}{plan_svg(solution.rig)}</div>',
        ]
    body += [
        "<h2>Where the board was seen</h2><p>Corners and edges of the picture tell most about a "
        "lens; the ring shows the directions in which the board leaned.</p>",
        _tiles(coverage_svg(one, sizes[one.camera], names[one.camera])
               for one in result.guidance.cameras if one.camera in names),
        f"<h2>What is left over</h2><p>From each point as it was seen to where the solution puts "
        f"it, {times:g} times as long. Arrows that point anywhere are noise; arrows that agree "
        "are a lens or a camera that is not as it is thought to be.</p>",
        _tiles(residuals_svg(solution, name, names[name], times) for name in solution.rig.names),
        _bars(result),
        _dropped(result, names),
        _tried(result),
    ]  # fmt: skip
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Calibration</title>'
        '<meta name="viewport" content="width=device-width"><style>'
        f"{_STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )


def rejudged(html: str, trust: Trust) -> str:
    """A page that was written before, with what is thought of the calibration now."""
    start, end = (html.find(mark) for mark in _BETWEEN)
    return html if start < 0 or end < start else html[:start] + _judged(trust) + html[end:][
        len(_BETWEEN[1]) :
    ]  # fmt: skip


def _judged(trust: Trust) -> str:
    aside = frozenset(trust.overruled.gates if trust.overruled else ())
    since = "".join(f'<p class="muted">{escape(text)}</p>' for text in trust.since)
    gates = f"<h2>What it was tested for</h2>{_record(trust)}{since}{_gates(trust.gates, aside)}"
    return f"{_BETWEEN[0]}{gates}{_BETWEEN[1]}"


def _record(trust: Trust) -> str:
    if trust.overruled is None:
        return ""
    stopped = [g.title for g in trust.stopped if g.id in trust.overruled.gates]
    gates = ", ".join(dict.fromkeys(stopped))
    return (
        f'<div class="record"><b>Accepted on record</b> although it failed: {escape(gates)}.<br>'
        f"Reason: {escape(trust.overruled.reason)} "
        f'<span class="muted">{escape(trust.overruled.when)}</span></div>'
    )


def _fact(fact: Fact) -> str:
    word = {"good": "good", "look": "have a look", "stop": "not usable", "plain": ""}[fact.verdict]
    return (
        f'<div class="fact"><div class="label"><span>{escape(fact.label)}</span>'
        f'<span class="{fact.verdict}">{_MARK[fact.verdict] if word else ""} {word}</span></div>'
        f'<div class="value">{escape(fact.text)}</div><div class="blame">{escape(fact.blame)}</div>'
        "</div>"
    )


def _notes(facts: Sequence[Fact]) -> str:
    return "".join(f'<p class="muted">{escape(f.text)}</p>' for f in facts if f.label == "Note")


def _gates(gates: Sequence[GateMark], aside: frozenset[str]) -> str:
    def line(entry: Gathered) -> str:
        gate = entry.mark
        word = "set aside" if gate.verdict == "stop" and gate.id in aside else _WORD[gate.verdict]
        remedy = f'<div class="remedy">{escape(gate.remedy)}</div>' if gate.remedy else ""
        each = "<br>".join(map(escape, entry.details))
        more = f"<details><summary>Each camera</summary>{each}</details>" if each else ""
        return (
            f'<div class="gate"><span class="{gate.verdict}">{_MARK[gate.verdict]}</span>'
            f'<span><b>{escape(gate.title)}</b><br><span class="{gate.verdict}">{word}</span>'
            f"</span><div>{escape(gate.text)}{remedy}{more}</div></div>"
        )

    entries = gathered(gates)
    failed = "".join(line(entry) for entry in entries if entry.mark.verdict != "good")
    passed = [entry for entry in entries if entry.mark.verdict == "good"]
    more = "".join(map(line, passed))
    counted = f"{len(passed)} test{'s' * (len(passed) != 1)} passed"
    return (
        f"{failed}<details{'' if failed else ' open'}><summary>{counted}</summary>{more}</details>"
    )


def _cameras(result: Calibrated, names: dict[str, str]) -> str:
    solution = result.solution
    head = ("camera", "place, m", "± mm", "turn ± °", "focal length, px", "fit, px", "held-out, px")
    part = slice(None)
    if result.lenses_only:
        head, part = ("camera", *head[4:]), slice(4, None)
    rows: list[tuple[str, ...]] = []
    for camera in solution.rig.cameras:
        spread = solution.spread.get(camera.name)
        place = ", ".join(f"{v:.3f}" for v in camera.centre_m)
        datum = spread is not None and not np.any(spread.centre_mm)
        off = "datum" if datum else _largest(spread.centre_mm) if spread else ""
        turn = "" if datum else _largest(spread.rotation_deg, 3) if spread else ""
        sigma = _largest(spread.focal_px) if spread else ""
        focal = f"{camera.matrix[0, 0]:.1f}" + (f" ± {sigma}" if sigma else "")
        held = solution.held_out.camera_px.get(camera.name, math.nan)
        row = (
            names[camera.name], place, off, turn, f"{focal} ({camera.lens})",
            f"{solution.camera_rmse_px.get(camera.name, math.nan):.3f}",
            f"{held:.3f}" if math.isfinite(held) else "",
        )  # fmt: skip
        rows.append((row[0], *row[part]) if result.lenses_only else row)
    return _table(head, rows)


def _largest(values: np.ndarray, digits: int = 1) -> str:
    known = values[np.isfinite(values)]
    return f"{known.max():.{digits}f}" if len(known) else ""


def _bars(result: Calibrated) -> str:
    known = [bar for bar in result.bars if math.isfinite(bar.mm)]
    if not known:
        return ""
    rows = [
        (bar.place, ", ".join(f"{v:.2f}" for v in bar.xyz_m), f"{bar.cameras}", f"{bar.mm:.1f}",
         f"{bar.rig_mm:.1f}")
        for bar in known
    ]  # fmt: skip
    head = ("place", "at, m", "cameras", "± mm", "of it the calibration, mm")
    return (
        "<h2>How far off a point may lie</h2><p>One standard deviation along the worst axis, for "
        "a point that is marked to 2 px in every camera.</p>" + _table(head, rows)
    )


def _dropped(result: Calibrated, names: dict[str, str]) -> str:
    left = (*result.solution.dropped, *result.seen.dropped)
    if not left:
        return ""
    rows = [
        (names.get(d.camera, "all"), str(d.frame if d.frame >= 0 else d.moment), d.reason,
         f"{d.off_px:.2f}" if math.isfinite(d.off_px) else "")
        for d in left
    ]  # fmt: skip
    shots = _tiles(
        picture(shot.rgb, f"{names.get(shot.dropped.camera, '')}, picture {shot.dropped.frame}: "
                f"{shot.dropped.reason}")
        for shot in result.shots
    )  # fmt: skip
    table = _table(("camera", "picture", "why", "off, px"), rows)
    return (
        f"<h2>What was left out</h2><p>{len(left)} of the views.</p>{shots}"
        f"<details><summary>All of them</summary>{table}</details>"
    )


def _tried(result: Calibrated) -> str:
    told = result.solution.alternatives
    items = "".join(f"<li>{escape(text)}</li>" for text in told)
    return f"<h2>What else was tried</h2><ul>{items}</ul>" if told else ""


def _tiles(parts: Iterable[str]) -> str:
    return f'<div class="tiles">{"".join(parts)}</div>'


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"
