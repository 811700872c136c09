"""Gates over what the cameras saw: is the graph of cameras whole, did each see enough?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from studio.core.calibration import Gate, Solution, View
from studio.vision.calibration.guidance import CameraGuidance, Guide, spoken
from studio.vision.calibration.trust.limits import Limits, verdict_above, verdict_below

_LINK = 3


def view_gates(solution: Solution, limits: Limits) -> Iterator[Gate]:
    """Graph, moments, coverage, tilts, depths, and how much was dropped."""
    names = solution.rig.names
    says = {name: one.long for name, one in spoken(names).items()}
    yield from graph_gates(names, solution.views, limits)
    yield from _moments(solution, says, limits)
    yield from _variety(solution, says, limits)
    yield from _dropped(solution, says, limits)


def shared_moments(names: Sequence[str], views: Sequence[View]) -> dict[tuple[str, str], int]:
    """How many moments each pair of cameras saw the target together."""
    seen = {name: {v.moment for v in views if v.camera == name} for name in names}
    return {(a, b): len(seen[a] & seen[b]) for a, b in combinations(names, 2)}


def parts_of(names: Sequence[str], links: Sequence[tuple[str, str]]) -> list[set[str]]:
    """The connected parts of a graph of cameras."""
    parts = [{name} for name in names]
    for link in links:
        joined = [part for part in parts if part & set(link)]
        parts = [part for part in parts if not part & set(link)] + [set().union(*joined)]
    return parts


def graph_gates(names: Sequence[str], views: Sequence[View], limits: Limits) -> Iterator[Gate]:
    """Whether every camera is joined to the others, and by more than one weak pair."""
    title = "Cameras joined"
    speech = spoken(names)
    shared = shared_moments(names, views)
    links = [pair for pair, count in shared.items() if count >= _LINK]
    parts = parts_of(names, links)
    if len(parts) > 1:
        groups = " | ".join(", ".join(sorted(part)) for part in parts)
        smallest = min(parts, key=len)
        yield Gate(
            "graph",
            title,
            "stop",
            f"The cameras fall into {len(parts)} groups that never saw the target together: "
            f"{groups}.",
            camera=min(smallest) if len(smallest) == 1 else "",
            remedy="Wave the target where cameras of both groups see it, and calibrate again.",
        )
        return
    weak = 0
    for pair in links:
        rest = [other for other in links if other != pair]
        verdict = verdict_below(shared[pair], (2 * limits.pair[0], limits.pair[1]))
        if verdict != "good" and len(parts_of(names, rest)) > 1:
            weak += 1
            a, b = (speech[name].short for name in pair)
            yield Gate(
                "graph",
                title,
                "look",
                f"Only {shared[pair]} common moments of cameras {a} and {b} join the rig.",
                remedy=f"Wave the target between {a} and {b}.",
            )
    if not weak:
        count = f"{len(links)} pairs" if len(links) != 1 else "1 pair"
        yield Gate("graph", title, "good", f"All {len(names)} cameras are joined by {count}.")


def _moments(solution: Solution, says: Mapping[str, str], limits: Limits) -> Iterator[Gate]:
    title = "Enough moments"
    counts = Counter(view.camera for view in solution.views)
    bad = False
    for name in solution.rig.names:
        wanted = limits.lens_views if name in solution.refined else limits.views
        verdict = verdict_below(counts[name], wanted)
        if verdict != "good":
            bad = True
            yield Gate(
                "moments",
                title,
                verdict,
                f"{_upper(says[name])} saw the target {counts[name]} times; "
                f"{wanted[0]} are wanted.",
                name,
                f"Show it longer to {says[name]}.",
            )
    if not bad:
        fewest = min(counts.values(), default=0)
        yield Gate("moments", title, "good", f"Every camera saw the target {fewest} times or more.")


def _variety(solution: Solution, says: Mapping[str, str], limits: Limits) -> Iterator[Gate]:
    """Coverage, tilts and depths; they matter for lenses that were solved here."""
    refined = [name for name in solution.rig.names if name in solution.refined]
    if not refined:
        return
    guide = Guide(solution.target, {c.name: c.size_px for c in solution.rig.cameras})
    for view in solution.views:
        guide.add(view)
    for id, title, ask in (
        ("coverage", "Coverage of the picture", _coverage),
        ("tilts", "Variety of tilts", _tilts),
        ("depth", "Variety of distances", _depth),
    ):
        bad = False
        worst = ""
        advice = guide.advice()
        for name in refined:
            gate = ask(advice[name], says[name], limits, solution.target.flat)
            worst = worst or gate.text
            if gate.verdict != "good":
                bad = True
                yield Gate(id, title, gate.verdict, gate.text, name, gate.remedy)
        if not bad:
            yield Gate(id, title, "good", worst if len(refined) == 1 else f"{title}: all good.")


def _coverage(one: CameraGuidance, says: str, limits: Limits, flat: bool) -> Gate:
    verdict = verdict_below(one.covered, limits.covered)
    text = f"The target covered {100 * one.covered:.0f} % of the picture of {says}."
    remedy = f"Carry it into the corners and along the edges of the picture of {says}."
    return Gate("coverage", "", verdict, text, remedy=remedy)


def _tilts(one: CameraGuidance, says: str, limits: Limits, flat: bool) -> Gate:
    count = sum(one.tilts)
    verdict = verdict_below(count, limits.tilts) if flat else "good"
    text = f"The target leaned in {count} of 8 directions before {says}."
    remedy = f"Tilt it up, down, left and right before {says}, by 30 to 45 degrees."
    return Gate("tilts", "", verdict, text, remedy=remedy)


def _depth(one: CameraGuidance, says: str, limits: Limits, flat: bool) -> Gate:
    verdict = verdict_below(one.depth_ratio, limits.depth_ratio)
    text = f"Its farthest view from {says} is {one.depth_ratio:.2f} times as far as its nearest."
    remedy = f"Bring it twice as near to {says}, then twice as far."
    return Gate("depth", "", verdict, text, remedy=remedy)


def _dropped(solution: Solution, says: Mapping[str, str], limits: Limits) -> Iterator[Gate]:
    title = "Views left out"
    kept = Counter(view.camera for view in solution.views)
    lost = Counter(drop.camera for drop in solution.dropped if drop.camera and drop.unfit)
    bad = False
    for name in solution.rig.names:
        share = lost[name] / max(kept[name] + lost[name], 1)
        verdict = verdict_above(share, limits.dropped)
        if verdict != "good":
            bad = True
            yield Gate(
                "dropped",
                title,
                verdict,
                f"{lost[name]} of {kept[name] + lost[name]} views of {says[name]} do not fit the "
                "rest and were left out.",
                name,
                f"Look at them: blur, reflections, or {says[name]} is out of step or was moved.",
            )
    if not bad:
        named = [
            f"{says.get(d.camera, 'all cameras')}, moment {d.moment} ({d.reason})"
            for d in solution.dropped[:4]
        ]
        more = f" and {len(solution.dropped) - 4} more" if len(solution.dropped) > 4 else ""
        text = f"Left out: {'; '.join(named)}{more}." if named else "No view had to be left out."
        yield Gate("dropped", title, "good", text)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
