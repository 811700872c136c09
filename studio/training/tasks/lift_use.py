"""The lifting network as it is used: calmed, and put where its points were seen."""

from __future__ import annotations

import numpy as np
from torch import Tensor, nn

from studio.perception.lifting.normalise import BODY, PELVIS, POINTS, Normal
from studio.synth.moving.views import Seen
from studio.training.task import Row
from studio.training.tasks.lift import in_virtual_camera, lifted
from studio.training.tasks.lift_sigma import JUDGED
from studio.vision.calm import Calm
from studio.vision.one_view import place

_LIMBS = [bone for bone in POINTS.bones if max(bone) < BODY]


def _in_camera(xyz: Tensor, normal: Normal) -> np.ndarray:
    """Body points in the virtual cameras' axes, in those of the camera."""
    return (xyz @ normal.turn)[:, :, :BODY].double().numpy()


def _calmed(xyz_m: np.ndarray, sigma_m: np.ndarray, seen: Seen) -> np.ndarray:
    return np.stack([
        Calm(float(step))(one, sigma)
        for one, sigma, step in zip(xyz_m, sigma_m, seen.step_s, strict=True)
    ])  # fmt: skip


def calm_rows(
    network: nn.Module, device: str, still: list[Seen], moving: list[Seen]
) -> list[Row]:  # fmt: skip
    """What the filter does: the tremble of those who stand still, the errors and the lag of those
    who move."""
    trembles: list[list[float]] = []
    for seen in still:
        raw, calm, _ = _both(network, device, seen)
        trembles.append([1000 * float(x[:, -JUDGED:].std(1).mean()) for x in (raw, calm)])
    before, after = np.mean(trembles, axis=0)
    errors: list[list[float]] = []
    late: list[np.ndarray] = []
    for seen in moving:
        raw, calm, truth = _both(network, device, seen)
        errors.append([1000 * float(_far(x - truth).mean()) for x in (raw, calm)])
        speed = np.gradient(truth, axis=1) / seen.step_s.numpy()[:, None, None, None]
        fast = (speed[:, -JUDGED:] ** 2).sum((1, 2, 3))
        behind = ((raw - calm) * speed)[:, -JUDGED:].sum((1, 2, 3))
        late.append(1000 * behind[fast > 1] / fast[fast > 1])
    rough, smooth = np.mean(errors, axis=0)
    lag = float(np.median(np.concatenate(late))) if late else 0.0
    return [
        Row("tremble of people who stand still, as used (calmed)", float(after), "mm", "lower",
            {"the network alone": float(before)}, "standard deviation over 30 frames"),
        Row("body, pelvis on pelvis, as used (calmed)", float(smooth), "mm", "lower",
            {"the network alone": float(rough)},
            f"people who move and who do not; those who move are shown {lag:.0f} ms late (median)"),
    ]  # fmt: skip


def _far(off: np.ndarray) -> np.ndarray:
    return np.linalg.norm(off[:, -JUDGED:], axis=-1)


def _both(
    network: nn.Module, device: str, seen: Seen
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Body points as lifted, as calmed, and as they are."""
    told, normal = lifted(network, seen, "recurrent", device)
    raw = _in_camera(told.xyz_m, normal)
    calm = _calmed(raw, told.sigma_m[..., :BODY].double().numpy(), seen)
    return raw, calm, _in_camera(in_virtual_camera(normal, seen), normal)


def place_rows(network: nn.Module, device: str, seen_ones: list[Seen]) -> list[Row]:
    """How far the pelvis is from where it is, by reprojection through a lens that is known."""
    far: list[np.ndarray] = []
    sized: list[np.ndarray] = []
    away: list[np.ndarray] = []
    for seen in seen_ones:
        told, normal = lifted(network, seen, "recurrent", device)
        body, truth = (_in_camera(x, normal) for x in (told.xyz_m, in_virtual_camera(normal, seen)))
        pelvis = seen.xyz_m[..., PELVIS, :].double().numpy()
        weight = np.where(seen.valid, 0.2 + seen.confidence, 0.0)[..., :BODY]
        rays = seen.rays[..., :BODY, :].double().numpy()
        for k in range(len(body)):
            size = _long(truth[k]) / _long(body[k])
            for out, shape in ((far, body[k]), (sized, size * body[k])):
                out.append(np.linalg.norm(place(shape, rays[k], weight[k]) - pelvis[k],
                                          axis=-1)[-JUDGED:])  # fmt: skip
            away.append(np.linalg.norm(pelvis[k], axis=-1)[-JUDGED:])
    one, two, distance = (np.concatenate(x) for x in (far, sized, away))
    known = np.isfinite(one)
    share = float(np.median(one[known] / distance[known]))
    return [
        Row("where the pelvis stands, the lens known", 1000 * float(one[known].mean()), "mm",
            "lower", {"the person's size known too": 1000 * float(np.nanmean(two))},
            f"by reprojection; {share:.1%} of the distance from the camera (median)")
    ]  # fmt: skip


def _long(xyz_m: np.ndarray) -> float:
    """The length of all bones of the body together."""
    a, b = np.array(_LIMBS).T
    return float(np.linalg.norm(xyz_m[:, a] - xyz_m[:, b], axis=-1).sum(-1).mean())
