"""From the motion of any humanoid skeleton to the angles of a pose space.

Bones are matched by name (MakeHuman, CMU, Mixamo, Unreal and the like). What a bone has turned
since its own rest pose is carried over, after the rest pose's limbs were brought to ours; then the
angles are found that come nearest, within the limits of the joints.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from studio.core.errors import StudioError
from studio.core.types import Animation, Armature
from studio.human.prior.space import PoseSpace
from studio.human.rig import BONE_NAMES, BONE_PARENTS

_CENTRE: dict[str, tuple[str, ...]] = {
    "root": ("root", "hips", "hip", "pelvis"),
    "spine04": ("spine04", "lowerback", "spine", "spine_01", "abdomen"),
    "spine01": ("spine01", "spine2", "chest2", "spine_03", "spine1", "upperchest", "chest"),
    "neck02": ("neck02", "neck1", "neck", "neck_01"),
    "head": ("head",),
}
_SIDED: dict[str, tuple[str, ...]] = {
    "clavicle": ("clavicle", "shoulder", "collar"),
    "upperarm01": ("upperarm01", "arm", "upperarm", "uparm"),
    "lowerarm01": ("lowerarm01", "forearm", "lowerarm", "lowarm"),
    "wrist": ("wrist", "hand"),
    "upperleg01": ("upperleg01", "upleg", "thigh", "upperleg", "hip"),
    "lowerleg01": ("lowerleg01", "leg", "calf", "shin", "knee", "lowerleg", "lowleg"),
    "foot": ("foot", "ankle"),
    "toe1-1": ("toe1-1", "toebase", "toe", "ball"),
}
_LIMBS = (("upperarm01", "lowerarm01"), ("lowerarm01", "wrist"), ("upperleg01", "lowerleg01"),
          ("lowerleg01", "foot"))  # fmt: skip
_NEEDED = ("upperarm01", "lowerarm01", "upperleg01", "lowerleg01", "foot")
_WEIGHTS = {"root": 0.0, "spine04": 0.5, "clavicle": 0.3, "upperarm01": 0.1, "lowerarm01": 0.1,
            "upperleg01": 0.3, "lowerleg01": 0.3, "toe1-1": 0.2}  # fmt: skip
_STEPS, _RATE, _PULL = 240, 0.08, 1e-3
_LONG_S = 5.0


@dataclass(frozen=True, eq=False)
class Retargeted:
    """Poses at their times, which way each faces (radians, about the vertical, from -Y), and how
    far off their bones are on average (degrees)."""

    times_s: Float[np.ndarray, " frames"]
    angles: Float[np.ndarray, "frames angles"]
    yaw_rad: Float[np.ndarray, " frames"]
    off_deg: Float[np.ndarray, " frames"]


def retarget(space: PoseSpace, armature: Armature, animation: Animation) -> Retargeted:
    """The poses of an animated skeleton, whatever its size, up axis, rest pose and facing.

    Raises StudioError if its bones cannot be told by their names.
    """
    found = _matched(armature.names)
    heads = armature.rest_world[:, :3, 3]
    base = _upright(heads, found)
    rest = base @ armature.rest_world[:, :3, :3]
    heads = heads @ base.T
    moved = base @ animation.bones_world[..., :3, :3] @ rest.transpose(0, 2, 1)
    G = {bone: moved[:, k] for bone, k in found.items()}
    if len(found) < len(_CENTRE) + 2 * len(_SIDED) or not _same_rig(armature.names):
        for between in ("spine04", "neck02"):  # where others bend their backs is not comparable
            G.pop(between, None)
        if animation.times_s[-1] - animation.times_s[0] > _LONG_S:
            G["root"] = G["root"] @ _level(G["root"])
    ours = {name: space.heads_m[k] for k, name in enumerate(BONE_NAMES)}
    for upper, lower in _LIMBS:
        for side in (".L", ".R"):
            if lower + side in found:
                a, b = found[upper + side], found[lower + side]
                turn = _between(ours[lower + side] - ours[upper + side], heads[b] - heads[a])
                G[upper + side] = G[upper + side] @ turn
                if lower == "wrist":  # at rest hands go on as forearms do
                    G[lower + side] = G[lower + side] @ turn
    return fit_turns(space, G, animation.times_s)


def _same_rig(names: tuple[str, ...]) -> bool:
    return {"spine05", "spine01", "upperleg02.L"} <= {*names}


def _level(root: np.ndarray) -> np.ndarray:
    """The turn that makes the pelvis level on average: rigs differ in what they call level, and
    over a long take people stand straight."""
    nod = -np.median(np.arctan2(root[:, 2, 1], root[:, 2, 2]))
    c, s = np.cos(nod), np.sin(nod)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def fit_turns(space: PoseSpace, G: dict[str, np.ndarray], times_s: np.ndarray) -> Retargeted:
    """The poses whose bones have turned from the reference as ``G`` says (bone: frames, 3, 3)."""
    root = G["root"]
    yaw = np.arctan2(-root[:, 0, 1], root[:, 1, 1])
    c, s, o = np.cos(yaw), np.sin(yaw), np.zeros_like(yaw)
    back = np.stack([c, s, o, -s, c, o, o, o, o + 1], -1).reshape(-1, 3, 3)
    level = back @ root
    nod = np.arctan2(level[:, 2, 1], level[:, 1, 1])
    tilt = np.arctan2(level[:, 0, 2], level[:, 0, 0])
    bones = [BONE_NAMES.index(name) for name in G]
    wanted = torch.from_numpy(np.stack([back @ turn for turn in G.values()], 1)).float()
    weights = torch.tensor([_WEIGHTS.get(name.split(".")[0], 1.0) for name in G])
    along = _along(space, tuple(G)).float()
    low, high = (torch.from_numpy(edge).float() for edge in space.limits)
    usual = torch.from_numpy(space.usual).float()
    angles = torch.zeros(len(root), space.size)
    angles[:, 0], angles[:, 1] = torch.from_numpy(nod), torch.from_numpy(tilt)
    angles.requires_grad_()
    chain = _ancestors(bones)
    descent = torch.optim.Adam([angles], _RATE, betas=(0.9, 0.98))
    for step in range(_STEPS):
        descent.param_groups[0]["lr"] = _RATE * (1 - step / _STEPS) ** 1.5 + 1e-4
        descent.zero_grad()
        turned = _chained(space.turns(angles), chain)[:, [chain.index(b) for b in bones]]
        off = turned - wanted
        ways = ((off @ along[None, :, :, None])[..., 0].square().sum(-1)).sum()
        spun = (weights * off.square().sum((-1, -2))).sum()
        beyond = (angles - high).clamp_min(0) + (low - angles).clamp_min(0)
        pull = _PULL * (angles / usual).square().sum()
        (4 * ways + 0.5 * spun + 20 * beyond.square().sum() + pull).backward()
        assert angles.grad is not None
        angles.grad[:, :2] = 0
        descent.step()
    with torch.no_grad():
        kept = torch.maximum(torch.minimum(angles, high), low)
        turned = _chained(space.turns(kept), chain)[:, [chain.index(b) for b in bones]]
        ways = along.norm(dim=-1) > 0
        a, b = ((turn @ along[None, :, :, None])[..., 0][:, ways] for turn in (turned, wanted))
        off = torch.rad2deg(torch.acos((a * b).sum(-1).clamp(-1, 1))).mean(1)
    return Retargeted(times_s, kept.double().numpy(), yaw, off.double().numpy())


def turned_bones(turns: Float[np.ndarray, "frames bones 3 3"]) -> dict[str, np.ndarray]:
    """G of the bones that tell a pose, from the own rotations D of all our bones."""
    names = [*_CENTRE, *(f"{bone}{side}" for bone in _SIDED for side in (".L", ".R"))]
    bones = [BONE_NAMES.index(name) for name in names]
    chain = _ancestors(bones)
    G = _chained(torch.from_numpy(turns), chain)
    return {name: G[:, chain.index(b)].numpy() for name, b in zip(names, bones, strict=True)}


def _matched(names: tuple[str, ...]) -> dict[str, int]:
    """Which bone of the other skeleton each of ours is."""
    plain = [re.sub(r"^(mixamorig\d*|bip01|character1|def)[:_\- ]*", "", n.lower()) for n in names]
    found: dict[str, int] = {}

    def seek(bone: str, spellings: list[str]) -> None:
        at = next((plain.index(word) for word in spellings if word in plain), None)
        if at is not None:
            found[bone] = at

    for bone, words in _CENTRE.items():
        seek(bone, list(words))
    for bone, words in _SIDED.items():
        for side, long in (("l", "left"), ("r", "right")):
            forms = ("{w}.{s}", "{l}{w}", "{l}_{w}", "{w}_{s}", "{w}_{l}", "{s}{w}", "{s}_{w}",
                     "{w}{l}", "{w}.{l}", "{l} {w}", "{s} {w}")  # fmt: skip
            seek(f"{bone}.{side.upper()}",
                 [form.format(w=w, s=side, l=long) for w in words for form in forms])  # fmt: skip
    lost = [f"{bone}.{side}" for bone in _NEEDED for side in "LR" if f"{bone}.{side}" not in found]
    if lost or "root" not in found:
        raise StudioError(
            f"The skeleton's bones could not be told by their names: no {', '.join(lost[:4])}.",
            "Name them as in MakeHuman, Mixamo or CMU files (LeftArm, LeftForeArm, LeftUpLeg).",
        )
    return found


def _upright(heads: np.ndarray, found: dict[str, int]) -> np.ndarray:
    """The rotation that stands a skeleton's rest pose upright, facing -Y with its left at +X."""
    hips = (heads[found["upperleg01.L"]] + heads[found["upperleg01.R"]]) / 2
    feet = (heads[found["foot.L"]] + heads[found["foot.R"]]) / 2
    rows = np.zeros((3, 3))
    up = int(np.abs(hips - feet).argmax())
    rows[2, up] = np.sign((hips - feet)[up])
    left = heads[found["upperleg01.L"]] - heads[found["upperleg01.R"]]
    left[up] = 0
    across = int(np.abs(left).argmax())
    rows[0, across] = np.sign(left[across])
    rows[1] = np.cross(rows[2], rows[0])
    return rows


def _between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The smallest rotation that brings the direction of ``a`` to that of ``b``."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    v, cosine = np.cross(a, b), float(a @ b)
    K = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    return np.eye(3) + K + K @ K / (1 + cosine)


def _along(space: PoseSpace, names: tuple[str, ...]) -> Tensor:
    """The direction in which each limb bone points, at rest; zero for those that are no limb."""
    ahead = {upper + side: lower + side for upper, lower in _LIMBS for side in (".L", ".R")}
    ways = np.zeros((len(names), 3))
    for k, name in enumerate(names):
        if name in ahead:
            a, b = BONE_NAMES.index(name), BONE_NAMES.index(ahead[name])
            way = space.heads_m[b] - space.heads_m[a]
            ways[k] = way / np.linalg.norm(way)
    return torch.from_numpy(ways)


def _ancestors(bones: list[int]) -> list[int]:
    """These bones and all above them, parents first."""
    alive: set[int] = set()
    for bone in bones:
        while bone >= 0 and bone not in alive:
            alive.add(bone)
            bone = BONE_PARENTS[bone]
    return sorted(alive)


def _chained(turns: Tensor, chain: list[int]) -> Tensor:
    """G of the bones of a chain (see :func:`_ancestors`) from all bones' D."""
    G: dict[int, Tensor] = {}
    for bone in chain:
        own = turns[:, bone]
        G[bone] = own if BONE_PARENTS[bone] < 0 else G[BONE_PARENTS[bone]] @ own
    return torch.stack([G[bone] for bone in chain], 1)
