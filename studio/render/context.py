"""OpenGL without a window."""

from __future__ import annotations

from typing import Any

import moderngl

from studio.core.errors import StudioError


def standalone(lost: str) -> moderngl.Context:
    """A context of its own, for the thread that asks. Raises StudioError where OpenGL is missing;
    ``lost`` says what that means (“Pictures cannot be rendered”)."""
    options: dict[str, Any] = {"backend": "egl", "require": 330}
    try:
        return moderngl.create_context(standalone=True, **options)
    except Exception as error:
        raise StudioError(
            f"{lost}, for OpenGL does not start ({error}).",
            "Install the graphics libraries: apt install libegl1 libgl1 libgl1-mesa-dri.",
        ) from error
