"""Reading and checking a rig against the takes that it filmed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from studio.core.types import CameraRig
from studio.document.project import RigItem
from studio.features.capture.found import FoundRig, FoundTake
from studio.features.capture.link import nearness
from studio.features.capture.params import Params
from studio.features.capture.pictures import tell_sizes
from studio.media.cameras import match_cameras
from studio.media.formats.rigs import read_rig
from studio.media.rig_checks import RigProblem, Size, check_rig
from studio.media.rig_mends import mend_rig

Sizes = Mapping[str, Size]
_GENERIC = ("camera_array", "config", "calibration", "intrinsics", "intri", "cameras",
            "camera_parameters")  # fmt: skip


def read_calibration(path: Path, params: Params, takes: Sequence[FoundTake]) -> Iterator[FoundRig]:
    """The rig of a file, checked; picture sizes that it does not store come from its take.

    Mended, it becomes a rig for each set of picture sizes that its takes have. Raises StudioError.
    """
    up, unit, size = params.up, params.unit, params.size_px()
    imported = read_rig(path, up=up, unit=unit, size=size)
    filmed = _filmed(imported.provisional, path, takes)
    if filmed and any(question.topic == "size" for question in imported.questions):
        imported = read_rig(path, up=up, unit=unit, size=filmed[0][1])
    if imported.questions:
        yield FoundRig(path, imported)
        return
    rig, name, source = imported.rig, _name(path), str(path.absolute())
    checked = [
        (take, sizes, tell_sizes(check_rig(rig, sizes), rig, takes)) for take, sizes in filmed
    ] or [(None, {}, check_rig(rig))]
    if not params.mend or not any(p.mend for *_, problems in checked for p in problems):
        problems = dict.fromkeys(problem for *_, found in checked for problem in found)
        yield FoundRig(path, imported, RigItem.of(name, rig, source), tuple(problems))
        return
    for take, sizes, problems in checked:
        mended = tuple(problem for problem in problems if problem.mend)
        fitting = _mended(rig, mended)
        own = f"{name} for {take.item.name}" if take and len(checked) > 1 else name
        left = check_rig(fitting, sizes)
        yield FoundRig(path, imported, RigItem.of(own, fitting, source), left, mended)


def _mended(rig: CameraRig, problems: Sequence[RigProblem]) -> CameraRig:
    for problem in problems:
        rig = mend_rig(rig, problem)
    return rig


def _filmed(
    rig: CameraRig, path: Path, takes: Sequence[FoundTake]
) -> list[tuple[FoundTake, Sizes]]:
    """A take for each set of picture sizes among those that this rig filmed, nearest first.

    Sizes go by the rig's camera names.
    """
    found: list[tuple[FoundTake, Sizes]] = []
    for take in sorted(
        takes, key=lambda t: (nearness(path, t.folder), len(t.item.clips)), reverse=True
    ):
        names = match_cameras([clip.camera for clip in take.item.clips], rig.names)
        if len(names) < len(take.item.clips):
            continue
        sizes = {names[clip.camera]: clip.size_px for clip in take.item.clips}
        if sizes not in [known for _, known in found]:
            found.append((take, sizes))
    return found


def _name(path: Path) -> str:
    plain = path.name.removesuffix(".qca.txt").removesuffix(path.suffix)
    return f"{path.parent.name} cameras" if plain.casefold() in _GENERIC else plain
