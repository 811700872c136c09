"""The avatars that there are: the starter, the project's own, and files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from studio.core.errors import StudioError
from studio.document.folder import Assets
from studio.document.project import AvatarItem, Project
from studio.media.formats.avatar import Avatar, avatar_of, read_avatar

SUFFIXES = (".glb", ".gltf", ".vrm")
FindAvatar = Callable[[str], Avatar]
"""Loads an avatar by its name on a stage; raises StudioError if there is none."""


@lru_cache(maxsize=1)
def starter() -> Avatar:
    """The avatar that comes along: the average person in the starter wardrobe's clothes."""
    from studio.human.person import Shape
    from studio.synth.designed import filmed, person_of

    return avatar_of(person_of(filmed(Shape.of()), "Starter avatar"))


def of_files(name: str) -> Avatar:
    """The avatar of a file; of an empty name the starter."""
    return starter() if not name else read_avatar(Path(name))


def of_project(project: Project, assets: Assets) -> FindAvatar:
    """Finds avatars by the ids of a project's items, and others as :func:`of_files` does."""

    def find(name: str) -> Avatar:
        from studio.synth.stored import avatar_of as stored

        item = project.get(name, AvatarItem) if name else None
        if item is None:
            if name and Path(name).suffix.lower() not in SUFFIXES:
                raise StudioError("This avatar is not in the project any more.", "Choose another.")
            return of_files(name)
        own = stored(assets.arrays(item.data), item.name, item.design, item.dressed)
        return avatar_of(replace(own, animation=None))

    return find
