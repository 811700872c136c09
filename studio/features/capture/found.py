"""What the import found: items ready for a project, and what a person should know about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from studio.core.types import Crowd, Detections, Fact
from studio.document.project import FileItem, RigItem, TakeItem
from studio.media.formats.rigs import ImportedRig
from studio.media.rig_checks import RigProblem

_ORDER = ("plain", "good", "look", "stop")
_MODELS = "a model is an avatar in “Puppet”, where it is chosen, or is added to “Try on” and worn"


@dataclass(frozen=True)
class Known:
    """What the project holds already: new files may belong to it."""

    takes: tuple[TakeItem, ...] = ()
    rigs: tuple[RigItem, ...] = ()


@dataclass(frozen=True, eq=False)
class FoundTake:
    """A take, the folder it lies in, and warnings about its files."""

    item: TakeItem
    folder: Path
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class FoundRig:
    """A rig file, its item unless a question is open, and what is wrong with it."""

    path: Path
    imported: ImportedRig
    item: RigItem | None = None
    problems: tuple[RigProblem, ...] = ()
    mended: tuple[RigProblem, ...] = ()


@dataclass(frozen=True, eq=False)
class FoundDetections:
    """2D keypoints of one person, and the take they belong to; everybody's, if there are more."""

    path: Path
    name: str
    detections: Detections
    take: str | None
    warnings: tuple[str, ...] = ()
    layout_note: str = ""
    crowd: Crowd | None = None


@dataclass(frozen=True, eq=False)
class Brought:
    """The result of an import."""

    takes: tuple[FoundTake, ...] = ()
    rigs: tuple[FoundRig, ...] = ()
    detections: tuple[FoundDetections, ...] = ()
    files: tuple[FileItem, ...] = ()
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def open_rigs(self) -> tuple[FoundRig, ...]:
        """Rigs with a question that must be answered before they can be used."""
        return tuple(rig for rig in self.rigs if rig.imported.questions)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Footage, calibration, detections; each with the gravest thing to know about it."""
        facts = (
            *_first(take_fact(take) for take in self.takes),
            *_first(rig_fact(rig) for rig in self.rigs),
            *_first(detections_fact(found) for found in self.detections),
        )
        if self.files:
            names = ", ".join(item.name for item in self.files[:3])
            mesh = any(item.role == "mesh" for item in self.files)
            where = _MODELS if mesh else "kept with the project; no step reads them from there yet"
            facts = (*facts, Fact("Other files", f"{len(self.files)}: {names}", "look", where))
        left_out = (Fact("Left out", text, "look") for text in self.left_out)
        return (*facts, *left_out, *(Fact("Note", note) for note in self.notes))


@dataclass(frozen=True)
class _Sum:
    """Facts of one label, folded into one."""

    facts: tuple[Fact, ...] = field(default=())

    def one(self) -> Fact:
        gravest = max(self.facts, key=lambda fact: _ORDER.index(fact.verdict))
        if len(self.facts) == 1:
            return gravest
        return replace(gravest, text=f"{len(self.facts)} found; {gravest.text}")


def _first(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    found = tuple(facts)
    return (_Sum(found).one(),) if found else ()


def take_fact(take: FoundTake) -> Fact:
    """Cameras, length and rate of a take."""
    clips = take.item.clips
    longest = max(clips, key=lambda clip: clip.frames)
    cameras = f"{len(clips)} camera{'s' * (len(clips) != 1)}"
    sizes = {clip.size_px for clip in clips}
    size = " and ".join(f"{w} x {h}" for w, h in sorted(sizes))
    if longest.frames == 1:
        text = f"{take.item.name}: {cameras}, one picture each, {size}"
    else:
        seconds = longest.frames / longest.rate_hz
        text = (
            f"{take.item.name}: {cameras}, {longest.frames} frames, {longest.rate_hz:.4g} Hz, "
            f"{seconds:.1f} s, {size}"
        )
    return Fact("Footage", text, "look" if take.warnings else "good", " ".join(take.warnings))


def rig_fact(rig: FoundRig) -> Fact:
    """Cameras, format and the first problem of a rig."""
    name, cameras = rig.path.name, len(rig.imported.provisional)
    text = f"{name}: {cameras} camera{'s' * (cameras != 1)}, {rig.imported.format}"
    if rig.imported.questions:
        question = rig.imported.questions[0]
        return Fact("Calibration", text, "stop", f"{question.text} {question.evidence}")
    if rig.problems:
        first = rig.problems[0]
        more = f" ({len(rig.problems)} problems in all)" if len(rig.problems) > 1 else ""
        return Fact("Calibration", text, "look", f"{first.message} {first.hint}{more}")
    if rig.mended:
        cameras_mended = ", ".join(dict.fromkeys(p.camera or "all cameras" for p in rig.mended))
        how = " and ".join(dict.fromkeys(p.mend or "" for p in rig.mended))
        return Fact("Calibration", text, "good", f"Mended ({how}): {cameras_mended}.")
    return Fact("Calibration", text, "good", " ".join(rig.imported.notes))


def detections_fact(found: FoundDetections) -> Fact:
    """Layout, cameras, frames and how much was seen."""
    d = found.detections
    seen = 100 * float((d.confidence > 0).mean()) if d.confidence.size else 0.0
    text = (
        f"{found.name}: {d.layout.name}, {len(d.cameras)} cameras, {len(d.times_s)} frames, "
        f"{seen:.0f} % of the points seen"
    )
    blame = " ".join(filter(None, (found.layout_note, *found.warnings)))
    good = seen >= 50 and not found.warnings
    return Fact("Detections", text, "good" if good else "look", blame)
