"""What the panel of heads works on: photographs looked at once, and a head that follows a hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.errors import StudioError
from studio.features.head.engine import NETWORKS, NO_FACE, TURNED_DEG, read_rgb
from studio.features.head.fitting import Fitting, fitted, followed, sized
from studio.features.head.measuring import measured
from studio.features.head.params import Params
from studio.human.heads import model
from studio.human.heads.carving import carve
from studio.human.heads.fit import View
from studio.jobs import Context
from studio.perception.portraits import Looked, Looker
from studio.render.clay import clay
from studio.synth.heads.bust import Shaped, bust
from studio.synth.heads.scanned import Measured, Scan, read_scan
from studio.weights.store import find

SIDE_PX = 560
"""Side of the square in which the head is laid over a photograph."""
_ROOM = 2.3
"""The square's side, by the face's height."""
_SKIN, _EYE = (208.0, 163.0, 142.0), (236.0, 234.0, 230.0)


@dataclass(frozen=True, eq=False)
class Photo:
    """A photograph that was looked at: what it shows and what is wrong with it, or why it is
    refused, in words."""

    path: Path
    rgb: UInt8[np.ndarray, "height width 3"]
    looked: Looked | None = None
    warnings: tuple[str, ...] = ()
    refused: str = ""
    hint: str = ""

    @property
    def square(self) -> tuple[float, float, float]:
        """Left, top and side (pixels) of the square about the head."""
        if self.looked is None:
            return 0.0, 0.0, float(max(self.rgb.shape[:2]))
        low, high = (end(self.looked.xyz_px[:, :2], 0) for end in (np.min, np.max))
        side = _ROOM * float((high - low).max())
        left, top = (low + high) / 2 - side / 2
        return float(left), float(top), side


@dataclass(frozen=True, eq=False)
class Laid:
    """A head as it lies over its photographs: where its points are in each (pixels), its views,
    its bust, and the factor that makes it true to size."""

    params: Params
    paths: tuple[Path, ...]
    fitting: Fitting
    points_px: Mapping[Path, Float[np.ndarray, "478 2"]]
    shaped: Shaped
    scale: float

    @property
    def key(self) -> object:
        """Tells heads apart that differ in more than what was put right by hand."""
        return _key(self.paths, self.params)

    @property
    def rough(self) -> bool:
        """Whether a finer head is wanted than this one."""
        return self.params.fine and not self.fitting.fine

    @property
    def strangers(self) -> tuple[Path, ...]:
        """The photographs in which the head does not fit: they show somebody else."""
        each = zip(
            self.paths, self.fitting.found.off_px, self.fitting.portraits, strict=True
        )  # fmt: skip
        return tuple(path for path, off_px, one in each if off_px / one.tall_px > NO_FACE)

    def view(self, path: Path) -> View:
        """How a photograph was taken."""
        return self.fitting.head.views[self.paths.index(path)]

    def over(
        self, photo: Photo, colours: np.ndarray | None = None
    ) -> UInt8[np.ndarray, "side side 4"]:
        """The head as the photograph's camera sees it, in the photograph's square. ``colours``
        (vertices, 3) take the clay's place."""
        view = self.view(photo.path)
        left, top, side = photo.square
        acted = self.shaped.acted(view.actions)
        xy = (view.project(acted) - (left, top)) * (SIDE_PX / side)
        rgba = _colours()
        if colours is not None:
            rgba[:, :3] = colours[bust().faces].mean(1)
        return clay(xy, view.camera_points(acted), bust().faces, rgba, (SIDE_PX, SIDE_PX))


def _colours() -> np.ndarray:
    figure = bust()
    out = np.tile([*_SKIN, 255.0], (len(figure.faces), 1))
    out[-figure.eyes :, :3] = _EYE
    out[:, 3] = 255 * figure.clear
    return out


class Session:
    """Photographs by path, and the heads made of them. May be asked from any thread; one answer is
    made at a time."""

    def __init__(self) -> None:
        self.photos: dict[Path, Photo] = {}
        self._lock = Lock()
        self._found: dict[object, Fitting] = {}
        self._last: Laid | None = None
        self._scans: dict[Path, Scan] = {}

    def warm(self) -> None:
        """Load what the first head needs."""
        with self._lock:
            bust()
            model.linear(model.usual())

    def look(
        self, paths: Iterable[Path], context: Context, told: Callable[[Photo], object]
    ) -> None:
        """Look at photographs that are new; ``told`` of each."""
        new = [path for path in paths if path not in self.photos]
        if not new:
            return
        with new_looker() as looker:
            for number, path in enumerate(new):
                context.check()
                context.report(number / len(new), f"Looking at {path.name}")
                photo = self._looked(looker, path)
                self.photos[path] = photo
                told(photo)

    def used(self, params: Params) -> tuple[Path, ...]:
        """The photographs that show a face."""
        known = (self.photos.get(path) for path in params.photos)
        return tuple(p.path for p in known if p is not None and p.looked is not None)

    def looked(self, paths: Iterable[Path]) -> dict[Path, Looked]:
        """What photographs show."""
        found = {path: self.photos[path].looked for path in paths if path in self.photos}
        return {path: one for path, one in found.items() if one is not None}

    def solve(
        self, params: Params, dragged: bool = False, fine: bool = False,
        check: Callable[[], object] = lambda: None,
    ) -> Laid | None:  # fmt: skip
        """The head of these params; quicker and nearly the same while a pin is ``dragged``, by
        pixels too if it is to be ``fine`` or was so before. None without a photograph that shows a
        face. ``check`` is called often and may raise to stop the work."""
        with self._lock:
            paths = self.used(params)
            if not paths:
                return None
            looked = list(self.looked(paths).values())
            key, last = _key(paths, params), self._last
            if dragged and last is not None and last.key == key:
                fitting = followed(looked, paths, params, last.fitting)
            else:
                fitting = fitted(looked, paths, params, self._found.get(key), fine, check)
                self._found[key] = fitting
            self._last = laid(params, paths, fitting)
            return self._last

    def measure(self, of: Laid, path: Path) -> Measured:
        """A head against a scan, which is read once.

        Raises StudioError if it is none.
        """
        with self._lock:
            if path not in self._scans:
                with new_looker() as looker:
                    self._scans[path] = read_scan(path, looker)
            return measured(of.fitting, of.params, self._scans[path])

    def before(self, of: Laid) -> Laid:
        """The same head as it was found, without what was put right by hand."""
        free = tuple(replace(one, pinned_px=None) for one in of.fitting.portraits)
        params = of.params.model_copy(update={"pins": ()})
        return laid(params, of.paths, Fitting(free, of.fitting.found, of.fitting.found))

    def _looked(self, looker: Looker, path: Path) -> Photo:
        """One photograph by itself: whether it shows a human face, and how it is turned."""
        blank = np.zeros((1, 1, 3), np.uint8)
        try:
            rgb = read_rgb(path)
        except StudioError as error:
            return Photo(path, blank, refused=error.message, hint=error.hint)
        try:
            looked = looker.look(path.name, rgb)
        except StudioError as error:
            return Photo(path, rgb, refused=error.message, hint=error.hint)
        usual = Params(photos=(path,))
        alone = fitted((looked,), (path,), usual)
        if alone.found.off_px[0] / alone.portraits[0].tall_px > NO_FACE:
            return Photo(
                path, rgb, refused="No human face: its points lie otherwise than a person's",
                hint="Take a photograph in which the whole face is seen.",
            )  # fmt: skip
        said = list(looked.warnings)
        turned = alone.found.views[0].turned_deg
        if turned > TURNED_DEG:
            said.append(f"turned away by {turned:.0f}°")
        self._found[_key((path,), usual)] = alone
        return Photo(path, rgb, looked, tuple(said))


def new_looker() -> Looker:
    """What looks at photographs."""
    return Looker({name: find(name) for name in NETWORKS})


def _key(paths: tuple[Path, ...], params: Params) -> object:
    return (paths, params.gender, params.expression, params.lens_mm, params.seconds is None,
            params.pixels)  # fmt: skip


def laid(params: Params, paths: tuple[Path, ...], fitting: Fitting) -> Laid:
    """A fitted head over its photographs."""
    head, portraits = fitting.head, fitting.portraits
    carved = carve(head, portraits)
    points = {
        path: view.project(head.acted(view) + carved)
        for path, view in zip(paths, head.views, strict=True)
    }
    scale = sized(params, head, portraits)
    return Laid(params, paths, fitting, points, bust().of(head.values, carved, head.neck),
                scale)  # fmt: skip
