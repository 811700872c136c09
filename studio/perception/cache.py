"""Detections kept by content: what was once detected is never detected again.

The key is the sha256 of the video's bytes and the detector's identity. Results are kept in small
chunks, each written whole (temp + replace), so that a run that was cancelled or killed goes on
where it stopped.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from studio.core.folders import cache_folder
from studio.core.types import Layout
from studio.human.layouts import layout as find_layout
from studio.perception.detector import InSpace, Person2D

LIMIT_BYTES = 4_000_000_000


def content_key(path: Path) -> str:
    """The sha256 of a file, or of the names and bytes of all files of a folder."""
    digest = hashlib.sha256()
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    for part in sorted(p for p in path.rglob("*") if p.is_file()):
        with part.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").digest()
        digest.update(str(part.relative_to(path)).encode() + b"\0" + content)
    return digest.hexdigest()


class DetectionCache:
    """A folder of detections (default: in the user's cache), for several threads and processes."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or cache_folder("detections")

    def open(self, content: str, identity: str) -> CachedClip:
        """What is known about one clip, as one detector sees it."""
        key = hashlib.sha256(f"{content}\n{identity}".encode()).hexdigest()[:32]
        folder = self.folder / key
        if folder.is_dir():
            os.utime(folder)
        return CachedClip(folder)

    def prune(self, limit_bytes: int = LIMIT_BYTES) -> int:
        """Delete the clips that were not used for longest until the rest fits; how many."""
        if not self.folder.is_dir():
            return 0
        clips = sorted(
            (f for f in self.folder.iterdir() if f.is_dir()), key=lambda f: -f.stat().st_mtime
        )
        total = gone = 0
        for clip in clips:
            total += sum(f.stat().st_size for f in clip.glob("*"))
            if total > limit_bytes:
                shutil.rmtree(clip, ignore_errors=True)
                gone += 1
        return gone


class CachedClip:
    """The chunks of one clip. A chunk is named by the numbers of its frames."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, numbers: np.ndarray, layout: Layout) -> list[tuple[Person2D, ...]] | None:
        """The people in each of these frames, or None if they were not all detected yet."""
        try:
            path = self._path(numbers)
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                xy, confidence, track = file["xy_px"], file["confidence"], file["track"]
                # Without it, from before several people were kept: a row for every frame.
                frame = file["frame"] if "frame" in file.files else np.arange(len(numbers))
                spaces = _spaces_from(file)
                looks = file["looks"].astype(float) if "looks" in file.files else None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        if xy.shape != (len(frame), len(layout), 2):
            return None
        people: list[list[Person2D]] = [[] for _ in numbers]
        for i, at in enumerate(frame.tolist()):
            if track[i] >= 0:
                one = xy[i].astype(float), confidence[i].astype(float), int(track[i])
                look = None if looks is None else looks[i]
                people[at].append(Person2D(layout, *one, space=spaces.get(i), looks=look))
        return [tuple(here) for here in people]

    def put(
        self, numbers: np.ndarray, people: Sequence[Sequence[Person2D]], layout: Layout
    ) -> None:
        """Keep a chunk. A cache that cannot be written is no reason to stop."""
        every = [(at, person) for at, here in enumerate(people) for person in here]
        arrays = {
            "frame": np.array([at for at, _ in every], np.int32),
            "xy_px": np.array([p.xy_px for _, p in every], np.float32).reshape(
                len(every), len(layout), 2
            ),
            "confidence": np.array([p.confidence for _, p in every], np.float32),
            "track": np.array([p.track for _, p in every], np.int32),
            **_spaces_in([p for _, p in every]),
        }
        looks = [p.looks for _, p in every if p.looks is not None]
        if looks and len(looks) == len(every):
            arrays["looks"] = np.array(looks, np.float16)
        path = self._path(numbers)
        temp = path.with_name(f".{path.stem}.{os.getpid()}.npz")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(temp, allow_pickle=False, **arrays)
            temp.replace(path)
        except OSError:
            with suppress(OSError):
                temp.unlink(missing_ok=True)

    def _path(self, numbers: np.ndarray) -> Path:
        digest = hashlib.sha256(np.asarray(numbers, np.int64).tobytes()).hexdigest()[:12]
        return self.folder / f"{int(numbers[0]):08d}-{digest}.npz"


def _spaces_in(people: Sequence[Person2D]) -> dict[str, np.ndarray]:
    """The 3D of those who have any, as arrays: a row each, with the row of the person."""
    rows = [(row, person.space) for row, person in enumerate(people) if person.space is not None]
    if not rows:
        return {}
    return {
        "space_row": np.array([row for row, _ in rows], np.int32),
        "space_layout": np.array(rows[0][1].layout.name),
        "space_xyz_m": np.array([space.xyz_m for _, space in rows], np.float32),
        "space_confidence": np.array([space.confidence for _, space in rows], np.float32),
        "space_size_px": np.array([space.size_px for _, space in rows], np.int32),
    }


def _spaces_from(file: Mapping[str, np.ndarray]) -> dict[int, InSpace]:
    """Inverse of :func:`_spaces_in`: the 3D by row; nothing of chunks from before it was kept."""
    if "space_row" not in file:
        return {}
    points = find_layout(str(file["space_layout"]))
    xyz, sure = file["space_xyz_m"].astype(float), file["space_confidence"].astype(float)
    sizes = file["space_size_px"].tolist()
    return {
        row: InSpace(points, xyz[k], sure[k], (sizes[k][0], sizes[k][1]))
        for k, row in enumerate(file["space_row"].tolist())
    }
