"""How honest the lifting network's predicted errors are, and how they are made so."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from studio.perception.lifting.network import Lifted, LiftingNetwork
from studio.perception.lifting.normalise import BODY, NOSE_TIP, PELVIS, POINTS
from studio.synth.moving.views import Seen
from studio.training.task import Row
from studio.training.tasks.lift import in_virtual_camera, lifted, parts_of

JUDGED = 30
ONE_SIGMA, TWO_SIGMA = 0.6827, 0.9545
_ENDS = ("wrist", "ankle", "toe", "heel")
_MIDDLE = ("elbow", "knee")


def _group(point: str) -> str:
    if point.endswith(_ENDS):
        return "wrists and feet"
    return "elbows and knees" if point.endswith(_MIDDLE) else "trunk and head"


_BODY_GROUPS = [_group(point) for point in POINTS.points[:BODY]]


def _scaled(told: Lifted, truth: Tensor) -> dict[str, np.ndarray]:
    """Errors along each axis by the predicted sigma, by group of points."""
    body, hands, face = parts_of(truth)
    off = (told.xyz_m[..., :BODY, :] - body) / told.sigma_m[..., :BODY, None]
    out: dict[str, list[np.ndarray]] = {}
    for point, group in enumerate(_BODY_GROUPS):
        if point != PELVIS:
            out.setdefault(group, []).append(off[:, -JUDGED:, point].numpy().ravel())
    by_wrist = (told.hand_m - hands)[..., 1:, :] / told.hand_sigma_m[..., 1:, None]
    out["hands"] = [by_wrist[:, -JUDGED:].numpy().ravel()]
    others = [k for k in range(70) if k != NOSE_TIP]
    by_nose = ((told.face_m - face) / told.face_sigma_m[..., None])[:, -JUDGED:, others]
    out["face"] = [by_nose.numpy().ravel()]
    return {group: np.abs(np.concatenate(parts)) for group, parts in out.items()}


def scaled_errors(
    network: nn.Module, device: str, seen_ones: Iterator[Seen]
) -> dict[str, np.ndarray]:
    """Errors along each axis by the predicted sigma, over sequences, by group of points: hands
    wrist at wrist, the face nose at nose."""
    found: dict[str, list[np.ndarray]] = {}
    for seen in seen_ones:
        told, normal = lifted(network, seen, "recurrent", device)
        for group, values in _scaled(told, in_virtual_camera(normal, seen)).items():
            found.setdefault(group, []).append(values)
    return {group: np.concatenate(values) for group, values in found.items()}


def calibrate(
    network: LiftingNetwork, device: str, seen_ones: Iterator[Seen]
) -> dict[str, float]:  # fmt: skip
    """Make predicted errors true on average: in each group of points 68 % of the coordinates come
    to lie within one sigma. The factors go into the biases of the last layers; returns them."""
    factors = {group: float(np.quantile(values, ONE_SIGMA))
               for group, values in scaled_errors(network, device, seen_ones).items()}  # fmt: skip
    body, hand, face = network.outputs()
    with torch.no_grad():
        for point, group in enumerate(_BODY_GROUPS):
            body.bias[4 * point + 3] += float(np.log(factors[group]))
        hand.bias[3 : 4 * 21 : 4] += float(np.log(factors["hands"]))
        face.bias[3 : 4 * 70 : 4] += float(np.log(factors["face"]))
    return factors


def coverage_rows(network: nn.Module, device: str, seen_ones: list[Seen]) -> list[Row]:
    """The shares of coordinates within one and two predicted sigma, of body, hands and face."""
    scaled = scaled_errors(network, device, iter(seen_ones))
    body = np.concatenate([scaled[group] for group in sorted(set(_BODY_GROUPS))])
    alike = _alike(network, device, seen_ones)
    rows: list[Row] = []
    for part, values in (("body", body), ("hand", scaled["hands"]), ("face", scaled["face"])):
        one, two = float((values < 1).mean()), float((values < 2).mean())
        note = f"within two: {two:.3f} ({TWO_SIGMA:.3f} of a normal error)"
        if part == "body":
            each = ", ".join(f"{g} {(scaled[g] < 1).mean():.3f}" for g in dict.fromkeys(
                _BODY_GROUPS))  # fmt: skip
            note += f"; {each}; predicted and true distances correlate by {alike:.2f}"
        rows.append(Row(f"{part} coordinates within one predicted sigma", one, "", "higher",
                        {"normal": round(ONE_SIGMA, 3)}, note))  # fmt: skip
    return rows


def _alike(network: nn.Module, device: str, seen_ones: list[Seen]) -> float:
    """How predicted errors of body points and true ones go together (logarithms)."""
    points = [i for i in range(BODY) if i != PELVIS]
    off: list[Tensor] = []
    sigma: list[Tensor] = []
    for seen in seen_ones:
        told, normal = lifted(network, seen, "recurrent", device)
        far = (told.xyz_m - in_virtual_camera(normal, seen)).norm(dim=-1)
        off.append(far[:, -JUDGED:, points].flatten())
        sigma.append(told.sigma_m[:, -JUDGED:, points].flatten())
    both = torch.stack([torch.cat(sigma).log(), torch.cat(off).clamp_min(1e-4).log()])
    return float(torch.corrcoef(both)[0, 1])
