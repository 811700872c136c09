"""Footage that a project refers to and that is not where it was: which, and where it is now."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from studio.core.errors import StudioError
from studio.document.project import AnyItem, Clip, FileItem, Project, TakeItem


class FootageMoved(StudioError):
    """None of a take's videos is where the project has it."""


MOST = 200_000
"""So many files and folders are looked through at most."""


def is_there(path: Path) -> bool:
    """Whether a video, a picture folder or a pattern of pictures (``left*.jpg``) is there."""
    if "*" in path.name:
        return any(path.parent.glob(path.name))
    return path.exists()


def gone(project: Project, home: Path) -> tuple[Path, ...]:
    """The videos, picture folders and files of a project that are not there, each once; ``home`` is
    the project's folder."""
    paths = {home / path: None for item in project.items for path in _paths(item)}
    return tuple(path for path in paths if not is_there(path))


def look_for(
    lost: Iterable[Path],
    root: Path,
    fits: Callable[[Path, Path], bool] = lambda lost, found: True,
) -> dict[Path, Path]:
    """Where things of the same names are now, in a folder and all that is in it.

    Of several, the one whose folders are called most alike; ``fits(lost, found)`` says whether it
    can be the same. What is not found is left out.
    """
    wanted = {path: _name(path) for path in lost}
    candidates: dict[str, list[Path]] = {name: [] for name in wanted.values()}
    count = 0
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in (*folders, *files):
            if name.casefold() in candidates:
                candidates[name.casefold()].append(Path(folder) / name)
        count += 1 + len(files)
        if count > MOST:
            break
    if root.name.casefold() in candidates:
        candidates[root.name.casefold()].insert(0, root)
    found: dict[Path, Path] = {}
    for path, name in wanted.items():
        pattern = path.name if "*" in path.name else ""
        for at in sorted(candidates[name], key=lambda one: -_alike(one, path, bool(pattern))):
            here = at / pattern
            if here != path and is_there(here) and fits(path, here):
                found[path] = here
                break
    return found


def moved(project: Project, home: Path, found: Mapping[Path, Path]) -> Project:
    """The project with these paths as they are now."""
    changed: list[AnyItem] = []
    for item in project.items:
        new = _moved(item, lambda path: str(found.get(home / path, path)))
        if new != item:
            changed.append(new)
    return project.with_items(changed) if changed else project


def clip_of(project: Project, home: Path, path: Path) -> Clip | None:
    """The first clip of the project that lies there."""
    clips = (clip for take in project.all(TakeItem) for clip in take.clips)
    return next((clip for clip in clips if home / clip.path == path), None)


def _paths(item: AnyItem) -> tuple[str, ...]:
    if isinstance(item, TakeItem):
        return tuple(clip.path for clip in item.clips)
    return (item.path,) if isinstance(item, FileItem) and item.path and not item.data else ()


def _moved(item: AnyItem, now: Callable[[str], str]) -> AnyItem:
    if isinstance(item, TakeItem):
        clips = tuple(clip.model_copy(update={"path": now(clip.path)}) for clip in item.clips)
        return item.model_copy(update={"clips": clips})
    if isinstance(item, FileItem) and item.path:
        return item.model_copy(update={"path": now(item.path)})
    return item


def _name(path: Path) -> str:
    """What is looked for: a file, a folder, or the folder of a pattern of pictures."""
    return (path.parent if "*" in path.name else path).name.casefold()


def _alike(one: Path, other: Path, pattern: bool) -> int:
    """How many of the last names of two paths are the same."""
    count = 0
    theirs = (other.parent if pattern else other).parts
    for mine, yours in zip(reversed(one.parts), reversed(theirs), strict=False):
        if mine.casefold() != yours.casefold():
            break
        count += 1
    return count
