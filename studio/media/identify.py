"""What is this file or folder? For drag and drop, “Open my footage” and the command line."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import av
import av.error
import numpy as np

from studio.core.errors import StudioError
from studio.core.files import (
    IMAGE_SUFFIXES,
    VIDEO_SUFFIXES,
    check_file,
    images_in,
    is_lfs_pointer,
    natural_key,
    picture_series,
)
from studio.media.cameras import camera_keys, match_cameras, share_pattern
from studio.media.damage import damage
from studio.media.formats.openpose import camera_folders
from studio.media.formats.rigs import ImportedRig, format_of, read_rig
from studio.media.recording.read import clips_of
from studio.media.recording.take import is_take, read_take

Kind = Literal[
    "video", "image", "image folder", "rig", "detections", "motion", "mesh", "project", "folder",
    "unknown",
]  # fmt: skip
MOTION_SUFFIXES = frozenset({".trc", ".bvh", ".c3d"})
MESH_SUFFIXES = frozenset({".glb", ".gltf", ".obj", ".ply", ".stl", ".vrm", ".usd", ".usda",
                           ".usdc", ".usdz", ".fbx"})  # fmt: skip
_RIG_SUFFIXES = frozenset({".toml", ".json", ".yml", ".yaml", ".xml", ".txt", ".dat"})
_DEPTH = 6


@dataclass(frozen=True)
class Identified:
    """What a path is; ``text`` says it in a sentence, ``reason`` why it is unknown."""

    path: Path
    kind: Kind
    text: str
    reason: str = ""


@dataclass(frozen=True)
class Take:
    """Videos or image folders that belong together: (camera, path) pairs.

    ``offsets_s`` says when the clips begin on their common clock, where it is known.
    """

    name: str
    clips: tuple[tuple[str, Path], ...]
    folder: Path
    offsets_s: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True)
class Bundle:
    """Everything found in what was dropped. ``others`` are files of a kind for other panels."""

    takes: tuple[Take, ...] = ()
    rigs: tuple[Path, ...] = ()
    detections: tuple[Path, ...] = ()
    projects: tuple[Path, ...] = ()
    others: tuple[Identified, ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing of use was found."""
        return not (self.takes or self.rigs or self.detections or self.projects or self.others)


def identify(path: Path) -> Identified:
    """Say what one path is, without reading more than its beginning. Never raises for content."""
    path = Path(path)
    try:
        return _identify_folder(path) if path.is_dir() else _identify_file(path)
    except StudioError as error:
        return Identified(path, "unknown", f"{path.name}: not usable", str(error))
    except OSError as error:
        reason = f"It cannot be read: {error.strerror or error}."
        return Identified(path, "unknown", f"{path.name}: not usable", reason)


def _identify_file(path: Path) -> Identified:
    check_file(path, "the file")
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return Identified(path, "video", f"{path.name}: a video")
    if suffix in IMAGE_SUFFIXES:
        return Identified(path, "image", f"{path.name}: a picture")
    if reason := damage(path):
        return Identified(path, "unknown", f"{path.name}: damaged", reason)
    if suffix in MOTION_SUFFIXES:
        return Identified(path, "motion", f"{path.name}: a motion ({suffix[1:].upper()})")
    if suffix in MESH_SUFFIXES:
        return Identified(path, "mesh", f"{path.name}: a model ({suffix[1:].upper()})")
    if suffix == ".json" and _holds_people(path):
        return Identified(path, "detections", f"{path.name}: 2D keypoints")
    if suffix in _RIG_SUFFIXES and (form := format_of(path)):
        return Identified(path, "rig", f"{path.name}: a camera rig ({form})")
    reason = f"Doppel has no use for “{suffix or path.name}” files with this content."
    return Identified(path, "unknown", f"{path.name}: unknown", reason)


def _holds_people(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(4000)
    return b'"people"' in head or (b'"image_id"' in head and b'"keypoints"' in head)


def _is_project(path: Path) -> bool:
    return path.is_dir() and (
        (path / "project.json").is_file()
        or (path.suffix == ".doppel" and (path / "autosave.json").is_file())
    )


def _identify_folder(path: Path) -> Identified:
    if _is_project(path):
        return Identified(path, "project", f"{path.name}: a Doppel project")
    if cameras := camera_folders(path):
        count = f"{len(cameras)} camera" + "s" * (len(cameras) != 1)
        return Identified(path, "detections", f"{path.name}: 2D keypoints of {count}")
    if any(path.glob("*.dat")) and format_of(path) == "handpose3d .dat":
        return Identified(path, "rig", f"{path.name}: a camera rig (handpose3d .dat)")
    videos = [p for p in path.iterdir() if p.suffix.lower() in VIDEO_SUFFIXES]
    pictures = images_in(path)
    alone = not videos and not any(p.is_dir() for p in path.iterdir())
    if pictures and alone and len(picture_series(path)) == 1:
        return Identified(path, "image folder", f"{path.name}: {len(pictures)} pictures")
    found = gather([path])
    if found.empty:
        why = " ".join(found.left_out) or "There is no video, picture, rig or detection inside."
        return Identified(path, "unknown", f"{path.name}: nothing usable inside", why)
    return Identified(path, "folder", f"{path.name}: {describe(found)}")


def describe(bundle: Bundle) -> str:
    """A bundle in one line: “1 take of 4 cameras, 1 camera rig, 2D keypoints”."""
    parts: list[str] = []
    for take in bundle.takes[:3]:
        cameras = len(take.clips)
        parts.append(f"“{take.name}” ({cameras} camera{'s' * (cameras != 1)})")
    if len(bundle.takes) > 3:
        parts.append(f"{len(bundle.takes) - 3} more takes")
    for count, one in (
        (len(bundle.rigs), "camera rig"),
        (len(bundle.detections), "set of 2D keypoints"),
        (len(bundle.projects), "project"),
        (len(bundle.others), "other file"),
    ):
        if count:
            words = one.replace("set ", "sets ") if count > 1 and "set " in one else one
            parts.append(f"{count} {words}{'s' * (count > 1 and 'set' not in one)}")
    return ", ".join(parts)


def gather(paths: Iterable[Path]) -> Bundle:
    """Everything usable in files and folders, grouped: cameras into takes, files into rigs."""
    asked = [Path(path) for path in paths]
    notes: list[str] = []
    left_out: list[str] = []
    files: list[Path] = []
    found: dict[str, list[Path]] = {
        "rigs": [], "detections": [], "projects": [], "images": [], "recorded": [],
    }  # fmt: skip
    for path in asked:
        _walk(path, files, found, left_out, _DEPTH)
    recorded = list(_recorded(found["recorded"], notes))
    folders = {take.folder for take in recorded}
    files = [p for p in files if not (p.parent in folders and p.suffix.lower() in VIDEO_SUFFIXES)]
    videos = [p for p in files if p.suffix.lower() in VIDEO_SUFFIXES]
    others: list[Identified] = []
    rigs: dict[Path, None] = dict.fromkeys(found["rigs"])
    for path in files:
        if path in videos:
            continue
        known = identify(path)
        if known.kind == "rig":
            rigs[_whole_rig(path)] = None
        elif known.kind in ("motion", "mesh", "image"):
            others.append(known)
        elif known.kind == "detections":
            found["detections"].append(path)
        elif known.reason and (path in asked or is_pointer(path)):
            left_out.append(known.reason)
    usable = dict(_usable(rigs, notes, left_out))
    images = [path for path in found["images"] if not _views(path, usable.values())]
    views = [take for path in found["images"] if (take := _views(path, usable.values()))]
    takes = [*recorded, *_takes(videos, notes), *views, *_takes(images, notes)]
    return Bundle(
        tuple(_distinct(takes, {take.name: 0 for take in takes})),
        tuple(usable),
        tuple(found["detections"]),
        tuple(found["projects"]),
        tuple(others),
        tuple(dict.fromkeys(left_out)),
        tuple(dict.fromkeys(notes)),
    )


def is_pointer(path: Path) -> bool:
    """Whether a file of a kind that matters is only a Git LFS pointer, or empty."""
    return path.is_file() and (path.stat().st_size == 0 or is_lfs_pointer(path))


def _walk(
    path: Path, files: list[Path], found: dict[str, list[Path]], left_out: list[str], depth: int
) -> None:
    if not path.exists():
        raise StudioError(f"There is no “{path.name}” in {path.parent}.", "Check the path.")
    if path.is_file():
        files.append(path)
        return
    if _is_project(path):
        found["projects"].append(path)
        return
    if depth == 0:
        left_out.append(f"“{path.name}” lies too deep in folders and was not searched.")
        return
    if is_take(path):
        found["recorded"].append(path)
    inside = sorted(path.iterdir(), key=lambda p: natural_key(p.name))
    cameras = camera_folders(path)
    if cameras:
        found["detections"].append(path)
    taken = set(cameras.values())
    pictures = [p for p in inside if p.suffix.lower() in IMAGE_SUFFIXES]
    if len(pictures) > 1:
        found["images"] += picture_series(path)
    for child in inside:
        if child.name.startswith(".") or child in taken:
            continue
        if child.is_dir():
            _walk(child, files, found, left_out, depth - 1)
        elif child.suffix.lower() in IMAGE_SUFFIXES and len(pictures) > 1:
            continue
        elif not (path in taken and child.suffix.lower() == ".json"):
            files.append(child)


def _recorded(folders: Iterable[Path], notes: list[str]) -> Iterator[Take]:
    """Takes that Doppel recorded: it wrote down which camera is which and when each began."""
    for folder in folders:
        try:
            take = read_take(folder)
        except StudioError as error:
            notes.append(str(error))
            continue
        clips, said = clips_of(folder, take)
        if not take.finished:
            notes.append(
                f"“{take.name}” was not finished: mend it in the list of takes, or with: "
                f"doppel record --recover {shlex.quote(str(folder))}"
            )
            continue
        notes += said
        pairs = tuple((clip.camera, clip.video) for clip in clips)
        yield Take(take.name, pairs, folder, {clip.camera: clip.offset_s for clip in clips})


def _takes(paths: list[Path], notes: list[str]) -> Iterator[Take]:
    """Paths of one folder whose names differ by a camera, and that last alike, are one take."""
    folders: dict[Path, list[Path]] = {}
    for path in paths:
        folders.setdefault(path.parent, []).append(path)
    for folder, members in folders.items():
        members.sort(key=lambda p: natural_key(p.name))
        names = [p.name if p.is_dir() else p.stem.rstrip("*_-. ") for p in members]
        if share_pattern(names) and _last_alike(members):
            clips = tuple(zip(_camera_names(names), members, strict=True))
            yield Take(_take_name(folder), clips, folder)
            continue
        if len(members) > 1 and share_pattern(names):
            notes.append(
                f"The videos of “{folder.name}” differ in length: they are taken one by one."
            )
        for name, path in zip(names, members, strict=True):
            yield Take(name, ((name, path),), folder)


def _camera_names(names: list[str]) -> list[str]:
    """``cam_1`` where the names hold numbers, else the names."""
    keys = camera_keys(names)
    return [f"cam{key.zfill(2)}" if key.isdigit() else name
            for key, name in zip(keys, names, strict=True)]  # fmt: skip


def _take_name(folder: Path) -> str:
    generic = {"videos", "video", "media", "recordings", "extrinsic", "cameras", "footage", "raw"}
    named = folder
    while named.name.casefold() in generic and named.parent.name:
        named = named.parent
    return named.name or "Take"


def _distinct(takes: list[Take], seen: dict[str, int]) -> Iterator[Take]:
    for take in takes:
        seen[take.name] += 1
        number = seen[take.name]
        yield take if number == 1 else replace(take, name=f"{take.name} {number}")


def _last_alike(paths: list[Path]) -> bool:
    """Whether clips last equally long, within a tenth; unreadable ones do not count."""
    lengths = [length for path in paths if (length := _length(path))]
    return not lengths or max(lengths) <= 1.1 * min(lengths) + 0.5


def _length(path: Path) -> float:
    """Seconds by the header (pictures: their count); 0 if unknown."""
    if path.is_dir() or "*" in path.name:
        return float(len(images_in(path)))
    try:
        with av.open(str(path)) as container:
            return (container.duration or 0) / 1e6
    except (av.error.FFmpegError, OSError):
        return 0.0


def _whole_rig(path: Path) -> Path:
    """The path that stands for a rig made of several files."""
    if path.suffix.lower() == ".dat":
        return path.parent
    for outer, inner in (("extrinsics", "intrinsics"), ("extri", "intri")):
        if path.stem == outer and path.with_stem(inner).is_file():
            return path.with_stem(inner)
    return path


def _views(folder: Path, rigs: Iterable[ImportedRig]) -> Take | None:
    """A folder that holds one picture of every camera of a rig, named as the camera."""
    if "*" in folder.name:
        return None
    pictures = {path.stem: path for path in images_in(folder)}
    for rig in rigs:
        names = rig.provisional.names
        match = match_cameras(names, tuple(pictures))
        exact = all(name == picture for name, picture in match.items())
        if 1 < len(match) == len(names) and (exact or len(pictures) == len(names)):
            clips = tuple((name, pictures[match[name]]) for name in names)
            return Take(folder.name, clips, folder)
    return None


def _usable(
    rigs: Iterable[Path], notes: list[str], left_out: list[str]
) -> Iterator[tuple[Path, ImportedRig]]:
    """Rigs that can be read; of two that say the same in one folder, the first."""
    kept: list[tuple[Path, ImportedRig]] = []
    for path in rigs:
        try:
            rig = read_rig(path)
        except StudioError as error:
            left_out.append(str(error))
            continue
        twin = next((p for p, r in kept if p.parent == path.parent and _agree(r, rig)), None)
        if twin is not None:
            notes.append(f"“{path.name}” says the same as “{twin.name}” and was left out.")
            continue
        kept.append((path, rig))
        yield path, rig


def _agree(a: ImportedRig, b: ImportedRig) -> bool:
    """Whether two rigs put the same cameras at the same places."""
    one, other = a.provisional, b.provisional
    names = match_cameras(one.names, other.names)
    return len(one) == len(other) == len(names) and all(
        one[x].size_px == other[y].size_px
        and np.allclose(one[x].projection, other[y].projection, rtol=1e-6, atol=1e-6)
        for x, y in names.items()
    )
