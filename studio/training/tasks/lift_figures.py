"""The held-out table of the lifting network: people, motions and cameras it never saw."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from studio.perception.lifting.lifter import Lifter
from studio.perception.lifting.lifter import Seen as One
from studio.perception.lifting.network import METHODS, WRISTS, Lifted, LiftingNetwork, Method
from studio.perception.lifting.normalise import (
    BODY,
    FACE,
    PELVIS,
    POINTS,
    Normal,
    normalise,
)
from studio.synth.factory.motions import kept_back
from studio.synth.moving.views import USUAL, Seen, Trouble
from studio.training.recorded import Recorded
from studio.training.task import Row
from studio.training.tasks.lift import World, in_virtual_camera, lifted, normal_of, parts_of
from studio.training.tasks.lift_sigma import JUDGED, coverage_rows
from studio.training.tasks.lift_use import calm_rows, place_rows
from studio.vision.similarity import nearest_similar

_BATCH = 32
_VALIDATED, _TESTED, _LEARNED = 4, 16, 40
_LONG = 60
_SHOWN = 8
SURE = Trouble(gaps=0, swaps=0)
"""Every point is found, with a detector's noise."""


@dataclass(frozen=True, eq=False)
class Errors:
    """Distances from the truth in mm: ``body`` (frames, 25) with the pelvis at the pelvis,
    ``hands`` (frames, 2, 21) wrist at wrist, ``face`` (frames, 70) nose at nose, ``whole`` (frames,
    137) pelvis at pelvis, and ``aligned`` (frames, 25) after the best turn, shift and scale of
    each frame's body (PA-MPJPE). ``seen`` (frames, 137) says which points were found in the
    picture: where the others are is a guess from those."""

    body: np.ndarray
    hands: np.ndarray
    face: np.ndarray
    whole: np.ndarray
    aligned: np.ndarray
    seen: np.ndarray

    def mean(self) -> dict[str, float]:
        """Means over all points in mm; of body and hands also over those found, and of the body
        over those that were not."""
        told = {name: float(value.mean()) for name, value in vars(self).items() if name != "seen"}
        body, hands = self.seen[:, :BODY], self.seen[:, BODY : FACE.start].reshape(-1, 2, 21)
        return told | {
            "body found": float(self.body[body].mean()),
            "body not found": float(self.body[~body].mean()),
            "hands found": float(self.hands[hands].mean()),
        }  # fmt: skip


def scenes(
    world: World, batches: int, frames: int = _LONG, seed: int = 0, *, still: bool = False,
    trouble: Trouble = USUAL,
) -> Iterator[Seen]:  # fmt: skip
    """The same sequences every time."""
    for batch in range(batches):
        dice = torch.Generator().manual_seed(1000 * seed + batch)
        yield world.seen(dice, _BATCH, frames, still=still, trouble=trouble)


def _off(a: Tensor, b: Tensor) -> np.ndarray:
    return (1000 * (a - b).norm(dim=-1)[:, -JUDGED:]).flatten(0, 1).numpy()


def errors(guess: Callable[[Seen], tuple[Lifted, Normal]], seen_ones: Iterator[Seen]) -> Errors:
    """Errors over the last 30 frames of sequences."""
    found: list[tuple[np.ndarray, ...]] = []
    for seen in seen_ones:
        told, normal = guess(seen)
        truth = in_virtual_camera(normal, seen)
        body, hands, face = parts_of(truth)
        ours = told.xyz_m[..., :BODY, :]
        found.append((_off(ours, body), _off(told.hand_m, hands), _off(told.face_m, face),
                      _off(told.xyz_m, truth), _off(aligned(ours, body), body),
                      seen.valid[:, -JUDGED:].flatten(0, 1).numpy()))  # fmt: skip
    return Errors(*(np.concatenate(values) for values in zip(*found, strict=True)))


def aligned(a: Tensor, b: Tensor, known: Tensor | None = None) -> Tensor:
    """Points (..., points, 3) of a nearest to b (see :func:`nearest_similar`)."""
    told = None if known is None else known.numpy()
    return torch.from_numpy(nearest_similar(a.numpy(), b.numpy(), told))


def by(network: nn.Module, method: Method, device: str) -> Callable[[Seen], tuple[Lifted, Normal]]:
    """A way of lifting as a function."""
    return lambda seen: lifted(network, seen, method, device)


def jitter_mm(network: nn.Module, world: World, method: Method, device: str, batches: int) -> float:
    """How much body points of people who stand still tremble: standard deviation over the last 30
    of 60 frames along each axis, mean over points, in mm."""
    all_of: list[float] = []
    for seen in scenes(world, batches, seed=7, still=True, trouble=SURE):
        told, _ = lifted(network, seen, method, device)
        spread = told.xyz_m[:, -JUDGED:, :BODY].std(1)
        all_of.append(1000 * float(spread.mean()))
    return float(np.mean(all_of))


def summary(network: nn.Module, world: World, device: str) -> Mapping[str, float]:
    """A few figures, quickly."""
    out: dict[str, float] = {}
    for method, name in zip(METHODS, ("", " window", " frame"), strict=True):
        found = errors(by(network, method, device), scenes(world, _VALIDATED)).mean()
        out[f"MPJPE{name}"] = found["body"]
        if not name:
            out |= {"hands": found["hands"], "face": found["face"]}
        out[f"still{name}"] = jitter_mm(network, world, method, device, 1)
    return out


@dataclass(frozen=True, eq=False)
class _Linear:
    """A baseline without a network: what is seen times a matrix, or nothing but the mean."""

    body: Tensor
    hands: Tensor
    face: Tensor
    constant: bool

    @classmethod
    def fitted(cls, seen_ones: Iterator[Seen], *, constant: bool = False) -> _Linear:
        """Ridge regression on sequences."""
        found: list[list[Tensor]] = []
        for seen in seen_ones:
            normal = normal_of(seen)
            truth = parts_of(in_virtual_camera(normal, seen))
            pairs = zip(_told(normal, constant), truth, strict=True)
            found.append([t.flatten(0, 1) for pair in pairs for t in pair])
        x_body, body, x_hand, hands, x_face, face = (torch.cat(v) for v in zip(*found, strict=True))
        hands = hands * _MIRROR
        return cls(
            _ridge(x_body, body.flatten(1)),
            _ridge(x_hand.flatten(0, 1), hands.flatten(0, 1).flatten(1)),
            _ridge(x_face, face.flatten(1)), constant,
        )  # fmt: skip

    def __call__(self, seen: Seen) -> tuple[Lifted, Normal]:
        normal = normal_of(seen)
        x_body, x_hand, x_face = _told(normal, self.constant)
        body = (x_body @ self.body).unflatten(-1, (BODY, 3))
        hands = (x_hand @ self.hands).unflatten(-1, (21, 3)) * _MIRROR
        face = (x_face @ self.face).unflatten(-1, (70, 3))
        body = body - body[..., PELVIS : PELVIS + 1, :]
        whole = [body, *(body[..., w : w + 1, :] + hands[..., k, :, :]
                         for k, w in enumerate(WRISTS)), body[..., :1, :] + face]  # fmt: skip
        nil = torch.zeros(())
        return Lifted(torch.cat(whole, -2), nil, hands, nil, face, nil, nil), normal


_MIRROR = torch.tensor([[[1.0, 1.0, 1.0]], [[-1.0, 1.0, 1.0]]])


def _told(normal: Normal, constant: bool) -> tuple[Tensor, Tensor, Tensor]:
    """What the linear baseline sees of body, hands (batch, frames, 2, ...) and face."""
    valid = normal.valid.float()
    one = torch.ones_like(valid[..., :1])
    both = one[..., None, :].expand(*one.shape[:2], 2, 1)
    if constant:
        return one, both, one
    hand = torch.cat([normal.hands.flatten(-2), valid[..., BODY:67].unflatten(-1, (2, 21)),
                      normal.sizes[..., :2, None], both], -1)  # fmt: skip
    return (
        torch.cat([normal.body.flatten(-2), valid[..., :BODY], normal.context, one], -1), hand,
        torch.cat([normal.face.flatten(-2), valid[..., 67:], normal.sizes[..., 2:], one], -1),
    )  # fmt: skip


def _ridge(x: Tensor, y: Tensor) -> Tensor:
    gram = x.T @ x + 1e-3 * len(x) * torch.eye(x.shape[1])
    return torch.linalg.solve(gram, x.T @ y)


def milliseconds(network: nn.Module, seen: Seen, rounds: int = 12) -> dict[str, float]:
    """Processor time of one frame of one person, lifted as it comes (ms), by NumPy and by torch:
    the least of the medians of a few rounds of twenty frames, for other work slows them down."""
    assert isinstance(network, LiftingNetwork)
    lifter, memory = Lifter(network), network.start(1)
    rays, sure = (t[0].double().numpy() for t in (seen.rays, seen.confidence * seen.valid))
    least = {"NumPy": np.inf, "torch": np.inf}
    for _ in range(rounds):
        spent: dict[str, list[float]] = {"NumPy": [], "torch": []}
        for frame in range(20):
            at = slice(frame, frame + 1)
            one = One(rays[at], sure[at], float(seen.step_s[0]), bool(seen.mediapipe[0]))
            begun = time.process_time()
            lifter.lift(one)
            spent["NumPy"].append(1000 * (time.process_time() - begun))
        for frame in range(20):
            at = slice(frame, frame + 1)
            begun = time.process_time()
            with torch.inference_mode():
                normal = normalise(seen.rays[:1, at], seen.valid[:1, at], seen.confidence[:1, at],
                                   seen.step_s[:1], seen.mediapipe[:1])  # fmt: skip
                _, memory = network(normal, memory, "recurrent")
            spent["torch"].append(1000 * (time.process_time() - begun))
        least = {name: min(least[name], float(np.median(ms))) for name, ms in spent.items()}
    return least


def table(network: nn.Module, device: str, world: Callable[..., World]) -> list[Row]:
    """The rows of the card: held-out people, motions and cameras, beside baselines."""
    test, train = world("test"), world("train")
    linear = _Linear.fitted(scenes(train, _LEARNED, 10, seed=3))
    mean = _Linear.fitted(scenes(train, _LEARNED, 10, seed=3), constant=True)
    ways: dict[str, Callable[[Seen], tuple[Lifted, Normal]]] = {
        "": by(network, "recurrent", device),
        "window of 9 frames (MLP)": by(network, "window", device),
        "per-frame MLP": by(network, "frame", device),
        "linear regression": linear,
        "mean pose": mean,
    }
    found = {name: errors(way, scenes(test, _TESTED)).mean() for name, way in ways.items()}
    count = _TESTED * _BATCH * JUDGED
    said = f"{count} frames of {_TESTED * _BATCH} sequences; people, motions and cameras unseen"

    def row(what: str, part: str) -> Row:
        beside = {name: told[part] for name, told in found.items() if name}
        return Row(what, found[""][part], "mm", "lower", beside, said)

    new = world("test", kept_back("test"))
    unseen = {name: errors(way, scenes(new, _TESTED // 2)).mean()["body"]
              for name, way in ways.items()}  # fmt: skip
    still = {name: jitter_mm(network, test, method, device, 4)
             for name, method in zip(ways, METHODS, strict=False)}  # fmt: skip
    cost = milliseconds(copy.deepcopy(network).cpu(), next(scenes(test, 1)))
    return [
        row("body, pelvis on pelvis (MPJPE)", "body"),
        row("body, points that the detector found", "body found"),
        row("body, points that it did not", "body not found"),
        row("hands, wrist on wrist", "hands"),
        row("hands, points that the detector found", "hands found"),
        row("face, nose on nose", "face"),
        row("all 137 points, pelvis on pelvis", "whole"),
        row("body, best aligned (PA-MPJPE)", "aligned"),
        Row("body, motions that training never had", unseen.pop(""), "mm", "lower", unseen,
            ", ".join(kept_back("test"))),
        Row("tremble of people who stand still", still.pop(""), "mm", "lower", still,
            "standard deviation of body points over 30 frames, with a detector's noise"),
        *calm_rows(network, device, list(scenes(test, 4, seed=7, still=True, trouble=SURE)),
                   list(scenes(test, _TESTED // 2))),
        *place_rows(network, device, list(scenes(test, _TESTED // 2, trouble=Trouble(lens=0)))),
        *coverage_rows(network, device, list(scenes(test, _TESTED // 2))),
        Row("one frame as it comes", cost.pop("NumPy"), "ms", "lower", cost,
            "processor time of one thread: the least of twelve medians over twenty frames"),
    ]  # fmt: skip


def recorded_rows(network: nn.Module, device: str, dataset: Path) -> list[Row]:
    """The body in the takes of a user's pose dataset that are kept for tests.

    Raises StudioError if none is kept.
    """
    parts = Recorded.of(dataset, held_out=True).whole(_LONG)
    found: dict[str, tuple[float, float]] = {}
    frames = 0
    for method, name in zip(METHODS, ("", "window of 9 frames (MLP)", "per-frame MLP"),
                            strict=True):  # fmt: skip
        rooted: list[Tensor] = []
        best: list[Tensor] = []
        for seen in parts:
            told, normal = lifted(network, seen, method, device)
            truth = in_virtual_camera(normal, seen)[..., :BODY, :]
            known = torch.isfinite(truth).all(-1)
            ours, truth = told.xyz_m[..., :BODY, :], truth.nan_to_num()
            rooted.append((ours - truth).norm(dim=-1)[known])
            best.append((aligned(ours, truth, known) - truth).norm(dim=-1)[known])
        found[name] = (1000 * float(torch.cat(rooted).mean()), 1000 * float(torch.cat(best).mean()))
        frames = sum(seen.rays.shape[1] for seen in parts)
    said = f"{frames} pictures of {dataset.name}; truth where several cameras agree"
    what = ("recorded people, pelvis on pelvis (MPJPE)", "recorded people, best aligned (PA-MPJPE)")
    return [
        Row(text, found[""][k], "mm", "lower",
            {name: told[k] for name, told in found.items() if name}, said)
        for k, text in enumerate(what)
    ]  # fmt: skip


def pictures(network: nn.Module, world: World, device: str) -> np.ndarray:
    """People as they are (grey) and as they are lifted, from the front and from the side."""
    seen = next(scenes(world, 1))
    told, normal = lifted(network, seen, "recurrent", device)
    truth = in_virtual_camera(normal, seen)
    rows: list[np.ndarray] = []
    for axes in ((0, 1), (2, 1)):
        row = [drawn([(truth[k, -1], (130, 130, 130)), (told.xyz_m[k, -1], (90, 200, 255))], axes)
               for k in range(min(_SHOWN, len(truth)))]  # fmt: skip
        rows.append(np.hstack(row))
    return np.vstack(rows)


def drawn(
    people: list[tuple[Tensor, tuple[int, int, int]]], axes: tuple[int, int], side_px: int = 160
) -> np.ndarray:
    """Skeletons (137, 3), metres, as lines in a square picture of 2.4 m."""
    picture = np.full((side_px, side_px, 3), 24, np.uint8)
    for xyz, colour in people:
        at = xyz[:, list(axes)].numpy() * (side_px / 2.4) + [side_px / 2, 0.45 * side_px]
        for a, b in POINTS.bones:
            ends = [tuple(int(v) for v in np.clip(at[i], -999, 999)) for i in (a, b)]
            cv2.line(picture, ends[0], ends[1], colour, 1, cv2.LINE_AA)
    return picture
