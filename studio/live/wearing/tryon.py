"""Somebody wears things: picture in, picture out.

People are followed, items placed, drawn, hidden by what is before them, and blended in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import cv2
import numpy as np

from studio.core.closing import Closing
from studio.core.errors import StudioError
from studio.core.items import AnchorPoint, Item, ItemKind
from studio.core.types import Camera, Frame
from studio.human.anchors import REFERENCE_M
from studio.live.wearing import laying
from studio.live.wearing.bodies import Bodies
from studio.live.wearing.camera_look import LookFinder
from studio.live.wearing.drawing import GLASSES, Crop, DrawnItem, ItemDrawer
from studio.live.wearing.laying import CameraLook
from studio.live.wearing.lights import Lights
from studio.live.wearing.maps import Map, depth_map, softened, static_map, unbroken, way_of
from studio.live.wearing.old_rims import OldRims
from studio.live.wearing.old_shoes import Foot, FootSeen, OldShoes
from studio.live.wearing.own_head import FindHead, OwnHead, design_file, head_of
from studio.live.wearing.placing import Placed, nudged, places_of, points_of
from studio.live.wearing.predicting import Predictions, Predictor, Wanted
from studio.live.wearing.proxies import Proxies
from studio.live.wearing.wear_settings import Occluder, Occlusion, WearSettings
from studio.live.wearing.wearers import WearerNow, Wearers, bodies, face_crowd, lacking
from studio.live.wearing.worn import Wearer, Worn
from studio.media.catalogue import catalogue
from studio.media.catalogue.catalogue import FindItem
from studio.perception.faces.tracker import FaceCrowd
from studio.perception.occluder.predictor import OcclusionPredictor
from studio.vision.one_view import assumed

_NOISE_PX = 512
_SHADOW_M = 0.004
FEET: tuple[AnchorPoint, ...] = ("foot.L", "foot.R")
_FOOT_M = REFERENCE_M["foot"]
_GREEN, _RED = (40, 200, 80), (220, 50, 40)


class TryOn(Closing):
    """Shows pictures in which things are worn. For one thread, which must also close it.

    ``find_item`` loads items, ``find_head`` designs, by the names that settings give them.
    ``nudges`` move items, by those names, in the axes of their anchor points, while a hand holds
    them; replace it whole. ``apart`` is for cameras: bodies and hands are followed and maps
    predicted beside the pictures, which do not wait for them, and what is small is drawn with fewer
    triangles.
    ``clock`` tells the seconds of which stages are told. Raises StudioError where OpenGL or a
    network is missing.
    """

    def __init__(
        self,
        find_item: FindItem = catalogue.find,
        make_faces: Callable[[], FaceCrowd] = face_crowd,
        make_predictor: Callable[[], Predictor] = OcclusionPredictor,
        clock: Callable[[], float] = time.perf_counter,
        make_bodies: Callable[[], Bodies] = bodies,
        *,
        apart: bool = False,
        find_head: FindHead = design_file,
    ) -> None:
        self._find_head = find_head
        self._own: tuple[str, OwnHead | StudioError] | None = None
        self._hides: tuple[int, OwnHead, Occluder] | None = None
        self._find, self._make_predictor, self._apart = find_item, make_predictor, apart
        self._wearers = Wearers(make_faces, make_bodies, apart=apart)
        self._clock = clock
        self.nudges: Mapping[str, np.ndarray] = {}
        self._predictions: Predictions | StudioError | None = None
        self._drawer: ItemDrawer | None = None
        self._proxies: Proxies | None = None
        self._items: dict[str, Item | StudioError] = {}
        self._lights = Lights()
        self._look, self._rims, self._shoes = LookFinder(), OldRims(), OldShoes()
        self._noise = np.random.default_rng(7).normal(0, 1, (_NOISE_PX, _NOISE_PX, 3))
        self._noise = self._noise.astype(np.float32)
        self._spent: dict[str, float] = {}
        self._rng = np.random.default_rng(11)

    def close(self) -> None:
        """Free the networks and what OpenGL holds."""
        for each in (self._wearers, self._predictions, self._drawer, self._proxies):
            if isinstance(each, Closing):
                each.close()

    def show(self, frame: Frame, settings: WearSettings) -> Worn:
        """The picture with what is worn. What goes wrong with an item is told in the result; the
        picture is shown all the same."""
        began_s = self._clock()
        self._spent = {}
        height, width = frame.rgb.shape[:2]
        camera = assumed(frame.camera, (width, height), settings.view_deg)
        items, trouble, notes = self._worn_items(settings)
        wanted: list[tuple[ItemKind, tuple[AnchorPoint, ...]]] = [
            (item.kind, points_of(item, settings)) for _, item in items
        ]
        points: frozenset[AnchorPoint] = frozenset(p for _, each in wanted for p in each)
        with self._timed("track"):
            people = self._wearers.find(frame, camera, points, settings)
        trouble = trouble or self._wearers.trouble
        notes += lacking(wanted, people)
        old: set[ItemKind] = {item.kind for _, item in items if settings.paint_out}
        frame = self._without_rims(frame, old, people)
        trouble = self._take_own_head(settings, people) or trouble
        drawn = self._draw_all(items, people, frame, camera, settings)
        look = self._camera_look(frame, people, settings)
        maps, unpredicted = self._maps(seen := frame, drawn, settings.occlusion)
        trouble = trouble or unpredicted or self._lights.trouble
        if "shoes" in old:  # once maps are made: they need feet that are there
            frame, maps = self._without_shoes(frame, drawn, maps, people, camera)
        rgba = self._composed(frame.rgb, drawn, maps, look, settings)
        compared = None
        if settings.compare is not None and settings.compare != settings.occlusion:
            if settings.compare == "fitted":
                self._hides = None
            how = "depth" if settings.compare == "fitted" else settings.compare
            others, _ = self._maps(seen, drawn, how)
            compared = self._composed(frame.rgb, drawn, others, look, settings)
        told = self._told_maps(drawn, maps, (height, width))
        wearers = tuple(
            Wearer(one.number, tuple(one.frames), one.head.width_m if one.head else 0.0,
                   one.jitter_px, one.frames, one.sizes_m)
            for one in people
        )  # fmt: skip
        self._spent["all"] = 1e3 * (self._clock() - began_s)
        jitter = max((one.jitter_px for one in wearers), default=0.0)
        return Worn(rgba, frame.time_s, self._spent, wearers, jitter, told, tuple(notes), trouble,
                    compared, settings.occlusion, camera, self._wearers.there)  # fmt: skip

    def _worn_items(
        self, settings: WearSettings
    ) -> tuple[list[tuple[str, Item]], StudioError | None, list[str]]:
        """The items that can be worn, the first trouble, and what the user should know."""
        trouble: StudioError | None = None
        found: list[tuple[str, Item]] = []
        notes: list[str] = []
        gone = set(self._items) - set(settings.items)
        for name in settings.items:
            if name not in self._items:
                try:
                    self._items[name] = self._find(name)
                except StudioError as error:
                    self._items[name] = error
            item = self._items[name]
            if isinstance(item, StudioError):
                trouble = trouble or item
            else:
                found.append((name, item))
                notes += item.notes
        for name in gone:
            del self._items[name]
        if gone and self._drawer is not None:
            self._drawer.forget(tuple(item.character for _, item in found))
        return found, trouble, notes

    def _without_rims(
        self, frame: Frame, kinds: set[ItemKind], people: tuple[WearerNow, ...]
    ) -> Frame:  # fmt: skip
        """The frame without the rims that wearers of new glasses have on."""
        if kinds.isdisjoint(GLASSES):
            return frame
        faces = {one.number: one.head.face_px for one in people if one.head is not None}
        with self._timed("rims"):
            return replace(frame, rgb=self._rims.painted_out(frame.rgb, faces, frame.time_s))

    def _without_shoes(
        self, frame: Frame, drawn: list[tuple[str, Placed, DrawnItem]], maps: list[Map],
        people: tuple[WearerNow, ...], camera: Camera,
    ) -> tuple[Frame, list[Map]]:  # fmt: skip
        """The frame without the shoes that wearers of new ones have on, and the maps: where an old
        shoe was, the new one is seen."""
        feet: dict[Foot, FootSeen] = {
            (one.number, point): FootSeen(one.frames[point], one.sizes_m["foot"] / _FOOT_M,
                                          point == "foot.L")
            for one in people for point in FEET if point in one.frames
        }  # fmt: skip
        with self._timed("shoes"):
            bare, gone = self._shoes.painted_out(frame.rgb, feet, camera, frame.time_s)
        shown = [
            np.maximum(seen, gone[each.crop.part]) if one.item.kind == "shoes" else seen
            for (_, one, each), seen in zip(drawn, maps, strict=True)
        ]
        return replace(frame, rgb=bare), shown

    def _take_own_head(
        self, settings: WearSettings, people: tuple[WearerNow, ...]
    ) -> StudioError | None:  # fmt: skip
        """Have the largest face's own head hide things; why it cannot."""
        self._hides = None
        name = settings.own_head
        if not name:
            return None
        if self._own is None or self._own[0] != name:
            try:
                self._own = name, head_of(self._find_head(name))
            except StudioError as error:
                self._own = name, error
        own = self._own[1]
        if isinstance(own, StudioError):
            return own
        whose = next((one.number for one in people if one.head is not None), None)
        if whose is not None:
            self._hides = whose, own, settings.occluder
        return None

    def _draw_all(
        self, items: list[tuple[str, Item]], people: tuple[WearerNow, ...], frame: Frame,
        camera: Camera, settings: WearSettings,
    ) -> list[tuple[str, Placed, DrawnItem]]:  # fmt: skip
        """Every item on every wearer, the farthest first."""
        placed = [
            (name, one)
            for name, item in items
            for each in people
            for one in nudged(places_of(item, each, settings), self.nudges.get(name))
        ]
        placed.sort(key=lambda each: -float(each[1].frame[1, 3]))
        found: list[tuple[str, Placed, DrawnItem]] = []
        if not placed:
            return found
        with self._timed("light"):
            self._lights.leave(frame.time_s)
            shines = {each.number: self._lights.shine(each, frame, settings) for each in people}
        with self._timed("draw"):
            if self._drawer is None:
                self._drawer = ItemDrawer(swift=self._apart)
            for name, one in placed:
                shadow = int(4 * _SHADOW_M * camera.matrix[0, 0] / one.frame[1, 3])
                drawn = self._drawer.draw(one.item, one.point, one.bone, one.frame, camera,
                                          shines[one.wearer.number], shadow)  # fmt: skip
                if drawn is not None:
                    found.append((name, one, drawn))
        return found

    def _camera_look(
        self, frame: Frame, people: tuple[WearerNow, ...], settings: WearSettings
    ) -> CameraLook:  # fmt: skip
        if not people or not settings.match_camera:
            return CameraLook()
        height, width = frame.rgb.shape[:2]
        around = np.array([[0.2 * width, 0.2 * height], [0.8 * width, 0.8 * height]])
        faces = [one.head.face_px for one in people if one.head is not None]
        with self._timed("match"):
            return self._look.find(frame.rgb, faces[0] if faces else around, frame.time_s)

    def _maps(
        self, frame: Frame, drawn: list[tuple[str, Placed, DrawnItem]], how: Occlusion
    ) -> tuple[list[Map], StudioError | None]:
        """What is seen of each item, and why it cannot be told as wanted."""
        ways = [way_of(one.item.kind, how) for _, one, _ in drawn]
        asked = [each for each, way in zip(drawn, ways, strict=True) if way == "predicted"]
        told: list[Map | None] = []
        why: StudioError | None = None
        if asked:
            with self._timed("predict"):
                told, why = self._predicted(frame, asked)
        predicted, maps = iter(told), list[Map]()
        for (_, one, each), way in zip(drawn, ways, strict=True):
            found = next(predicted) if way == "predicted" else None
            if found is not None:
                leg = self._hiding(one, each.crop) if one.wearer.lone else None
                with self._timed("map"):
                    maps.append(unbroken(found, each, leg))
            elif way == "none":
                maps.append(np.ones_like(each.depth_m))
            elif way == "depth":
                with self._timed("hide"):
                    hiding = self._hiding(one, each.crop)
                with self._timed("map"):
                    maps.append(depth_map(each, hiding))
            else:
                with self._timed("map"):
                    maps.append(static_map(each))
        return maps, why

    def _hiding(self, one: Placed, crop: Crop) -> np.ndarray:
        if self._proxies is None:
            self._proxies = Proxies()
        if self._hides is None or self._hides[0] != one.wearer.number:
            return self._proxies.depth(one, crop)
        return self._proxies.depth(one, crop, *self._hides[1:])

    def _predicted(
        self, frame: Frame, drawn: list[tuple[str, Placed, DrawnItem]]
    ) -> tuple[list[Map | None], StudioError | None]:
        if self._predictions is None:
            try:
                self._predictions = Predictions(self._make_predictor, apart=self._apart)
            except StudioError as error:
                self._predictions = error
        if isinstance(self._predictions, StudioError):
            return [None] * len(drawn), self._predictions
        wanted = [
            Wanted((one.wearer.number, name, one.point), each, partial(self._hiding, one))
            for name, one, each in drawn
        ]
        leisure = not self._apart
        return self._predictions.maps(frame.rgb, wanted, frame.time_s, at_leisure=leisure), None

    def _composed(
        self, rgb: np.ndarray, drawn: list[tuple[str, Placed, DrawnItem]], maps: list[Map],
        look: CameraLook, settings: WearSettings,
    ) -> np.ndarray:  # fmt: skip
        with self._timed("blend"):
            alone = settings.only_items
            picture = np.zeros((*rgb.shape[:2], 4), np.uint8) if alone else _opaque(rgb)
            for (_, one, each), seen in zip(drawn, maps, strict=True):
                soft = softened(seen, settings.edge_px)
                glassy = one.item.kind in GLASSES
                rgba = laying.adjusted(each.rgba, settings, look, tinted=glassy)
                rgba = laying.like_camera(rgba, look, self._grain(rgba.shape))
                part = each.crop.part
                opacity = one.wearer.opacity_at(one.point)
                if alone:
                    picture[part] = _over(picture[part], rgba, soft * opacity)
                    continue
                under = np.ascontiguousarray(picture[part][..., :3])
                covered = cv2.multiply(
                    soft, rgba[..., 3], scale=opacity / 255, dtype=cv2.CV_32F
                )  # fmt: skip
                under = laying.shaded(under, covered, _thrown(one, each), settings.shadow)
                lain = laying.laid(under, each, rgba, soft, opacity)
                if settings.show_map:
                    lain = _coloured(lain, rgba[..., 3], soft)
                picture[part][..., :3] = lain
            return _straight(picture) if alone else picture

    def _grain(self, shape: tuple[int, ...]) -> np.ndarray:
        """A part of the noise, another one each time; tiled where more is wanted."""
        height, width = shape[:2]
        if max(height, width) < _NOISE_PX:
            down, across = (int(self._rng.integers(_NOISE_PX - n)) for n in (height, width))
            return self._noise[down : down + height, across : across + width]
        down, across = self._rng.integers(0, _NOISE_PX, 2)
        rows = (np.arange(height) + down) % _NOISE_PX
        columns = (np.arange(width) + across) % _NOISE_PX
        return self._noise[rows[:, None], columns[None, :]]

    def _told_maps(
        self, drawn: list[tuple[str, Placed, DrawnItem]], maps: list[Map], size: tuple[int, int]
    ) -> dict[str, np.ndarray]:
        told: dict[str, np.ndarray] = {}
        for (name, _, each), seen in zip(drawn, maps, strict=True):
            whole = told.setdefault(name, np.zeros(size, np.uint8))
            own = (255 * seen * (each.rgba[..., 3] > 0)).astype(np.uint8)
            whole[each.crop.part] = np.maximum(whole[each.crop.part], own)
        return told

    @contextmanager
    def _timed(self, stage: str) -> Generator[None]:
        began_s = self._clock()
        try:
            yield
        finally:
            spent = 1e3 * (self._clock() - began_s)
            self._spent[stage] = self._spent.get(stage, 0.0) + spent


def _thrown(one: Placed, drawn: DrawnItem) -> tuple[float, float]:
    """How far in the picture an item's shadow is thrown: down, and away from the light."""
    reach = _SHADOW_M * float(drawn.crop.camera.matrix[0, 0]) / float(one.frame[1, 3])
    return 0.0, max(reach, 1.0)


def _opaque(rgb: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA)


def _over(behind: np.ndarray, rgba: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Canvases with alpha multiplied in, one over another."""
    front = rgba * seen[..., None]
    rest = 1 - front[..., 3:] / 255
    return np.clip(behind * rest + front + 0.5, 0, 255).astype(np.uint8)


def _straight(canvas: np.ndarray) -> np.ndarray:
    share = 255.0 / np.maximum(canvas[..., 3:], 1)
    colour = np.minimum(canvas[..., :3] * share + 0.5, 255).astype(np.uint8)
    return np.dstack([colour, canvas[..., 3]])


def _coloured(picture: np.ndarray, alpha: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """A picture with the item's silhouette coloured by its map."""
    share = (alpha > 0).astype(np.float32)[..., None] * 0.6
    colour = seen[..., None] * np.array(_GREEN) + (1 - seen[..., None]) * np.array(_RED)
    return (picture * (1 - share) + colour * share + 0.5).astype(np.uint8)
