"""People taken out of their surroundings and put before others: other shots', clutter, photographs.

Only torch and NumPy are used, so that it runs beside the network. Pictures are floats in 0..1
(batch, 3, height, width); what is in front (batch, 1, height, width) is 1 where people are.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from studio.core.errors import StudioError
from studio.core.files import images_in, write_whole
from studio.training import augment
from studio.training.augment import Dice
from studio.training.clutter import clutter

FILE, NOTE = "surroundings.npy", "surroundings.txt"
SOURCE = "SOURCE.txt"
"""In a folder of pictures: one line that says whose they are and under which licence."""
VIEWS = 720
LEVEL_DEG, FLOORS_DEG = (-25.0, 20.0), (-80.0, 0.0)
"""How views look up: about level, and at floors."""
_SIDE_PX = 160
_PHOTOGRAPHED, _PAINTED = 0.4, 0.8


class Places:
    """Views without people, packed as uint8 (views, side, side, 3) in a folder of samples; or none,
    where nobody packed any."""

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / FILE
        self._views: np.ndarray | None = None

    @property
    def source(self) -> str:
        """Where the views come from, in a line; empty without any."""
        note = None if self._path is None else self._path.with_name(NOTE)
        return note.read_text("utf-8") if note is not None and note.is_file() else ""

    def told(self, data: str) -> str:
        """What is learned from, as a card says it: ``data``, and what is put behind it."""
        before = self.source
        return f"{data}; some before: {before}" if before else data

    def look(self, dice: Dice, batch: int, height: int, width: int) -> torch.Tensor | None:
        """Pieces of views by the dice, some mirrored; None if there are none."""
        if self._path is None or not self._path.is_file():
            return None
        views = np.load(self._path, mmap_mode="r") if self._views is None else self._views
        self._views, device = views, dice.device
        numbers = torch.randint(len(views), (batch,), generator=dice, device=device)
        chosen = np.asarray(views[numbers.cpu().numpy()])
        rgb = torch.from_numpy(chosen).to(device).permute(0, 3, 1, 2).float() / 255
        side = views.shape[1]
        middle = torch.full((batch, 2), (side - 1) / 2, device=device)
        scales = side / 2 * augment.uniform(dice, 0.4, 0.85, batch)
        matrices, _ = augment.placements(dice, middle, scales, turn_deg=5, shift=0.3)
        return augment.look(rgb, augment.grid(matrices, height, width, (side, side)))


def behind(
    dice: Dice, rgb: torch.Tensor, front: torch.Tensor, places: Places | None = None
) -> torch.Tensor:
    """Other surroundings for each picture: a photograph's, painted ones, or those of the next
    picture of the batch, its people painted over."""
    batch, _, height, width = rgb.shape
    kind = augment.uniform(dice, 0.0, 1.0, batch)
    photographed = (kind < _PHOTOGRAPHED).nonzero()[:, 0]
    views = places.look(dice, len(photographed), height, width) if places else None
    painted = (kind >= (_PHOTOGRAPHED if views is not None else 0.0)).nonzero()[:, 0]
    found = torch.empty_like(rgb)
    found[painted] = clutter(dice, len(painted), height, width)
    if views is not None:
        found[photographed] = views
    borrowed = (kind > _PAINTED).nonzero()[:, 0]
    other = (borrowed + 1) % batch
    found[borrowed] = torch.lerp(rgb[other], found[borrowed], front[other])
    return found


def put_before(
    dice: Dice, rgb: torch.Tensor, front: torch.Tensor, surroundings: torch.Tensor
) -> torch.Tensor:
    """People before other surroundings, in a light of their own, some with a soft shadow."""
    height, width = rgb.shape[2:]
    coarse = functional.adaptive_avg_pool2d(front, (height // 8, width // 8))
    moved = functional.pad(coarse, (1, 0, 1, 0))[:, :, :-1, :-1]
    shadow = functional.interpolate(moved, (height, width), mode="bilinear")
    shade = augment.uniform(dice, 0.0, 0.6, len(rgb), 1, 1, 1)
    # The outermost pixels of people still show where they came from.
    inner = ((front - 0.4) / 0.5).clamp(0, 1)
    return torch.lerp(surroundings * (1 - shade * shadow), augment.coloured(rgb, dice, 0.6), inner)


def pack(
    pictures: Path, folder: Path, seed: int = 0, count: int = VIEWS,
    pitch_deg: tuple[float, float] = LEVEL_DEG,
) -> int:  # fmt: skip
    """Pack views of the pictures in a folder, in turn, for :class:`Places`; returns how many.

    A picture twice as wide as high is a panorama of all directions, of which views are taken that
    look up by so many degrees at least and at most; of others, pieces. What ``SOURCE.txt`` beside
    them says goes along, into the cards of networks that learn from them. Raises StudioError if
    there is no picture.
    """
    from studio.core.pictures import read_picture

    paths = images_in(pictures)
    if not paths:
        raise StudioError(
            f"There are no pictures in “{pictures}”.",
            "Give a folder of photographs or panoramas without people.",
        )
    dice = np.random.default_rng(seed)
    whole = [read_picture(path) for path in paths]
    views = np.stack(
        [_view(whole[number % len(whole)], dice, pitch_deg) for number in range(count)]
    )
    folder.mkdir(parents=True, exist_ok=True)
    named = pictures / SOURCE
    note = named.read_text("utf-8").strip() if named.is_file() else "photographs, source not named"
    write_whole(folder / NOTE, note.encode())
    kept = io.BytesIO()
    np.save(kept, views)
    write_whole(folder / FILE, kept.getvalue())
    return count


def _view(
    rgb: np.ndarray, dice: np.random.Generator, pitch_deg: tuple[float, float]
) -> np.ndarray:  # fmt: skip
    import cv2

    height, width = rgb.shape[:2]
    if width != 2 * height:
        side = int(min(height, width) * dice.uniform(0.5, 1.0))
        top, left = dice.integers(height - side + 1), dice.integers(width - side + 1)
        piece = rgb[top : top + side, left : left + side]
        return cv2.resize(piece, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)
    half = np.tan(np.radians(dice.uniform(60, 110)) / 2)
    pitch, heading = np.radians(dice.uniform(*pitch_deg)), dice.uniform(0, 2 * np.pi)
    grid = ((np.arange(_SIDE_PX) + 0.5) / _SIDE_PX * 2 - 1) * half
    x, down = np.meshgrid(grid, grid)
    up = np.sin(pitch) - down * np.cos(pitch)
    ahead = np.cos(pitch) + down * np.sin(pitch)
    latitude = np.arctan2(up, np.hypot(x, ahead))
    longitude = (np.arctan2(x, ahead) + heading) % (2 * np.pi)
    columns = (longitude / (2 * np.pi) * width - 0.5).astype(np.float32)
    rows = ((0.5 - latitude / np.pi) * height - 0.5).astype(np.float32)
    return cv2.remap(rgb, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
