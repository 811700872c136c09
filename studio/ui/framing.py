"""What the viewport looks at before somebody turns it by hand."""

from __future__ import annotations

from typing import Literal

from studio.scene.camera import Orbit
from studio.scene.scene import Scene

RIG = frozenset({"rig", "trust"})
IN_SIGHT = 0.6
"""The share of people's points in the picture below which a view that nobody turned is set anew."""


class Framing:
    """Fills the picture with the first rig, and with the first person once there is one.

    As long as nobody turned the view by hand, also with everybody who joins, and anew once much
    of the people has left the picture.
    """

    def __init__(self) -> None:
        self._framed: Literal["", "rig", "people"] = ""
        self._keys: set[str] = set()
        self._as_set: Orbit | None = None

    def forget(self) -> None:
        """The next person is framed anew."""
        self._framed = ""
        self._keys.clear()

    def meet(self, scene: Scene, key: str) -> None:
        """A value is shown under a key."""
        seen = "rig" if key in RIG else "people"
        if seen == "rig" and self._framed:
            return
        joins = key not in self._keys
        self._keys.add(key)
        if self._framed != "people" or (joins and self._untouched(scene)):
            self._framed = seen
            self.all(scene)

    def look_after(self, scene: Scene) -> None:
        """Called before the scene is drawn."""
        if self._framed == "people" and self._untouched(scene) and scene.share_seen() < IN_SIGHT:
            self.all(scene)

    def all(self, scene: Scene) -> None:
        """Frame everybody."""
        scene.frame()
        self._as_set = scene.orbit

    def _untouched(self, scene: Scene) -> bool:
        return scene.through is None and scene.orbit == self._as_set
