"""Pairs: a wearer as a camera sees them, two items of a kind on them, and what is needed to tell
what of the items is seen, wherever they are moved to later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from studio.core.closing import Closing
from studio.core.items import ANCHORED, AnchorPoint, Item, ItemKind
from studio.core.types import Camera, Material, Mesh
from studio.human.anchors import REFERENCE_M, SizeName, placed
from studio.human.beneath import BENEATH, beneath
from studio.perception.occluder.predictor import LEAST_M, LOOSE
from studio.render.raster import Renderer
from studio.render.scene import Drawable, Finish, Lighting
from studio.render.scene_depths import SceneDepths
from studio.synth.actor import Posed
from studio.synth.factory.clearance import posed_clear
from studio.synth.factory.eye import random_eye
from studio.synth.factory.faces import random_face
from studio.synth.factory.places.place import Place, make_place
from studio.synth.factory.poses import Pose, look_at, turned, turns_of
from studio.synth.factory.props import held, seat
from studio.synth.factory.streams import Split, stream
from studio.synth.tryon.displaced import in_the_way
from studio.synth.tryon.poses import foot_pose, head_pose, wrist_pose
from studio.synth.tryon.ways import window
from studio.synth.tryon.wearers import Wearer, make_wearer

SIDE_PX, FINE_PX = 288, 576
"""The side of a pair's pictures, and that of its depths."""
ITEMS, MOMENTS = 2, 2
"""How many items a picture has, and how many moments a wearer."""
VIEWS: dict[Split, int] = {"train": 2, "validation": 4, "test": 4}
"""How many pictures a moment has: of more people more is learned than of more pictures."""
MARGIN = 1.2
"""How much larger than what the network sees a pair is."""
STEP_M, FAR = 1e-4, 32_000
"""Depths less the anchor's are kept in steps of a tenth of a millimetre; this is nowhere."""
THEMES: dict[str, dict[ItemKind, float]] = {
    "head": {"glasses": 0.28, "sunglasses": 0.18, "hat": 0.24, "ears": 0.08,
             "earrings": 0.12, "necklace": 0.10},
    "wrist": {"watch": 1.0},
    "foot": {"shoes": 1.0},
}  # fmt: skip
SHARES: dict[Split, tuple[float, float, float]] = {
    "train": (0.55, 0.23, 0.22), "validation": (0.7, 0.15, 0.15), "test": (0.7, 0.15, 0.15),
}  # fmt: skip
"""How many wearers try on something of each theme: sleeves and trouser legs come in so many ways
that more is learned from than is asked for; hands before faces too."""
KINDS: tuple[ItemKind, ...] = tuple(k for kinds in THEMES.values() for k in kinds)
_PLAIN = Material("proxy")
_HIDDEN = 0.12
_AGAIN: dict[Split, int] = {"train": 1, "validation": 3, "test": 3}

Maker = Callable[[ItemKind, np.random.Generator], Item]


@dataclass(frozen=True, eq=False)
class Pair:
    """A square of a picture with ``ITEMS`` items; see :class:`PairFactory`."""

    kind: ItemKind
    rgb: np.ndarray
    people: np.ndarray
    hides: np.ndarray
    items: np.ndarray
    item_depths: np.ndarray
    proxies: np.ndarray
    boxes_px: np.ndarray
    px_per_m: float


@dataclass(frozen=True, eq=False)
class _Moment:
    theme: str
    kind: ItemKind
    point: AnchorPoint
    wearer: Wearer
    posed: Posed
    things: tuple[Drawable, ...]
    place: Place
    frames: dict[AnchorPoint, np.ndarray]


class PairFactory(Closing):
    """Makes pairs; a context manager, to be used on one thread.

    Pair ``number`` depends on the split, the seed and the number alone. ``make`` makes an item of a
    kind. A pair is a square around the items, ``MARGIN`` larger than what is looked at: ``rgb``
    without them, ``people`` (how much of a pixel is the wearer), ``items`` as RGBA, and depths less
    the anchor's in steps of ``STEP_M``, ``FAR`` where nothing is: ``hides`` and ``item_depths`` at
    twice the size, ``proxies`` as a tracker knows the body.
    """

    def __init__(self, split: Split, seed: int, make: Maker) -> None:
        self.split: Split = split
        self.seed = seed
        self._make = make
        self._renderer: Renderer | None = None
        self._moment: tuple[int, _Moment] | None = None
        self._wearer: tuple[int, Wearer] | None = None

    def close(self) -> None:
        """Free the renderers."""
        if self._renderer is not None:
            self._renderer.close()
            self._depths.close()
            self._renderer = None

    def pair(self, number: int) -> Pair:
        """The pair of that number."""
        if self._renderer is None:
            self._renderer = Renderer((FINE_PX, FINE_PX), samples=1)
            self._depths = SceneDepths((FINE_PX, FINE_PX))
        which = number // VIEWS[self.split]
        if self._moment is None or self._moment[0] != which:
            self._moment = which, self._acted(which)
        rng = stream("tryon pair", self.seed, self.split, number)
        moment = self._moment[1]
        if moment.theme == "head" and rng.random() < 0.5:  # others than the hand is at
            kind = _drawn(THEMES["head"], rng)
            moment = replace(moment, kind=kind, point=_point(kind, rng))
        pair, seen = self._filmed(moment, rng)
        for _ in range(_AGAIN[self.split]):
            if seen > _HIDDEN or rng.random() < 0.2:
                break
            pair, seen = self._filmed(moment, rng)
        return pair

    def _acted(self, which: int) -> _Moment:
        who = which // MOMENTS
        rng = stream("tryon theme", self.seed, self.split, who)
        theme = str(rng.choice(list(THEMES), p=SHARES[self.split]))
        if self._wearer is None or self._wearer[0] != who:
            kind = _drawn(THEMES[theme], rng)
            self._wearer = who, make_wearer(self.seed, self.split, who, kind)
        wearer = self._wearer[1]
        rng = stream("tryon moment", self.seed, self.split, which)
        kind = _drawn(THEMES[theme], rng)
        point = _point(kind, rng)
        figure = wearer.actor.figure
        if theme == "head":
            pose = head_pose(kind, self.split, rng, figure)
        elif theme == "wrist":
            pose = wrist_pose(point[-1], self.split, rng, figure)
        else:
            pose = foot_pose(self.split, rng, figure)
        posed, things = stand(wearer, pose, rng)
        place = make_place(self.seed, self.split, which, 0, 1)
        return _Moment(theme, kind, point, wearer, posed, things, place, wearer.frames(posed))

    def _filmed(self, moment: _Moment, rng: np.random.Generator) -> tuple[Pair, float]:
        assert self._renderer is not None
        kind, point = moment.kind, moment.point
        frame = moment.frames[point]
        worn = [self._worn(moment, rng) for _ in range(ITEMS)]
        points = np.concatenate([d.mesh.vertices_m for item in worn for d in item])
        body = moment.posed.vertices_m[:13_380:7]
        camera = window(kind, point, frame, points[::3], body, FINE_PX, MARGIN * LOOSE,
                        MARGIN * LEAST_M, rng)  # fmt: skip
        anchor_m = float((camera.rotation @ frame[:3, 3] + camera.translation_m)[2])
        around = (*moment.things, *moment.place.floors)
        scene = (*moment.posed.drawables, *around)
        lighting = replace(moment.place.lighting, centre_m=tuple(frame[:3, 3]), radius_m=1.6)
        behind = moment.place.around.seen_by(camera, (FINE_PX, FINE_PX))
        seen = self._renderer.render(scene, camera, lighting, far_m=60.0, backdrop=behind)
        people = self._depths.draw(scene[: len(scene) - len(moment.place.floors)], camera)
        hides = self._depths.draw(
            in_the_way(kind, point, moment.wearer, moment.posed, around, moment.frames,
                       camera.centre_m), camera)  # fmt: skip
        pictures = [self._item(item, camera, lighting, anchor_m, rng) for item in worn]
        proxies = [self._proxy(moment, camera, anchor_m, rng) for _ in worn]
        rgb = cv2.resize(seen.rgb, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
        there = np.isfinite(people)
        who = cv2.resize(255 * there.astype(np.uint8), (SIDE_PX, SIDE_PX),
                         interpolation=cv2.INTER_AREA)  # fmt: skip
        taken = random_eye(rng, SIDE_PX / 256).take(rgb, who > 127, rng)
        kept = _kept(hides, anchor_m)
        shown = [(depth <= kept)[depth < FAR].mean() for _, depth, _ in pictures if
                 (depth < FAR).any()]  # fmt: skip
        pair = Pair(
            kind, taken, who, kept,
            np.stack([rgba for rgba, _, _ in pictures]),
            np.stack([depth for _, depth, _ in pictures]),
            np.stack(proxies),
            np.array([box for _, _, box in pictures], np.float32),
            float(camera.matrix[0, 0] / anchor_m * SIDE_PX / FINE_PX),
        )  # fmt: skip
        return pair, float(np.mean(shown)) if shown else 0.0

    def _worn(self, moment: _Moment, rng: np.random.Generator) -> tuple[Drawable, ...]:
        """An item where somebody wears it, about as it should sit."""
        item = self._make(moment.kind, rng)
        frame = moment.frames[moment.point].copy()
        if moment.kind in ("glasses", "sunglasses"):  # down the nose
            frame[:3, 3] -= frame[:3, :3] @ [0, 0.25, 1.0] * abs(rng.normal(0, 0.003))
        frame = _shaken(frame, 2.0, 0.002, rng)
        own = ANCHORED[moment.kind]
        bone = moment.point if moment.point in own else own[0]
        return drawn(item, bone, frame, moment.point, moment.wearer.anchors.sizes_m)

    def _item(
        self, item: tuple[Drawable, ...], camera: Camera, lighting: Lighting, anchor_m: float,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
        """An item alone: RGBA, depth at twice the size, and its box (left, top, right, bottom)."""
        assert self._renderer is not None
        lit = replace(lighting, background=(0.0, 0.0, 0.0), towards=lighting.towards[:1],
                      radiance=lighting.radiance[:1], soft_m=lighting.soft_m[:1])  # fmt: skip
        if lighting.ambient is None:
            lit = replace(lit, fill=(0.35, 0.35, 0.36))
        alone = self._renderer.render(item, camera, lit, far_m=60.0)
        fine = np.dstack([alone.rgb, alone.alpha]).astype(np.float32)
        small = cv2.resize(fine, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
        alpha = small[..., 3:]
        colour = np.clip(small[..., :3] * 255 / np.maximum(alpha, 1), 0, 255)
        rgba = (np.concatenate([colour, alpha], -1) + 0.5).astype(np.uint8)
        depth = _kept(self._depths.draw(item, camera), anchor_m)
        ys, xs = np.nonzero(depth < FAR)
        box = np.zeros(4) if not len(xs) else np.array(
            [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]) / 2  # fmt: skip
        return rgba, depth, box

    def _proxy(
        self, moment: _Moment, camera: Camera, anchor_m: float, rng: np.random.Generator
    ) -> np.ndarray:
        """The depth of the average body's part as a tracker lays it there."""
        base, size = BENEATH[moment.point]
        grown = moment.wearer.anchors.sizes_m[size] / REFERENCE_M[size]
        if rng.random() < 0.4:
            grown = 1.0
        frame = _shaken(moment.frames[base], 3.0, 0.004, rng)
        frame[:3, :3] *= grown * np.exp(rng.normal(0, 0.03))
        part = beneath(base)
        vertices = part.vertices_m @ frame[:3, :3].T + frame[:3, 3]
        vertices = vertices + camera.rotation[2] * rng.normal(0, 0.006)
        mesh = Mesh(vertices, part.faces)
        depth = self._depths.draw((Drawable(mesh, _PLAIN),), camera)
        return _kept(depth, anchor_m)[::2, ::2].copy()


def drawn(
    item: Item, bone: str, frame: np.ndarray, point: AnchorPoint, sizes_m: Mapping[SizeName, float]
) -> tuple[Drawable, ...]:
    """What of an item one of its bones carries, at an anchor point's frame."""
    character = item.character
    posed = placed(item, dict.fromkeys((*ANCHORED[item.kind], point), frame), sizes_m)
    own = character.armature.names.index(bone)
    found: list[Drawable] = []
    for part in character.parts:
        strongest = part.joints[np.arange(len(part.joints)), part.weights.argmax(1)]
        faces = (strongest == own)[part.mesh.faces].all(1)
        if not faces.any():
            continue
        world = posed.bones_world[own]
        vertices = part.mesh.vertices_m @ world[:3, :3].T + world[:3, 3]
        uv = None if part.mesh.uv is None else part.mesh.uv[faces]
        mesh = Mesh(vertices, part.mesh.faces[faces], uv, part.mesh.colours)
        found.append(Drawable(mesh, part.material, finish=Finish(specular=0.5)))
    return tuple(found)


def stand(
    wearer: Wearer, pose: Pose, rng: np.random.Generator
) -> tuple[Posed, tuple[Drawable, ...]]:
    """A wearer in a pose, turned some way, and what they hold or sit on."""
    figure = wearer.actor.figure
    root, turns = turns_of(figure, pose)
    yaw = float(rng.normal(0, 60))
    root, turns = turned(root, turns, yaw, (0.0, 0.0))
    _, actions = random_face(rng)
    towards = np.array([np.sin(np.radians(yaw)), -np.cos(np.radians(yaw)), 0.0])
    look_at(figure, root, turns, root + 2 * towards + rng.normal(0, 0.5, 3) + [0, 0, 0.5])
    posed = posed_clear(wearer.actor, root, turns, actions)
    things = [held(thing, side, posed, 1, rng) for side, thing in pose.holds.items()]
    if pose.sits:
        things.append(seat(posed, yaw, rng))
    return posed, tuple(things)


def _drawn(kinds: dict[ItemKind, float], rng: np.random.Generator) -> ItemKind:
    shares = np.array(list(kinds.values()))
    return list(kinds)[int(rng.choice(len(kinds), p=shares / shares.sum()))]


def _point(kind: ItemKind, rng: np.random.Generator) -> AnchorPoint:
    points = ("wrist.L", "wrist.R") if kind == "watch" else ANCHORED[kind]
    return points[int(rng.integers(len(points)))]  # pyright: ignore[reportReturnType]


def _shaken(
    frame: np.ndarray, turn_deg: float, move_m: float, rng: np.random.Generator
) -> np.ndarray:
    out = frame.copy()
    turn = Rotation.from_rotvec(np.radians(rng.normal(0, turn_deg, 3))).as_matrix()
    out[:3, :3] = out[:3, :3] @ turn
    out[:3, 3] += rng.normal(0, move_m, 3)
    return out


def _kept(depth_m: np.ndarray, anchor_m: float) -> np.ndarray:
    steps = np.clip((depth_m - anchor_m) / STEP_M, -FAR, FAR - 1)
    return np.where(np.isfinite(depth_m), steps, FAR).astype(np.int16)
