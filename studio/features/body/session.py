"""What the panel of bodies works on: photographs looked at once, and a fit that is made in stages,
each of which can be looked at."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.errors import StudioError
from studio.core.exif import focal_px
from studio.core.types import Character
from studio.document.folder import Assets
from studio.document.project import AvatarItem
from studio.features.body.engine import GENDERS, corrected
from studio.features.body.params import Params
from studio.features.body.points import fitted_px
from studio.human.bodies.canonical import SKIN, skin_faces
from studio.human.bodies.clothed import grown
from studio.human.bodies.fit import Told, fitting
from studio.human.bodies.fitted import BodyFit, BodyPhoto, BodyView
from studio.human.person import Rest
from studio.jobs import Context
from studio.perception.bodies_seen import NETWORKS, BodyLooker, read_photo
from studio.render.clay import clay
from studio.synth import designed
from studio.synth.avatars.compared import seen_as
from studio.synth.avatars.keeping import backs_from, told_from
from studio.vision.camera import in_camera, project
from studio.weights.store import find

SIDE_PX = 1100
"""The most pixels along a side of the square in which a body is laid over a photograph."""
_ROOM = 0.06
"""How much is left free around the person, by their size."""
_SKIN, _CLOTH = (208.0, 163.0, 142.0), (150.0, 164.0, 186.0)
_CLOTHED_M = 0.004
_KEPT = 12


class Superseded(Exception):
    """Something newer is wanted."""


@dataclass(frozen=True, eq=False)
class Photo:
    """A photograph that was looked at: what it shows and what is wrong with it, or why it is
    refused, in words."""

    path: Path
    rgb: UInt8[np.ndarray, "height width 3"]
    body: BodyPhoto | None = None
    warnings: tuple[str, ...] = ()
    refused: str = ""
    hint: str = ""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, width and height (pixels) of the person, with some room."""
        if self.body is None:
            return 0.0, 0.0, float(self.rgb.shape[1]), float(self.rgb.shape[0])
        xy = self.body.keypoints.xy_px[:33]
        low, high = np.nanmin(xy, 0), np.nanmax(xy, 0)
        rows, columns = np.nonzero(self.body.mask > 127)
        if len(rows):
            low = np.minimum(low, (columns.min(), rows.min()))
            high = np.maximum(high, (columns.max(), rows.max()))
        room = _ROOM * float((high - low).max())
        left, top, right, bottom = (*(low - room), *(high + room))
        return float(left), float(top), float(right - left), float(bottom - top)

    @property
    def square(self) -> tuple[float, float, float]:
        """Left, top and side (pixels) of the square about the person."""
        left, top, width, height = self.box
        side = max(width, height)
        return left + (width - side) / 2, top + (height - side) / 2, side


@dataclass(frozen=True, eq=False)
class Laid:
    """A body as it lies over its photographs, so far or ``finished``."""

    params: Params
    paths: tuple[Path, ...]
    fit: BodyFit
    rest: Rest
    finished: bool
    points_px: Mapping[Path, Float[np.ndarray, "75 2"]]

    @property
    def key(self) -> object:
        """Tells apart what is fitted."""
        return key_of(self.paths, self.params)

    def view(self, path: Path) -> BodyView:
        """How a photograph was taken."""
        return self.fit.views[self.paths.index(path)]

    def surface_m(self, path: Path) -> Float[np.ndarray, "vertices 3"]:
        """The clothed skin as it was photographed, in the world."""
        posed = self.view(path).posed(self.rest).vertices_m[0].double().numpy()
        return grown(posed, self.fit.offsets_m)[:SKIN]

    def over(self, photo: Photo) -> UInt8[np.ndarray, "side side 4"]:
        """The body, as if of clay, as the photograph's camera sees it, in the photograph's
        square."""
        view = self.view(photo.path)
        surface = self.surface_m(photo.path)
        left, top, side = photo.square
        count = pixels(photo)
        xy = (project(view.camera, surface) + 0.5 - (left, top)) * (count / side) - 0.5
        ahead = in_camera(view.camera, surface)
        return clay(xy, ahead, skin_faces(), self._colours(), (count, count))

    def _colours(self) -> np.ndarray:
        far = self.fit.offsets_m[:SKIN][skin_faces()].mean(1)
        share = np.clip(far / _CLOTHED_M - 0.5, 0, 1)[:, None]
        rgb = (1 - share) * np.array(_SKIN) + share * np.array(_CLOTH)
        return np.column_stack([rgb, np.full(len(rgb), 255.0)])


def pixels(photo: Photo) -> int:
    """Of what is laid over a photograph, the pixels along a side: the photograph's own."""
    return int(np.clip(round(photo.square[2]), 64, SIDE_PX))


def textured(
    character: Character, view: BodyView, photo: Photo
) -> UInt8[np.ndarray, "side side 4"]:
    """An avatar in the pose in which it was photographed, as the photograph's camera sees it, in
    the photograph's square."""
    left, top, side = photo.square
    count = pixels(photo)
    scale = count / side
    shift = scale * (0.5 - np.array([left, top])) - 0.5
    matrix = np.column_stack([scale * np.eye(2), shift])
    return seen_as(character, view, matrix, (count, count))


@dataclass(frozen=True, eq=False)
class Kept:
    """An avatar of a project: the character in the rig's reference pose, what of its surface was
    seen (:func:`studio.synth.avatars.keeping.told_from`), and small pictures of its backs."""

    character: Character
    told: Float[np.ndarray, "vertices 2"] | None
    backs: Mapping[str, UInt8[np.ndarray, "tall wide 4"]]


@dataclass(eq=False)
class Session:
    """Photographs by path, and the bodies fitted to them. May be asked from any thread; one answer
    is made at a time. ``stage`` says in words what is being done, ``share`` how much of it is."""

    photos: dict[Path, Photo] = field(default_factory=dict)
    stage: str = ""
    share: float = 0.0
    who: Mapping[Path, tuple[float, float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _done: dict[object, Laid] = field(default_factory=dict)
    _steps: tuple[object, Generator[BodyFit, None, BodyFit]] | None = None
    _stop: Callable[[], bool] = lambda: False
    _avatars: dict[str, Kept] = field(default_factory=dict)

    def warm(self) -> None:
        """Load what the first body needs."""
        with self._lock:
            skin_faces()

    def look(
        self, paths: Iterable[Path], context: Context, told: Callable[[Photo], object]
    ) -> None:
        """Look at photographs that are new; ``told`` of each."""
        new = [path for path in paths if path not in self.photos]
        if not new:
            return
        with BodyLooker({name: find(name) for name in NETWORKS}) as looker:
            for number, path in enumerate(new):
                context.check()
                context.report(number / len(new), f"Looking at {path.name}")
                self.photos[path] = _looked(looker, path, self.who.get(path))
                told(self.photos[path])

    def choose(self, params: Params) -> None:
        """Photographs in which somebody else is meant now are new again."""
        who = {one.photo: (one.x_px, one.y_px) for one in params.who}
        for path in {*who, *self.who}:
            if who.get(path) != self.who.get(path):
                self.photos.pop(path, None)
        self.who = who

    def used(self, params: Params) -> tuple[Path, ...]:
        """The photographs that show a person."""
        known = (self.photos.get(path) for path in params.photos)
        return tuple(p.path for p in known if p is not None and p.body is not None)

    def looked(self, paths: Iterable[Path]) -> dict[Path, BodyPhoto]:
        """What photographs show."""
        found = {path: self.photos[path].body for path in paths if path in self.photos}
        return {path: one for path, one in found.items() if one is not None}

    def fitted(self, params: Params) -> Laid | None:
        """The whole fit of these params, if it was made already."""
        return self._done.get(key_of(self.used(params), params))

    def advance(self, params: Params, stop: Callable[[], bool] = lambda: False) -> Laid | None:
        """The body of these params one stage further: fitted to its points, then to its outline,
        then clothed. None without a photograph that shows a person.

        Raises Superseded once ``stop()``, and StudioError if what is found is no human body.
        """
        with self._lock:
            paths = self.used(params)
            if not paths:
                return None
            key = key_of(paths, params)
            if key in self._done:
                return self._done[key]
            self._stop = stop
            if self._steps is None or self._steps[0] != key:
                seen = self.looked(paths)
                photos = [corrected(seen[path], path, params.pins) for path in paths]
                told = Told(params.height_m, GENDERS.get(params.gender))
                self._steps = key, fitting(photos, told, self._report)
            try:
                fit, finished = next(self._steps[1]), False
            except StopIteration as end:
                fit, finished = end.value, True
                self._steps = None
            except BaseException:
                self._steps = None
                raise
            rest, _ = designed.resting(fit.design)
            points = {
                path: fitted_px(view, rest) for path, view in zip(paths, fit.views, strict=True)
            }
            laid = Laid(params, paths, fit, rest, finished, points)
            if finished:
                self._done[key] = laid
                for old in list(self._done)[:-_KEPT]:
                    del self._done[old]
            return laid

    def avatar(self, item: AvatarItem, assets: Assets) -> Kept:
        """A project's avatar, read once."""
        from studio.synth.stored import avatar_of

        with self._lock:
            key = item.data.sha256
            if key not in self._avatars:
                arrays = assets.arrays(item.data)
                character = avatar_of(arrays, item.name, item.design)
                self._avatars = {key: Kept(character, told_from(arrays), backs_from(arrays))}
            return self._avatars[key]

    def _report(self, share: float, text: str) -> None:
        self.stage, self.share = text, share
        if self._stop():
            raise Superseded


def _looked(looker: BodyLooker, path: Path, at_px: tuple[float, float] | None) -> Photo:
    try:
        picture = read_photo(path)
    except StudioError as error:
        blank = np.zeros((1, 1, 3), np.uint8)
        return Photo(path, blank, refused=error.message, hint=error.hint)
    try:
        body = looker.look(path.name, picture, at_px=at_px, focal_px=focal_px(path))
    except StudioError as error:
        rgb = np.ascontiguousarray(picture[..., :3])
        return Photo(path, rgb, refused=error.message, hint=error.hint)
    return Photo(path, body.rgb, body, body.warnings)


def key_of(paths: tuple[Path, ...], params: Params) -> object:
    """What a fit depends on."""
    pins = tuple(pin for pin in params.pins if pin.photo in paths)
    who = tuple(one for one in params.who if one.photo in paths)
    return paths, params.gender, params.height_m, pins, who
