"""Collecting pictures to label: files, folders and evenly spaced frames of videos."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from studio.core.errors import StudioError
from studio.core.files import IMAGE_SUFFIXES, VIDEO_SUFFIXES, natural_key
from studio.core.pictures import read_picture
from studio.core.types import Frame
from studio.features.label.params import Params
from studio.jobs import Context, Engine
from studio.live.wearing.tryon import TryOn
from studio.live.wearing.wear_settings import WearSettings
from studio.media.video import open_clip
from studio.training.labels import LabelFolder

_ITEM = ".item.png"
_SETTLES = 3


@dataclass(frozen=True)
class Inputs:
    """Pictures, folders of pictures and videos. ``NAME.item.png`` beside a picture ``NAME`` is the
    item that lies over it."""

    sources: tuple[Path, ...]


@dataclass(frozen=True)
class Collected:
    """What was added to which folder, and why some files were left out."""

    folder: Path
    names: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def collect(params: Params, inputs: Inputs, context: Context) -> Engine[str, Collected]:
    """Add pictures to a folder of labels. Yields the name of each.

    Raises StudioError if nothing could be added.
    """
    if not inputs.sources:
        raise StudioError("There are no pictures to add.", "Choose pictures, a folder or a video.")
    folder = LabelFolder.create(params.place, params.origin)
    if params.origin and not folder.origin:
        folder.origin = params.origin
        folder.save_index()
    files = [file for source in inputs.sources for file in _files(source)]
    names: list[str] = []
    left_out: list[str] = []
    with ExitStack() as stack:
        tryon = stack.enter_context(closing(TryOn())) if params.item else None
        for number, file in enumerate(files):
            try:
                for name, rgb, item in _pictures(file, params.frames):
                    context.check()
                    context.report((number + 0.5) / len(files), f"Adding {name}")
                    small = _shrunk(rgb, params.longest_px)
                    if item is None and tryon is not None:
                        item = worn_whole(tryon, params.item, name, small)
                    added = folder.add(small, name)
                    if item is not None:
                        height, width = small.shape[:2]
                        fitted = cv2.resize(item, (width, height), interpolation=cv2.INTER_AREA)
                        folder.save_item(added, fitted)
                    names.append(added)
                    yield added
            except StudioError as error:
                left_out.append(f"{file.name}: {error.message}")
    if not names:
        why = left_out[0] if left_out else "No file in it is a picture or a video."
        raise StudioError(f"Nothing could be added. {why}", "Choose pictures or videos.")
    return Collected(folder.path, tuple(names), tuple(left_out))


def worn_whole(
    tryon: TryOn, item: str, name: str, rgb: UInt8[np.ndarray, "height width 3"]
) -> UInt8[np.ndarray, "height width 4"]:
    """An item as whoever is seen wears it, before nothing and as if nothing hid it: what hides it
    is to be painted. Raises StudioError for an item that cannot be worn, and where nobody is seen
    who could."""
    settings = WearSettings(items=(item,), occlusion="none", only_items=True)
    still = np.ascontiguousarray(rgb)
    worn = tryon.show(Frame(name, 0.0, still), settings)
    for k in range(1, _SETTLES):
        worn = tryon.show(Frame(name, k / 30, still), settings)
    if worn.trouble is not None:
        raise worn.trouble
    if not worn.rgba[..., 3].any():
        raise StudioError(" ".join(worn.notes) or "Nobody is seen.", "Choose another picture.")
    return worn.rgba


def _files(source: Path) -> list[Path]:
    if not source.is_dir():
        return [source]
    known = IMAGE_SUFFIXES | VIDEO_SUFFIXES
    found = [p for p in source.iterdir() if p.suffix.lower() in known]
    return sorted(
        (p for p in found if not p.name.endswith(_ITEM)), key=lambda p: natural_key(p.name)
    )


def _pictures(file: Path, frames: int) -> Iterator[tuple[str, np.ndarray, np.ndarray | None]]:
    """A picture with its item, or frames of a video spread over its whole length."""
    if file.suffix.lower() not in VIDEO_SUFFIXES:
        item = file.with_name(file.stem + _ITEM)
        yield file.stem, read_picture(file), read_picture(item, "rgba") if item.is_file() else None
        return
    with open_clip(file) as clip:
        count = min(frames, clip.frames)
        for number in np.unique(np.linspace(0, clip.frames - 1, count + 2)[1:-1].round()):
            frame = clip.frame(int(number))
            yield f"{file.stem} {int(number):05d}", frame.rgb, None


def _shrunk(rgb: np.ndarray, longest_px: int) -> np.ndarray:
    height, width = rgb.shape[:2]
    scale = longest_px / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
