"""People as points: DOPE's 139 points in metres before a camera, from the stored anchor poses."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.perception.dope.kinds import BODY, FACE, HEAD, LEFT_HAND, RIGHT_HAND, WRISTS
from studio.perception.dope.network import stored_anchors
from studio.perception.dope.ppi import Part

FOCAL_PX, SIZE_PX = 300.0, (320, 240)


def person_m(anchor: int = 5, at_m: tuple[float, float, float] = (0.0, 0.0, 3.5)) -> np.ndarray:
    """The points (139, 3) of somebody in an anchor pose, the torso's middle at a place."""
    deep = {key: value.double().numpy() for key, value in stored_anchors().items()}
    out = np.zeros((139, 3))
    out[BODY.start : BODY.stop] = deep["body deep"][anchor] + at_m
    out[LEFT_HAND.start : LEFT_HAND.stop] = deep["hand deep"][1] + out[WRISTS[1]]
    out[RIGHT_HAND.start : RIGHT_HAND.stop] = deep["hand deep"][9] + out[WRISTS[0]]
    face = deep["face deep"][3]
    out[FACE.start : FACE.stop] = face - face.mean(0) + out[HEAD] + [0.0, -0.05, -0.07]
    return out


def seen_px(xyz_m: np.ndarray, focal_px: float = FOCAL_PX) -> np.ndarray:
    """Where a camera in the middle of the picture sees points."""
    middle = (np.array(SIZE_PX) - 1) / 2
    return xyz_m[..., :2] / xyz_m[..., 2:] * focal_px + middle


def parts(xyz_m: np.ndarray, score: float = 0.9) -> dict[str, list[Part]]:
    """Perfectly found parts of somebody."""
    xy = seen_px(xyz_m)
    out: dict[str, list[Part]] = {"body": [], "hand": [], "face": []}
    for kind, slot, origin, family in (
        ("body", BODY, [4, 5, 10, 11], 0), ("hand", LEFT_HAND, [0], 0),
        ("hand", RIGHT_HAND, [0], 1), ("face", FACE, list(range(84)), 0),
    ):  # fmt: skip
        deep = xyz_m[slot.start : slot.stop]
        flat = xy[slot.start : slot.stop]
        deep = deep - deep[origin].mean(0)
        out[kind].append(Part(kind, flat, deep, np.ones(len(slot)), score, family))
    return out


def write_pack(folder: Path, shots: int = 64, seed: int = 0) -> None:
    """A pack of grey pictures (128 x 160) with one person's blots in each."""
    dice = np.random.default_rng(seed)
    height, width = 128, 160
    rgb = dice.integers(90, 110, (shots, height, width, 3)).astype(np.uint8)
    whole = np.full((shots, 3, 139, 6), np.nan, np.float32)
    masks = np.zeros((shots, height, width), np.uint8)
    for k in range(shots):
        at = (float(dice.uniform(-0.2, 0.2)), 0.0, float(dice.uniform(2.3, 2.7)))
        xyz = person_m(int(dice.integers(10)), at)
        xy = (xyz[:, :2] / xyz[:, 2:] * 160 + [79.5, 63.5]).astype(np.float32)
        inside = (xy > -0.5).all(1) & (xy < [width - 0.5, height - 0.5]).all(1)
        whole[k, 0] = np.column_stack([xy, inside, xyz])
        for x, y in np.rint(xy[inside]).astype(int):
            rgb[k, y, x], masks[k, y, x] = (250, 200, 160), 2
    points = np.full((shots, 3, 133, 3), np.nan, np.float32)
    folder.mkdir(parents=True)
    for key, value in (("parts", masks), ("instances", (masks > 0).astype(np.uint8)),
                       ("points", points), ("whole", whole),
                       ("lens", np.tile(np.array([160, 79.5, 63.5], np.float32), (shots, 1))),
                       ("rgb", rgb)):  # fmt: skip
        np.save(folder / f"00000_{key}.npy", value)
