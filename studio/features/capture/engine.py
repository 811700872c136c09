"""Bringing in footage: find what is there, look into it, link it, and say what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.types import Frame
from studio.document.project import Clip, FileItem, RigItem, TakeItem
from studio.features.capture.calibrations import read_calibration
from studio.features.capture.found import Brought, FoundDetections, FoundRig, FoundTake, Known
from studio.features.capture.link import compare_clips, nearest, renamed
from studio.features.capture.params import Params
from studio.jobs import Context, Engine
from studio.media.cameras import match_cameras
from studio.media.formats.openpose import camera_folders, guess_layout, read_people
from studio.media.identify import Bundle, Take, gather
from studio.media.recording.take import is_take
from studio.media.video import open_clip


def capture(params: Params, inputs: Known, context: Context) -> Engine[Frame, Brought]:
    """Bring in files and folders. Yields the first frame of every clip; returns what was found.

    A file that cannot be used is left out with a note, unless nothing else is left: then its
    StudioError is raised.
    """
    if not params.paths:
        raise StudioError(
            "Nothing was chosen to bring in.",
            "Drop videos, a calibration or a folder on the window, or add files here.",
        )
    context.report(0.0, "Looking through the files")
    bundle = gather(params.paths)
    _refuse_useless(bundle, params)
    errors = list[StudioError]()
    takes = yield from _takes(bundle, params, context, errors)
    rigs = list(_rigs(bundle, params, inputs, takes, errors))
    takes = [_linked(take, inputs, rigs) for take in takes]
    takes += _adopted(inputs, rigs)
    context.report(0.9, "Reading detections")
    detections = list(_detections(bundle, params, context, inputs, takes, rigs, errors))
    files = tuple(
        FileItem(name=known.path.name, role=known.kind, path=str(known.path.absolute()))
        for known in bundle.others
    )
    if errors and not (takes or rigs or detections or files):
        raise errors[0]
    left_out = (*bundle.left_out, *(str(error) for error in errors))
    return Brought(
        tuple(takes), tuple(rigs), tuple(detections), files, bundle.notes, tuple(left_out)
    )


def _refuse_useless(bundle: Bundle, params: Params) -> None:
    if bundle.projects and not (bundle.takes or bundle.rigs or bundle.detections):
        name = bundle.projects[0].name
        raise StudioError(f"“{name}” is a Doppel project.", "Open it with File, Open.")
    if bundle.empty:
        names = ", ".join(path.name for path in params.paths[:3])
        raise StudioError(
            bundle.left_out[0] if bundle.left_out else f"Nothing usable was found in {names}.",
            "Choose videos, picture folders, a calibration or 2D detections.",
        )


def _takes(
    bundle: Bundle, params: Params, context: Context, errors: list[StudioError]
) -> Engine[Frame, list[FoundTake]]:
    """Look into every clip; returns the takes."""
    total = max(sum(len(take.clips) for take in bundle.takes), 1)
    found: list[FoundTake] = []
    done = 0
    for take in bundle.takes:
        clips: list[Clip] = []
        said: dict[str, list[str]] = {}
        for camera, path in take.clips:
            context.check()
            context.report(0.8 * done / total, f"Opening {path.name}")
            done += 1
            try:
                with open_clip(path, camera=camera, rate_hz=params.rate_hz) as reader:
                    yield reader.frame(0)
                    clips.append(
                        Clip(
                            camera=camera,
                            path=str(path.absolute()),
                            size_px=reader.size_px,
                            rate_hz=reader.rate_hz,
                            frames=reader.frames,
                            offset_s=take.offsets_s.get(camera, 0.0),
                        )
                    )
                    for note in reader.notes:
                        said.setdefault(note, []).append(camera)
            except StudioError as error:
                errors.append(error)
        if clips:
            found.append(_take(take, clips, said))
    return found


def _take(take: Take, clips: list[Clip], said: Mapping[str, Sequence[str]]) -> FoundTake:
    """The take, and what its readers said of which cameras."""
    early = is_take(take.folder) and any(clip.offset_s < 0 for clip in clips)
    item = TakeItem(name=take.name, clips=tuple(clips), in_s=0.0 if early else None)
    notes = (f"{', '.join(cameras)}: {note}" for note, cameras in said.items())
    return FoundTake(item, take.folder, (*compare_clips(clips), *notes))


def _rigs(
    bundle: Bundle,
    params: Params,
    inputs: Known,
    takes: Sequence[FoundTake],
    errors: list[StudioError],
) -> Iterator[FoundRig]:
    known = [*takes, *(FoundTake(item, _folder(item)) for item in inputs.takes)]
    for path in bundle.rigs:
        try:
            yield from read_calibration(path, params, known)
        except StudioError as error:
            errors.append(error)


def _linked(take: FoundTake, inputs: Known, rigs: Sequence[FoundRig]) -> FoundTake:
    """The take with the rig that filmed it, and its cameras named as there."""
    names = [clip.camera for clip in take.item.clips]
    places = [*_rig_places(rigs), *_known_rigs(inputs)]
    items = {rig.id: rig for rig in (*inputs.rigs, *_items(rigs))}
    fitting = [place for place in places if _fits(take.item, items[place[0]])]
    best = nearest(names, take.folder, fitting or places)
    return replace(take, item=renamed(take.item, best[1], best[0])) if best else take


def _items(rigs: Sequence[FoundRig]) -> Iterator[RigItem]:
    return (rig.item for rig in rigs if rig.item is not None)


def _fits(take: TakeItem, rig: RigItem) -> bool:
    """Whether the rig is calibrated at the sizes of the take's pictures."""
    sizes = {camera.name: camera.size_px for camera in rig.cameras}
    names = match_cameras([clip.camera for clip in take.clips], tuple(sizes))
    return all(
        clip.camera in names and sizes[names[clip.camera]] == clip.size_px for clip in take.clips
    )


def _adopted(inputs: Known, rigs: Sequence[FoundRig]) -> list[FoundTake]:
    """Takes of the project that had no rig until now."""
    fresh = list(_rig_places(rigs))
    found: list[FoundTake] = []
    for item in inputs.takes:
        names = [clip.camera for clip in item.clips]
        best = None if item.rig else nearest(names, _folder(item), fresh)
        if best:
            found.append(FoundTake(renamed(item, best[1], best[0]), _folder(item)))
    return found


def _rig_places(rigs: Sequence[FoundRig]) -> Iterator[tuple[str, Sequence[str], Path]]:
    for rig in rigs:
        if rig.item is not None:
            yield rig.item.id, [camera.name for camera in rig.item.cameras], rig.path


def _known_rigs(inputs: Known) -> Iterator[tuple[str, Sequence[str], Path]]:
    for rig in inputs.rigs:
        yield rig.id, [camera.name for camera in rig.cameras], Path(rig.source or ".")


def _folder(take: TakeItem) -> Path:
    return Path(take.clips[0].path).parent if take.clips else Path()


def _detections(
    bundle: Bundle,
    params: Params,
    context: Context,
    inputs: Known,
    takes: Sequence[FoundTake],
    rigs: Sequence[FoundRig],
    errors: list[StudioError],
) -> Iterator[FoundDetections]:
    known = [*takes, *(FoundTake(item, _folder(item)) for item in inputs.takes)]
    for path in bundle.detections:
        context.check()
        try:
            yield _one_detections(path, params, inputs, known, rigs)
        except StudioError as error:
            if params.layout != "fitting":
                raise
            errors.append(error)


def _one_detections(
    path: Path,
    params: Params,
    inputs: Known,
    takes: Sequence[FoundTake],
    rigs: Sequence[FoundRig],
) -> FoundDetections:
    cameras = list(camera_folders(path)) if path.is_dir() else [path.stem]
    places = [(take, [clip.camera for clip in take.item.clips], take.folder) for take in takes]
    linked = nearest(cameras, path, [p for p in places if p[0].item.clips[0].frames > 1])
    warnings: list[str] = []
    rate = params.rate_hz
    if linked:
        rate = rate or max(clip.rate_hz for clip in linked[0].item.clips)
    elif rate is None:
        warnings.append("No video tells the frame rate: 30 a second until you say otherwise.")
    layout, note = _layout(path, params, warnings)
    people = read_people(path, layout, rate_hz=rate or 30.0)
    detections = people.main() if params.person is None else people.person(params.person)
    warnings += people.notes
    crowd = people.crowd() if params.person is None else None
    crowd = crowd if crowd is not None and crowd.most > 1 else None
    take_id: str | None = None
    names: dict[str, str] = {}
    if linked:
        take, names = linked
        take_id = take.item.id
        frames = max(clip.frames for clip in take.item.clips)
        if any(rig.mended and rig.item and rig.item.id == take.item.rig for rig in rigs):
            warnings.append(
                "The calibration was mended to the size of the videos; if these keypoints were "
                "detected at the calibrated size, bring them in with the calibration as it was."
            )
        if abs(frames - len(people.numbers)) > 2:
            warnings.append(f"{len(people.numbers)} frames, but the videos have {frames}.")
    elif best := nearest(cameras, path, [*_rig_places(rigs), *_known_rigs(inputs)]):
        names = best[1]
    renamed_cameras = tuple(names.get(name, name) for name in detections.cameras)
    if crowd is not None:
        crowd = replace(crowd, cameras=renamed_cameras)
    name = linked[0].item.name if linked else path.name
    return FoundDetections(
        path,
        f"{name} 2D keypoints",
        replace(detections, cameras=renamed_cameras),
        take_id,
        tuple(warnings),
        note,
        crowd,
    )


def _layout(path: Path, params: Params, warnings: list[str]) -> tuple[str, str]:
    """The layout asked for, or the one that fits, and how it was found."""
    if params.layout != "fitting":
        return params.layout, ""
    fit = guess_layout(path)
    if not fit.sure:
        warnings.append(f"The layout is probably {fit.layout}, but not surely: check it.")
    elif fit.margin < float("inf"):
        return fit.layout, (
            f"{fit.layout} fits; in the next best layout bones would be {fit.margin:.1f} times "
            "as long."
        )
    return fit.layout, ""
