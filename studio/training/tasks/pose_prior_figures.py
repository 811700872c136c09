"""The held-out table of the pose prior, beside simpler densities learned from the same poses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
import torch

from studio.human.prior.network import PosePrior
from studio.human.prior.space import ANGLE_NAMES
from studio.training.takes import KINDS, Pairs, Takes
from studio.training.task import Row
from studio.training.tasks.pose_prior import both, mean_density

NORMAL, APART, MEAN = "one Gaussian (PCA)", "independent angles", "mean pose"
_LEARNED, _NUGGET_RAD = 12_000, 0.03
_AHEAD_S = 0.25
_SAMPLES = 200
_SEEN = {
    "take": "the last 14 % of the one long take: same person, same day",
    "single": "single poses never seen",
    "tracked": "another person, another system (Pose2Sim), followed by a tracker",
    "authored": "motions that only the test split has",
}


@dataclass(frozen=True, eq=False)
class Gaussian:
    """A normal density over poses; with ``apart`` its angles are independent."""

    mean: np.ndarray
    covariance: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, apart: bool = False) -> Gaussian:
        """Fitted to samples, with a floor of 0.03 rad under every deviation."""
        covariance = np.cov(x.T) + _NUGGET_RAD**2 * np.eye(x.shape[1])
        return cls(x.mean(0), np.diag(np.diag(covariance)) if apart else covariance)

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """log p of poses (N, angles)."""
        off = x - self.mean
        _, volume = np.linalg.slogdet(self.covariance)
        far = (off * np.linalg.solve(self.covariance, off.T).T).sum(1)
        return -0.5 * (far + volume + x.shape[1] * np.log(2 * np.pi))

    def completed(self, x: np.ndarray, known: np.ndarray) -> np.ndarray:
        """The poses with the unknown angles as expected given the known ones."""
        a, b = np.flatnonzero(known), np.flatnonzero(~known)
        gain = np.linalg.solve(self.covariance[np.ix_(a, a)], self.covariance[np.ix_(a, b)])
        out = x.copy()
        out[:, b] = self.mean[b] + (x[:, a] - self.mean[a]) @ gain
        return out


def table(network: torch.nn.Module, device: str, takes: Takes) -> list[Row]:
    """Densities, completion of hidden limbs, what follows, and what samples are like."""
    prior = cast(PosePrior, network)
    learned = Pairs(takes, "train", 7, _LEARNED)
    drawn = [learned[k] for k in range(_LEARNED)]
    x = np.stack([one["x"] for one in drawn]).astype(float)
    whole, apart = Gaussian.of(x), Gaussian.of(x, apart=True)
    held = {kind: both(takes.angles[takes.of("test", kind)]) for kind in KINDS}
    held = {kind: poses for kind, poses in held.items() if len(poses)}
    rows = [_mean_row(prior, whole, apart, held, device)]
    for kind, poses in held.items():
        rows.append(Row(
            f"held-out: log-density of {_title(kind)}", mean_density(prior, poses, device), "nats",
            baselines={NORMAL: float(whole.log_density(poses).mean()),
                       APART: float(apart.log_density(poses).mean())},
            note=f"{len(poses) // 2} poses and their mirror twins: {_SEEN[kind]}"))  # fmt: skip
    rows += _following(prior, drawn, takes, device)
    rows += _completion(prior, whole, {k: held[k] for k in held if k != "authored"}, device)
    return rows + _samples(prior, takes, whole)


def _title(kind: str) -> str:
    return {"take": "a take's end", "single": "single poses", "tracked": "a tracked person",
            "authored": "authored motions"}[kind]  # fmt: skip


def _mean_row(
    prior: PosePrior, whole: Gaussian, apart: Gaussian, held: dict[str, np.ndarray], device: str
) -> Row:
    real = [kind for kind in ("take", "single", "tracked") if kind in held] or [*held]

    def mean(of: Callable[[np.ndarray], float]) -> float:
        return float(np.mean([of(held[kind]) for kind in real]))

    return Row(
        "held-out real poses: log-density", mean(lambda p: mean_density(prior, p, device)), "nats",
        baselines={NORMAL: mean(lambda p: float(whole.log_density(p).mean())),
                   APART: mean(lambda p: float(apart.log_density(p).mean()))},
        note="mean of " + ", ".join(_title(kind) for kind in real))  # fmt: skip


def _following(
    prior: PosePrior, drawn: list[dict[str, np.ndarray]], takes: Takes, device: str
) -> list[Row]:
    """How likely what follows a quarter of a second later is."""
    pairs = [(d["x"], d["after"]) for d in drawn if abs(d["seconds"] - _AHEAD_S) < 0.06]
    rows: list[Row] = []
    for kind in ("take", "tracked"):
        index = takes.of("test", kind)
        first, then = _ahead(takes, index)
        if not len(first) or len(pairs) < 100:
            continue
        a = np.stack([np.concatenate(p) for p in pairs]).astype(float)
        joint, margin = Gaussian.of(a), Gaussian.of(a[:, : a.shape[1] // 2])
        together = np.concatenate([first, then], 1).astype(float)
        theirs = joint.log_density(together) - margin.log_density(first.astype(float))
        with torch.no_grad():
            x, after = (torch.from_numpy(v).float().to(device) for v in (first, then))
            ours = prior.log_following(x, after, torch.full(x.shape[:1], _AHEAD_S, device=device))
            alone = prior.log_density(after)
        rows.append(Row(
            f"held-out: log-density of what follows in 1/4 s, {_title(kind)}", float(ours.mean()),
            "nats", baselines={"linear Gaussian step": float(theirs.mean()),
                               "as if nothing went before": float(alone.mean())},
            note=f"{len(first)} pairs"))  # fmt: skip
    return rows


def _ahead(takes: Takes, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    times = takes.time_s[index]
    if len(times) < 10:
        return np.zeros((0, 48)), np.zeros((0, 48))
    step = max(round(_AHEAD_S / float(np.median(np.diff(times)))), 1)
    return takes.angles[index[:-step]], takes.angles[index[step:]]


_HIDDEN = {
    "an arm": ("clavicle", "shoulder", "elbow", "forearm", "wrist"),
    "a leg": ("hip", "knee", "ankle", "toe"),
}


def _completion(
    prior: PosePrior, whole: Gaussian, held: dict[str, np.ndarray], device: str
) -> list[Row]:
    """The mean error of the angles of a limb that was hidden."""
    rows: list[Row] = []
    for limb, words in _HIDDEN.items():
        known = np.array([not (n.startswith(words) and n.endswith(".L")) for n in ANGLE_NAMES])
        errors: dict[str, list[float]] = {"ours": [], NORMAL: [], MEAN: []}
        for poses in held.values():
            some = poses[:: max(len(poses) // 60, 1)]
            x = torch.from_numpy(some).float().to(device)
            mask = torch.from_numpy(known).to(device).float()
            ways = {
                "ours": prior.complete(x, mask).cpu().double().numpy(),
                NORMAL: whole.completed(some, known),
                MEAN: np.where(known, some, whole.mean),
            }
            for way, found in ways.items():
                errors[way].append(float(np.degrees(np.abs(found - some)[:, ~known]).mean()))
        if not held:
            continue
        means = {way: float(np.mean(values)) for way, values in errors.items()}
        rows.append(Row(f"held-out: angles of {limb} that was hidden", means.pop("ours"), "deg",
                        "lower", means, "mean absolute error, the rest known"))  # fmt: skip
    return rows


def _samples(prior: PosePrior, takes: Takes, whole: Gaussian) -> list[Row]:
    """What poses by chance are like, beside the factory's motions and a Gaussian's samples."""
    from studio.human.prior.space import pose_space
    from studio.synth.figure import carry, make_figure
    from studio.synth.prior.sampled import DEEP_M, UNSTEADY_M
    from studio.synth.prior.standing import stand, turns_of_angles
    from studio.synth.prior.touch import depth

    space, figure = pose_space(), make_figure()
    dice = np.random.default_rng(11)
    low, high = space.limits
    authored = takes.angles[takes.of("train", "authored")].astype(float)
    few = authored[dice.permutation(len(authored))[:_SAMPLES]]
    seeds = torch.Generator().manual_seed(11)
    normal = dice.multivariate_normal(whole.mean, whole.covariance, _SAMPLES)
    device = str(prior.mean.device)
    ours = prior.decode(torch.randn(_SAMPLES, 48, generator=seeds).to(device))
    sets = {"ours": ours.detach().cpu().double().numpy(), NORMAL: normal, "authored": few}
    told: dict[str, dict[str, float]] = {}
    for name, poses in sets.items():
        kept = np.clip(poses, low, high)
        beyond = float((np.abs(poses - kept) > np.radians(5)).any(1).mean())
        joints = space.joints(torch.from_numpy(kept)).numpy()
        away = np.linalg.norm(joints[:, None] - joints[None], axis=-1).mean(-1)
        steady, deep = [], []
        for turns in turns_of_angles(figure, kept[:100]):
            stood = stand(figure, turns)
            steady.append(stood.off_balance_m <= UNSTEADY_M)
            deep.append(depth(figure, carry(figure, stood.root_m, stood.turns)) > DEEP_M)
        told[name] = {
            "variety": float(away[np.triu_indices(len(poses), 1)].mean()) * 1000,
            "beyond": 100 * beyond, "steady": 100 * float(np.mean(steady)),
            "deep": 100 * float(np.mean(deep)),
        }  # fmt: skip

    def row(what: str, key: str, unit: str, better: Any, note: str) -> Row:
        others = {name: one[key] for name, one in told.items() if name != "ours"}
        return Row(what, told["ours"][key], unit, better, others, note)

    return [
        row("samples: mean distance of the joints of two poses", "variety", "mm", "higher",
            f"{_SAMPLES} samples, before any is turned away"),
        row("samples: an angle over 5 deg beyond its joint's limits", "beyond", "%", "lower", ""),
        row("samples: in balance on the floor", "steady", "%", "higher", "100 samples"),
        row(f"samples: a limb over {1000 * DEEP_M:.0f} mm inside the body", "deep", "%", "lower",
            "100 samples; those are turned away before anybody sees them"),
    ]  # fmt: skip


_CELL, _SIDE = (150, 190), 6


@torch.no_grad()
def drawn(network: torch.nn.Module) -> np.ndarray:
    """Eighteen sampled skeletons from the front, as a picture."""
    from studio.human.prior.space import pose_space
    from studio.human.rig import BONE_NAMES, BONE_PARENTS

    prior = cast(PosePrior, network)
    seeds = torch.Generator().manual_seed(3)
    z = torch.randn(3 * _SIDE, 48, generator=seeds).to(prior.mean.device)
    joints = pose_space().joints(prior.decode(z).cpu()).numpy()
    wide, tall = _CELL
    sheet = np.full((3 * tall, _SIDE * wide, 3), 245, np.uint8)
    for k, person in enumerate(joints):
        corner = np.array([(k % _SIDE + 0.5) * wide, (k // _SIDE + 0.52) * tall])
        at = np.round(corner + person[:, [0, 2]] * [85, -85]).astype(int)
        for bone, parent in enumerate(BONE_PARENTS):
            if parent >= 0 and not BONE_NAMES[bone].startswith(("finger", "toe", "eye")):
                side = BONE_NAMES[bone][-2:]
                colour = {".L": (200, 90, 40), ".R": (40, 90, 200)}.get(side, (60, 60, 60))
                a, b = at[parent].tolist(), at[bone].tolist()
                cv2.line(sheet, a, b, colour, 2, cv2.LINE_AA)
    return sheet
