"""What a project is: a frozen value. Large arrays live beside it, named by their sha256.

A project holds *items*. Features are strangers to each other: one leaves an item, another finds
it by its kind. Every item that was computed carries the :class:`Recipe` that made it, so that it
can be made again, and :class:`Trace` facts that say how good it is.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, Field

from studio.core.types import Camera, CameraRig, Fact
from studio.document.frozen import Frozen
from studio.document.stage import Stage
from studio.document.trust import Trust
from studio.human.design import Design

VERSION = 5


class Asset(Frozen):
    """A file of the project's ``assets`` folder."""

    sha256: str
    suffix: str = ".npz"
    size: int = 0


class Recipe(Frozen):
    """How an item was made: enough to make it again."""

    feature: str
    params: dict[str, Any] = Field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    app_version: str = ""
    seconds: float = 0.0

    @classmethod
    def of(
        cls, feature: str, params: BaseModel, seconds: float, inputs: Sequence[str] = ()
    ) -> Recipe:
        """What a feature made now of these params, from the items ``inputs``."""
        return cls(
            feature=feature, params=params.model_dump(mode="json"), inputs=tuple(inputs),
            app_version=version("doppel-studio"), seconds=seconds,
        )  # fmt: skip


class Trace(Frozen):
    """One fact about a result, as shown (see :class:`studio.core.types.Fact`)."""

    label: str
    text: str
    verdict: Literal["good", "look", "stop", "plain"] = "plain"
    blame: str = ""


def new_id() -> str:
    return uuid.uuid4().hex[:12]


class ItemBase(Frozen):
    """What every item has. ``id`` never changes; ``name`` is the user's."""

    id: str = Field(default_factory=new_id)
    name: str
    recipe: Recipe | None = None
    facts: tuple[Trace, ...] = ()


class CameraItem(Frozen):
    """A calibrated camera, as stored (see :class:`studio.core.types.Camera`)."""

    name: str
    size_px: tuple[int, int]
    matrix: tuple[tuple[float, float, float], ...]
    distortion: tuple[float, ...] = ()
    rotation: tuple[tuple[float, float, float], ...]
    translation_m: tuple[float, float, float]
    lens: Literal["pinhole", "fisheye"] = "pinhole"

    @classmethod
    def of(cls, camera: Camera) -> CameraItem:
        return cls.model_validate(
            {
                "name": camera.name,
                "size_px": tuple(int(side) for side in camera.size_px),
                "matrix": camera.matrix.tolist(),
                "distortion": camera.distortion.tolist(),
                "rotation": camera.rotation.tolist(),
                "translation_m": camera.translation_m.tolist(),
                "lens": camera.lens,
            }
        )

    def camera(self) -> Camera:
        return Camera(
            self.name,
            self.size_px,
            np.array(self.matrix, np.float64),
            np.array(self.distortion, np.float64),
            np.array(self.rotation, np.float64),
            np.array(self.translation_m, np.float64),
            self.lens,
        )


class RigItem(ItemBase):
    """A calibrated rig of cameras. ``trust`` says what the calibration is worth, where it is known.

    One that is not ``accepted`` is kept and shown, but nothing is computed with it. ``views`` is
    what the cameras saw of the target, so that it can be solved again without looking again;
    ``report`` tells all of it on a page.
    """

    kind: Literal["rig"] = "rig"
    cameras: tuple[CameraItem, ...]
    source: str = ""
    trust: Trust | None = None
    accepted: bool = True
    views: Asset | None = None
    report: Asset | None = None

    @classmethod
    def of(cls, name: str, rig: CameraRig, source: str = "") -> RigItem:
        return cls(name=name, cameras=tuple(CameraItem.of(c) for c in rig.cameras), source=source)

    def rig(self) -> CameraRig:
        return CameraRig(tuple(item.camera() for item in self.cameras))


class Clip(Frozen):
    """One camera's video or image folder of a take. ``path`` may be relative to the project.

    Its own time u is the take's time offset_s + pace · u.
    """

    camera: str
    path: str
    size_px: tuple[int, int]
    rate_hz: float
    frames: int
    offset_s: float = 0.0
    pace: float = 1.0

    def take_s(self, own_s: float) -> float:
        """A time of the clip as a time of the take."""
        return self.offset_s + self.pace * own_s

    def own_s(self, take_s: float) -> float:
        """A time of the take as a time of the clip."""
        return (take_s - self.offset_s) / self.pace


class TakeItem(ItemBase):
    """What the cameras of a rig saw: synchronised clips; in and out points (None: all there is).

    ``filmed_with`` are the cameras as they were calibrated when ``rig`` was linked. ``curves`` is
    what the clips were brought into step by: by camera ``NAME:times_s`` on its own clock and
    ``NAME:values``, and as ``NAME:before`` the offset and pace it had.
    """

    kind: Literal["take"] = "take"
    clips: tuple[Clip, ...]
    rig: str | None = None
    filmed_with: tuple[CameraItem, ...] = ()
    in_s: float | None = None
    out_s: float | None = None
    curves: Asset | None = None


class DetectionsItem(ItemBase):
    """2D keypoints of a take. Data: times_s, xy_px, confidence, of the main person.

    ``people`` is everybody, where a camera saw more than one: times_s, the size (frames, views,
    places), and for each detection frame, view, place, track, xy_px, confidence. ``monocular`` is
    what the detector told in 3D: times_s, its layout, sizes_px and focal_px of the cameras, the
    size (frames, views, places), and for each person frame, view, place, xyz_m, confidence.
    """

    kind: Literal["detections"] = "detections"
    take: str | None = None
    layout: str
    cameras: tuple[str, ...]
    data: Asset
    people: Asset | None = None
    monocular: Asset | None = None


class PersonMark(Frozen):
    """Which of several people a motion is: all of one ``group`` were solved together. ``number``
    counts from 1, the most present first; it gives the colour, the item's name the name."""

    group: str
    number: int


class MotionItem(ItemBase):
    """3D keypoints over time. Data: times_s, xyz_m, error_m, reprojection_px, views, filled.

    ``person`` is told where several people were solved together.
    """

    kind: Literal["motion"] = "motion"
    take: str | None = None
    rig: str | None = None
    layout: str
    data: Asset
    person: PersonMark | None = None


class AvatarItem(ItemBase):
    """A parametric person, and how it moves. Data: whatever ``studio.human`` writes.

    ``design`` is their build and look as films told it, or what somebody made of them since. Of a
    person without a motion it also tells pose and expression.
    """

    kind: Literal["avatar"] = "avatar"
    motion: str | None = None
    data: Asset
    design: Design | None = None
    thumbnail: Asset | None = None

    @property
    def dressed(self) -> bool:
        """Whether the person wears clothes, as their recipe says; people do by default."""
        return self.recipe is None or bool(self.recipe.params.get("dressed", True))


class FileItem(ItemBase):
    """Something brought along that no other kind describes: a photo, a mesh, a truth file."""

    kind: Literal["file"] = "file"
    role: str
    path: str = ""
    data: Asset | None = None


class StageItem(ItemBase):
    """A stage for live performances: its layers, from the back to the front."""

    kind: Literal["stage"] = "stage"
    stage: Stage


Item = Annotated[
    RigItem | TakeItem | DetectionsItem | MotionItem | AvatarItem | FileItem | StageItem,
    Field(discriminator="kind"),
]
AnyItem = RigItem | TakeItem | DetectionsItem | MotionItem | AvatarItem | FileItem | StageItem
Kind = TypeVar("Kind", bound=ItemBase)


class Project(Frozen):
    """The whole document. Items are ordered as they were added."""

    version: Literal[5] = VERSION
    name: str = "Untitled"
    items: tuple[Item, ...] = ()
    params: dict[str, dict[str, Any]] = Field(default_factory=dict)

    def get(self, id: str, kind: type[Kind]) -> Kind | None:
        """The item of that id and kind, or None."""
        for item in self.items:
            if item.id == id and isinstance(item, kind):
                return item
        return None

    def all(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """All items of a kind, oldest first."""
        return tuple(item for item in self.items if isinstance(item, kind))

    def newest(self, kind: type[Kind]) -> Kind | None:
        """The last of a kind; of people who were solved together, the first of them."""
        found = self.all(kind)
        if not found:
            return None
        together = self.together(found[-1])
        return together[0] if together else found[-1]

    def together(self, item: Kind) -> tuple[Kind, ...]:
        """Everybody who was solved together with a motion, itself too; nobody for other items."""
        if not isinstance(item, MotionItem) or item.person is None:
            return ()
        group = item.person.group
        return tuple(m for m in self.all(type(item)) if m.person and m.person.group == group)

    def picked(self, chosen: Iterable[str], kind: type[Kind]) -> Kind | None:
        """The first of the chosen items that is of a kind, else the newest of all."""
        found = (item for id in chosen if (item := self.get(id, kind)) is not None)
        return next(found, self.newest(kind))

    def usable_rig(self) -> RigItem | None:
        """The newest rig that was accepted."""
        return next((rig for rig in reversed(self.all(RigItem)) if rig.accepted), None)

    def with_items(self, items: Iterable[AnyItem]) -> Project:
        """These items added; one whose id is already there takes its old place.

        A take whose rig is linked here remembers that rig's cameras as they are.
        """
        new = {item.id: item for item in items}
        kept = [new.pop(item.id, item) for item in self.items]
        after = self.model_copy(update={"items": (*kept, *new.values())})
        takes = {take.id: _filmed(take, self, after) for take in after.all(TakeItem)}
        return after.model_copy(update={"items": tuple(takes.get(i.id, i) for i in after.items)})

    def moved_since(self, take: TakeItem) -> str:
        """How the rig of a take differs from the cameras that the take was filmed with, in words;
        empty if it does not."""
        rig = self.get(take.rig, RigItem) if take.rig else None
        if rig is None or not take.filmed_with or rig.cameras == take.filmed_with:
            return ""
        return difference(take.filmed_with, rig.cameras)

    def without(self, ids: Iterable[str]) -> Project:
        """These items removed. What was made from them stays."""
        gone = set(ids)
        return self.model_copy(update={"items": tuple(i for i in self.items if i.id not in gone)})

    def with_params(self, feature: str, params: dict[str, Any]) -> Project:
        return self.model_copy(update={"params": {**self.params, feature: params}})

    def assets(self) -> frozenset[str]:
        """The sha256 of every asset that an item names."""
        found: set[str] = set()
        for item in self.items:
            for value in dict(item).values():
                if isinstance(value, Asset):
                    found.add(value.sha256)
        return frozenset(found)


def _filmed(take: TakeItem, before: Project, after: Project) -> TakeItem:
    """The take with a snapshot of its rig, taken when the link was made."""
    old = before.get(take.id, TakeItem)
    linked = old is not None and old.rig == take.rig
    if take.rig is None or (linked and take.filmed_with):
        return take
    rig = (before.get(take.rig, RigItem) if linked else None) or after.get(take.rig, RigItem)
    if rig is None or rig.cameras == take.filmed_with:
        return take
    return take.model_copy(update={"filmed_with": rig.cameras})


def difference(old: tuple[CameraItem, ...], new: tuple[CameraItem, ...]) -> str:
    """What differs between two calibrations of the same cameras, in words: who moved how far."""
    then, now = {c.name: c for c in old}, {c.name: c for c in new}
    if then.keys() != now.keys():
        return "The rig has other cameras now."
    told: list[str] = []
    for name in then:
        a, b = then[name].camera(), now[name].camera()
        mm = 1000 * float(np.linalg.norm(b.centre_m - a.centre_m))
        cosine = (float(np.trace(b.rotation @ a.rotation.T)) - 1) / 2
        degrees = float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
        if mm >= 0.05 or degrees >= 0.005:
            told.append(f"{name} by {mm:.1f} mm and {degrees:.2f}°")
        elif then[name] != now[name]:
            told.append(f"{name} in its lens")
    return f"Calibrated again since: {', '.join(told)}." if told else ""


def traces(facts: Iterable[Fact]) -> tuple[Trace, ...]:
    """Facts of an engine, as stored with an item."""
    return tuple(Trace(label=f.label, text=f.text, verdict=f.verdict, blame=f.blame) for f in facts)
