"""2D detections as OpenPose writes them: a folder a camera, a JSON file a frame.

Pose2Sim, RTMLib and others write the same form; AlphaPose's single results file is read too.
Frames of different cameras belong together by the number in their file names; a file that is not
there is a frame without detections. A coordinate of exactly 0 is how a missing point is written,
even where only one of the two was cleared.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from studio.core.errors import StudioError
from studio.core.files import is_lfs_pointer, natural_key
from studio.core.types import Crowd, Detections, Layout
from studio.human.layouts import layout as find_layout
from studio.media.formats.fit import Fit, check_layout, guess
from studio.vision.people.main import main_detections

BODY, LEFT, RIGHT, FACE = (
    "pose_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d", "face_keypoints_2d"
)  # fmt: skip
FIELDS: dict[str, tuple[str, ...]] = {
    "openpose_137": (BODY, LEFT, RIGHT, FACE),
    "left_hand_21": (LEFT,),
    "right_hand_21": (RIGHT,),
    "face_68": (FACE,),
    "face_70": (FACE,),
}
Person = Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class People:
    """Everybody that a folder of detections holds; empty places are NaN with confidence 0.

    ``numbers`` are the frame numbers of the files; ``times_s`` counts from the first of them.
    """

    cameras: tuple[str, ...]
    numbers: np.ndarray
    times_s: np.ndarray
    layout: Layout
    xy_px: np.ndarray
    """(frames, views, persons, points, 2)"""
    confidence: np.ndarray
    """(frames, views, persons, points)"""
    notes: tuple[str, ...] = ()

    def person(self, index: int) -> Detections:
        """The person at one place in every file."""
        if not 0 <= index < self.xy_px.shape[2]:
            raise StudioError(
                f"There is no person {index} in the files.",
                f"They hold up to {self.xy_px.shape[2]}, counted from 0.",
            )
        return Detections(
            self.cameras, self.times_s, self.layout,
            self.xy_px[:, :, index], self.confidence[:, :, index],
        )  # fmt: skip

    def main(self) -> Detections:
        """In each camera the person that is largest, surest and seen throughout."""
        return main_detections(self.crowd())

    def crowd(self) -> Crowd:
        """Everybody, as the cameras' files have them: nobody is followed from frame to frame."""
        track = np.full(self.confidence.shape[:3], -1)
        return Crowd(self.cameras, self.times_s, self.layout, self.xy_px, self.confidence, track)


def read_detections(
    folder: Path, layout: str | None = None, *, rate_hz: float = 30.0, person: int | None = None
) -> Detections:
    """One person's detections in all cameras of a folder.

    ``layout`` is a name of the catalogue, None finds the one that fits; ``person`` is the place
    in the files, None follows the main person. Raises StudioError if the folder holds no
    detections, a file is damaged, or the layout does not fit (naming the one that does).
    """
    people = read_people(folder, layout, rate_hz=rate_hz)
    return people.main() if person is None else people.person(person)


def read_people(folder: Path, layout: str | None = None, *, rate_hz: float = 30.0) -> People:
    """Everybody in a folder of detections. Raises StudioError as :func:`read_detections`."""
    folder = Path(folder)
    cameras, notes = _read_cameras(folder)
    frames = [people for of_camera in cameras.values() for people in of_camera.values()]
    name = layout or _guess(folder, frames).layout
    chosen = find_layout(name)
    fields = _fields(name, frames)
    _check(folder, name, fields, frames)
    numbers = np.arange(
        min(min(of) for of in cameras.values()), max(max(of) for of in cameras.values()) + 1
    )
    most = max((len(people) for people in frames), default=0)
    shape = (len(numbers), len(cameras), max(most, 1), len(chosen))
    xy, confidence = np.full((*shape, 2), np.nan), np.zeros(shape)
    for view, of_camera in enumerate(cameras.values()):
        for number, people in of_camera.items():
            for place, person in enumerate(people):
                points = _points(person, fields, len(chosen))
                seen = (points[:, 2] > 0) & np.isfinite(points).all(axis=1)
                seen &= (points[:, :2] != 0).all(axis=1)
                at = (number - numbers[0], view, place)
                xy[at][seen] = points[seen, :2]
                confidence[at][seen] = points[seen, 2]
    if not rate_hz > 0:
        raise StudioError(f"{rate_hz} is not a frame rate.", "Give frames a second, above zero.")
    times = (numbers - numbers[0]) / rate_hz
    return People(tuple(cameras), numbers, times, chosen, xy, confidence, tuple(notes))


def guess_layout(folder: Path) -> Fit:
    """The layout that fits a folder best, and how surely. Raises StudioError if none does."""
    cameras, _ = _read_cameras(Path(folder))
    return _guess(Path(folder), [people for of in cameras.values() for people in of.values()])


def camera_folders(folder: Path) -> dict[str, Path]:
    """The folders of JSON files in ``folder`` (or itself), by camera name."""
    own = _holds_frames(folder)
    if own:
        return {_camera(folder.name): folder}
    inner = sorted((p for p in folder.iterdir() if p.is_dir()), key=lambda p: natural_key(p.name))
    return {_camera(p.name): p for p in inner if _holds_frames(p)}


def _camera(name: str) -> str:
    return re.sub(r"[_\-. ]?(json|keypoints|openpose|pose)$", "", name, flags=re.I) or name


def _holds_frames(folder: Path) -> bool:
    return any(_is_frame(path) for path in islice(folder.glob("*.json"), 20))


def _is_frame(path: Path) -> bool:
    """Whether a JSON file's beginning looks like detections."""
    try:
        with path.open("rb") as file:
            head = file.read(4000)
    except OSError:
        return False
    return b'"people"' in head or (b'"image_id"' in head and b'"keypoints"' in head)


def _read_cameras(folder: Path) -> tuple[dict[str, dict[int, list[Person]]], list[str]]:
    if folder.is_file():
        if folder.suffix.lower() != ".json":
            raise StudioError(
                f"“{folder.name}” is not 2D detections.", "Choose the folder of the JSON files."
            )
        cameras = {_camera(folder.stem): _read_alphapose(folder)}
        if cameras[_camera(folder.stem)]:
            return cameras, []
    if not folder.is_dir():
        raise StudioError(
            f"There is no folder “{folder.name}”.", "Choose the folder that holds the JSON files."
        )
    notes: list[str] = []
    found = {name: _read_folder(path, notes) for name, path in camera_folders(folder).items()}
    found = {name: frames for name, frames in found.items() if frames}
    if not found:
        pointers = [p for p in folder.rglob("*.json") if is_lfs_pointer(p)]
        raise StudioError(
            f"“{folder.name}” holds no 2D detections"
            + (", only Git LFS pointers." if pointers else "."),
            "Run “git lfs pull” where they came from."
            if pointers
            else "It should hold a folder a camera, with an OpenPose JSON file a frame.",
        )
    return found, notes


def _read_folder(folder: Path, notes: list[str]) -> dict[int, list[Person]]:
    """Frame number -> people. Files named unlike the others are left out and noted."""
    files = sorted(folder.glob("*.json"), key=lambda p: natural_key(p.name))
    series: dict[str, list[tuple[int, Path]]] = {}
    for path in files:
        stem = re.sub(r"_keypoints$", "", path.stem)
        if match := re.search(r"(\d+)(?=\D*$)", stem):
            series.setdefault(stem[: match.start()], []).append((int(match[1]), path))
    if not series:
        results = [p for p in files if _is_frame(p)]
        return _read_alphapose(results[0]) if len(results) == 1 else {}
    main = max(series, key=lambda prefix: len(series[prefix]))
    if left_out := len(files) - len(series[main]):
        notes.append(f"{folder.name}: {left_out} files are named unlike the others and left out.")
    return {number: _read_frame(path) for number, path in series[main]}


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise StudioError(f"“{path.name}” cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        if is_lfs_pointer(path):
            why, hint = "is a Git LFS pointer", "Run “git lfs pull” where it came from."
        elif path.stat().st_size == 0:
            why, hint = "is empty", "Run the detection of that frame again, or delete the file."
        else:
            why, hint = "is damaged or cut off", "Run the detection of that frame again."
        raise StudioError(f"“{path.parent.name}/{path.name}” {why}.", hint) from error


def _read_frame(path: Path) -> list[Person]:
    content = _load(path)
    if isinstance(content, list):
        return [_alphapose_person(path, entry) for entry in content]
    people = content.get("people") if isinstance(content, dict) else None
    if not isinstance(people, list):
        raise StudioError(
            f"“{path.parent.name}/{path.name}” has no list of people.",
            "It is not an OpenPose file; keep only those in the folder.",
        )
    return [
        {field: _triples(path, person.get(field) or ()) for field in (BODY, LEFT, RIGHT, FACE)}
        for person in people
        if isinstance(person, dict)
    ]


def _read_alphapose(path: Path) -> dict[int, list[Person]]:
    """AlphaPose's results: one list, each entry names its picture."""
    content = _load(path)
    if not isinstance(content, list):
        return {}
    frames: dict[int, list[Person]] = {}
    for entry in content:
        match = re.search(r"(\d+)\D*$", Path(str(entry.get("image_id", ""))).stem)
        if match:
            frames.setdefault(int(match[1]), []).append(_alphapose_person(path, entry))
    return frames


def _alphapose_person(path: Path, entry: Any) -> Person:
    values = entry.get("keypoints") if isinstance(entry, dict) else None
    return {BODY: _triples(path, values or ())}


def _triples(path: Path, values: Iterable[float]) -> np.ndarray:
    try:
        return np.asarray(values, np.float64).reshape(-1, 3)
    except (TypeError, ValueError) as error:
        raise StudioError(
            f"“{path.parent.name}/{path.name}” holds keypoints that are not x, y, confidence.",
            "Export them again as OpenPose JSON.",
        ) from error


def _fields(name: str, frames: list[list[Person]]) -> tuple[str, ...]:
    """Which lists of a person make up a layout, in order."""
    if name == "hand_21":
        counts = Counter(
            field for people in frames for p in people for field in (BODY, LEFT, RIGHT)
            if len(p.get(field, ())) == 21
        )  # fmt: skip
        return (counts.most_common(1)[0][0],) if counts else (LEFT,)
    return FIELDS.get(name, (BODY,))


def _points(person: Person, fields: tuple[str, ...], count: int) -> np.ndarray:
    """(count, 3); parts that the detector left empty are zero."""
    sizes = {BODY: 25, LEFT: 21, RIGHT: 21, FACE: 70}
    if len(fields) == 1:
        sizes = dict.fromkeys(fields, count)
    parts = [
        person[field] if len(person.get(field, ())) else np.zeros((sizes[field], 3))
        for field in fields
    ]
    return np.concatenate(parts)


def _samples(frames: list[list[Person]], fields: tuple[str, ...]) -> list[np.ndarray]:
    """Some people's points, as they are in the files, empty ones left out."""
    step = max(1, len(frames) // 200)
    people = [person for frame in frames[::step] for person in frame]
    if len(fields) == 1:
        return [p[fields[0]] for p in people if len(p.get(fields[0], ()))]
    return [_points(p, fields, 137) for p in people if len(p.get(BODY, ()))]


def _check(folder: Path, name: str, fields: tuple[str, ...], frames: list[list[Person]]) -> None:
    samples = _samples(frames, fields)
    if not samples:
        likely = _guess(folder, frames).layout
        raise StudioError(
            f"“{folder.name}” holds no points of {name}.",
            f"It looks like {likely}: choose that (--layout {likely}).",
        )
    if len(fields) > 1:
        check_layout(folder.name, "body_25", _samples(frames, (BODY,)))
    check_layout(folder.name, name, samples)


def _guess(folder: Path, frames: list[list[Person]]) -> Fit:
    for field in (BODY, LEFT, RIGHT, FACE):
        samples = _samples(frames, (field,))
        if not samples:
            continue
        fit = guess(folder.name, samples)
        if field == BODY and fit.layout == "body_25":
            extra = any(len(p.get(f, ())) for frame in frames for p in frame for f in (LEFT, FACE))
            return Fit("openpose_137", fit.margin) if extra else fit
        if field in (LEFT, RIGHT) and fit.layout == "hand_21":
            return Fit(f"{'left' if field == LEFT else 'right'}_hand_21", fit.margin)
        return fit
    raise StudioError(
        f"Nobody was detected in any file of “{folder.name}”.",
        "Check the detection, or choose another folder.",
    )
