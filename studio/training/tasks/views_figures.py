"""The held-out table of learnable triangulation: methods side by side, error against cameras."""

from __future__ import annotations

import time
from collections.abc import Mapping
from copy import deepcopy

import cv2
import numpy as np
import torch
from torch import nn

from studio.perception.heatmaps.network import HEIGHT_PX, WIDTH_PX
from studio.perception.trunk import fused
from studio.perception.views.geometry import projected
from studio.perception.views.seen import JOINTS
from studio.perception.views.viewer import Quick
from studio.training.task import Bench, Row, Source
from studio.training.tasks.views_methods import (
    RANSAC_PX,
    every_method,
    found,
    method_of,
    prepared,
    single,
)

TESTED = 64


def quick_figures(
    network: nn.Module, source: Source, count: int, device: str, score: str
) -> Mapping[str, float]:
    """A few figures while training: every method's mean error in four views."""
    (told,) = found(network, source, count, [range(4)], device)
    mine = method_of(network)
    mean, hidden = told.mpjpes_mm(), told.hiddens_mm()
    return {score: mean[mine], **mean, **{f"{name}, hidden": off for name, off in hidden.items()}}


def table(network: nn.Module, device: str, test: Source, bench: Bench) -> list[Row]:
    """Rigs that no training scene had, other people and motions, things in the way."""
    mine = method_of(network)
    count = min(len(test), TESTED)
    counts = [n for n in (4, 1, 2, 3, 5, 6, 7, 8) if n > 1 or mine == "volumetric"]
    told, *others = found(network, test, count, [spread(n) for n in counts], device)
    said = f"{count} held-out scenes, {JOINTS} joints, 4 of 8 cameras, things in the way"
    rows = [
        _row("MPJPE", told.mpjpes_mm(), mine, note=said),
        _row("MPJPE, pelvis on pelvis", told.mpjpes_mm(rooted=True), mine),
        _row("MPJPE of joints hidden from half of the cameras", told.hiddens_mm(), mine,
             note=f"{told.hidden.mean():.0%} of the joints"),
    ]  # fmt: skip
    mean = told.mpjpes_mm()
    gap = mean["RANSAC"] - mean["oracle weights"]
    rows.append(Row("share of the gap between RANSAC and oracle weights that is closed",
                    (mean["RANSAC"] - mean[mine]) / gap, note="oracle weights: one over how far "
                    "each point really is off, at least a pixel"))  # fmt: skip
    if mine == "volumetric":
        hidden = told.hiddens_mm()
        rows.append(Row("joints hidden from half of the cameras: better than algebraic by",
                        1 - hidden["volumetric"] / hidden["algebraic"]))  # fmt: skip
    rows += [
        _row(f"MPJPE with {cameras} camera{'s' * (cameras > 1)}", fewer.mpjpes_mm(), mine)
        for cameras, fewer in zip(counts[1:], others, strict=True)
    ]
    (knocked,) = found(network, test, count, [spread(4)], device, knocked=True)
    rows.append(_row("MPJPE, one camera turned away by 12 pixels", knocked.mpjpes_mm(), mine))
    rows += [
        Row("a point off by more than 8 pixels is told from others (AUC)",
            trusted(network, test, count, device), note="by its standard deviation"),
        Row("4 views: processor time of the network", quickness_ms(network), "ms", "lower",
            note="batch of one, norms folded, one thread"),
    ]  # fmt: skip
    return rows


def spread(cameras: int, of: int = 8) -> list[int]:
    """Some of the cameras of a ring, evenly."""
    return [k * of // cameras for k in range(cameras)]


def _row(what: str, mean_mm: Mapping[str, float], mine: str, note: str = "") -> Row:
    others = {name: value for name, value in mean_mm.items() if name != mine}
    return Row(f"held-out rigs: {what}", mean_mm[mine], "mm", "lower", others, note)


@torch.inference_mode()
def trusted(network: nn.Module, test: Source, count: int, device: str) -> float:
    """How well standard deviations tell points that are far off: the chance that one of them is
    believed less than one that is not."""
    off: list[np.ndarray] = []
    sigma: list[np.ndarray] = []
    for batch in prepared(test, count, spread(4)):
        seen = single(network).look(batch["rgb"].to(device))
        away = (seen.xy_px.cpu() - batch["xy_px"]).norm(dim=-1)
        off.append(away.numpy()[batch["inside"].numpy()])
        sigma.append(seen.sigma_px.cpu().numpy()[batch["inside"].numpy()])
    wrong = np.concatenate(off) > RANSAC_PX
    rank = np.concatenate(sigma).argsort().argsort() + 1
    bad, good = int(wrong.sum()), int((~wrong).sum())
    return float((rank[wrong].sum() - bad * (bad + 1) / 2) / max(bad * good, 1))


@torch.inference_mode()
def quickness_ms(network: nn.Module, views: int = 4, times: int = 12) -> float:
    """Processor time of four views, the median of a few, on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    quick = Quick(fused(deepcopy(network).cpu()))
    rgb = torch.rand(1, views, 3, HEIGHT_PX, WIDTH_PX)
    rig = torch.eye(3, 4).repeat(1, views, 1, 1)
    rig[..., 2, 3] = 3.0
    there = torch.ones(1, views, dtype=torch.bool)
    spent: list[float] = []
    for _ in range(times):
        begun = time.process_time()
        quick.solve(rgb, rig, there)
        spent.append(time.process_time() - begun)
    torch.set_num_threads(threads)
    return 1000 * float(np.median(spent))


@torch.inference_mode()
def drawn(network: nn.Module, source: Source, device: str) -> np.ndarray:
    """Three scenes, a row each: the crops under the joints found, green, and true, white."""
    rows: list[np.ndarray] = []
    for batch in prepared(source, 3, range(4)):
        batch = {key: value.to(device) for key, value in batch.items()}
        mine = method_of(network)
        xyz = every_method(network, single(network).look(batch["rgb"]), batch)[mine]
        at, _ = projected(batch["projections"], xyz)
        for scene in range(len(at)):
            views: list[np.ndarray] = []
            for view in range(at.shape[1]):
                rgb = (batch["rgb"][scene, view].permute(1, 2, 0) * 255).byte().cpu().numpy()
                rgb = cv2.resize(rgb, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
                for points, colour in ((batch["xy_px"], (255, 255, 255)), (at, (60, 255, 90))):
                    for x, y in points[scene, view].cpu().numpy():
                        cv2.circle(rgb, (round(2 * float(x)), round(2 * float(y))), 2, colour, -1)
                views.append(rgb)
            rows.append(np.hstack(views))
    return np.vstack(rows)
