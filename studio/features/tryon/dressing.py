"""A film or a picture in which things are worn, from its beginning to its end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np

from studio.core.errors import StudioError
from studio.core.files import make_folder
from studio.core.pictures import read_picture, write_picture
from studio.core.types import Fact, Frame
from studio.jobs import Context
from studio.live.outlets.frames import FrameSink, Picture, Wish
from studio.live.stage.film import SUFFIXES, film_sink
from studio.live.wearing.tryon import TryOn
from studio.live.wearing.wear_settings import WearSettings
from studio.live.wearing.worn import Worn
from studio.media.catalogue.catalogue import FindItem
from studio.media.formats.whole import check_place
from studio.media.video import open_clip

PICTURES = (".png", ".jpg", ".jpeg")
SETTLES = 3
"""So often a single picture is looked at, until what is learned of its people has settled."""


@dataclass(frozen=True)
class Dressed:
    """How it went: frames, those in which somebody wore something, the usual milliseconds of each
    stage, how much what was worn trembled (pixels), what the user should know, and files."""

    frames: int
    with_somebody: int
    stages_ms: dict[str, float]
    jitter_px: float
    notes: tuple[str, ...]
    written: tuple[str, ...]
    seconds: float = field(default=0.0)


def is_picture(path: Path) -> bool:
    """Whether it is a single picture, by its name."""
    return path.suffix.lower() in PICTURES


def dress(
    source: Path, out: Path, settings: WearSettings, find: FindItem, context: Context,
    maps: Path | None = None,
) -> Dressed:  # fmt: skip
    """Dress whoever is seen in a film or a picture, and write it: a film as .mp4, .webm or .mov, a
    folder of PNG pictures, or a picture. ``maps`` is a folder for what is seen of each item.

    Raises StudioError for what cannot be read or written, for an item that cannot be worn, and
    where a network is missing.
    """
    began_s = time.monotonic()
    still = is_picture(source)
    if still and out.suffix.lower() not in PICTURES:
        raise StudioError("A picture becomes a picture.", "Give --out a name that ends in .png.")
    if not still and out.suffix:
        check_place(out, *SUFFIXES)
    told: list[Worn] = []
    with ExitStack() as stack:
        tryon = stack.enter_context(closing(TryOn(find)))
        keeper = None if maps is None else _Maps(maps)
        if still:
            worn = _settled(tryon, _read(source), settings)
            _checked(worn)
            write_picture(out, worn.rgba if settings.only_items else worn.rgba[..., :3])
            told.append(worn)
            if keeper is not None:
                keeper.write(worn)
        else:
            for worn in _filmed(source, out, tryon, settings, context):
                told.append(_light(worn))
                if keeper is not None:
                    keeper.write(worn)
    written = [str(out), *([] if maps is None else [str(maps)])]
    return _summed(told, written, time.monotonic() - began_s)


def _filmed(
    source: Path, out: Path, tryon: TryOn, settings: WearSettings, context: Context
) -> Iterator[Worn]:
    sink: FrameSink | None = None
    count = 0
    with open_clip(source) as clip:
        try:
            for frame in clip:
                context.check()
                if context.finishing:
                    break
                worn = tryon.show(frame, settings)
                if count == 0:
                    _checked(worn)
                if sink is None:
                    height, width = frame.rgb.shape[:2]
                    sink = film_sink(out, Wish((width, height), clip.rate_hz or 30.0))
                sink.write(Picture(worn.rgba, frame.time_s))
                count += 1
                context.report(count / max(clip.frames, 1), f"{count} of {clip.frames} frames")
                yield worn
        finally:
            if sink is not None:
                sink.close()
    if not count:
        raise StudioError(f"“{source.name}” has no frame.", "Choose another film.")


def _settled(tryon: TryOn, frame: Frame, settings: WearSettings) -> Worn:
    worn = tryon.show(frame, settings)
    for k in range(1, SETTLES):
        worn = tryon.show(Frame(frame.camera, frame.time_s + k / 30, frame.rgb), settings)
    return worn


def _read(path: Path) -> Frame:
    rgb = read_picture(path, "rgb", "the picture")
    return Frame(path.stem, 0.0, np.ascontiguousarray(rgb))


def _checked(worn: Worn) -> None:
    """Raise what keeps an item from being worn: here nobody is there to choose another one."""
    if worn.trouble is not None:
        raise worn.trouble


def _light(worn: Worn) -> Worn:
    """What is told of a picture, without the picture."""
    nothing = np.zeros((0, 0, 4), np.uint8)
    return Worn(nothing, worn.time_s, worn.stages_ms, worn.wearers, worn.jitter_px,
                notes=worn.notes)  # fmt: skip


class _Maps:
    """A folder of maps: NAME_000001.png for each item, 255 where it is seen."""

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        self._folder, self._count = folder, 0

    def write(self, worn: Worn) -> None:
        self._count += 1
        for name, seen in worn.maps.items():
            write_picture(self._folder / f"{Path(name).stem}_{self._count:06}.png", seen)


def _summed(told: Sequence[Worn], written: Sequence[str], seconds: float) -> Dressed:
    stages: dict[str, list[float]] = {}
    for worn in told:
        for stage, ms in worn.stages_ms.items():
            stages.setdefault(stage, []).append(ms)
    somebody = [worn for worn in told if worn.wearers]
    notes = dict.fromkeys(note for worn in told for note in worn.notes)
    return Dressed(
        len(told), len(somebody), {stage: median(each) for stage, each in stages.items()},
        median([worn.jitter_px for worn in somebody] or [0.0]), tuple(notes), tuple(written),
        seconds,
    )  # fmt: skip


def facts_of(result: Dressed) -> tuple[Fact, ...]:
    """What is told when it is done."""
    share = result.with_somebody / max(result.frames, 1)
    slow = {k: v for k, v in result.stages_ms.items() if k != "all"}
    whole = result.stages_ms.get("all", 0.0)
    facts = [
        Fact("Worn", f"in {result.with_somebody} of {result.frames} frames",
             "good" if share > 0.9 else "look" if share > 0 else "stop",
             "" if share > 0.9 else "Nobody is seen in the others."),
        Fact("A frame took", f"{whole:.0f} ms ("
             + ", ".join(f"{stage} {ms:.0f}" for stage, ms in slow.items()) + ")"),
    ]  # fmt: skip
    if result.frames > 1:
        steady = result.jitter_px < 1
        facts.append(
            Fact("Trembles", f"{result.jitter_px:.2f} px", "good" if steady else "look",
                 "" if steady else "More light, or a larger face in the picture.")
        )  # fmt: skip
    facts += [Fact("Note", note, "look") for note in result.notes]
    return tuple(facts)
