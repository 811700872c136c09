"""Pictures of feet from near: bare, in socks or shoes, one's own or another's, and how they
stand before the camera."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from studio.core.closing import Closing
from studio.core.parts import PartLabel
from studio.core.types import Camera
from studio.human.feet import marks_m
from studio.render.raster import Renderer
from studio.render.scene import Drawable
from studio.synth.actor import Posed
from studio.synth.cast import random_phenotype
from studio.synth.factory.eye import random_eye
from studio.synth.factory.people import by_kind, random_clothes, random_head
from studio.synth.factory.places.place import Place, make_place
from studio.synth.factory.points import in_picture, seen
from studio.synth.factory.streams import Split, identity, stream
from studio.synth.posing import INDEX
from studio.synth.rig import camera_at
from studio.synth.tryon.pairs import stand
from studio.synth.tryon.poses import foot_pose
from studio.synth.tryon.wearers import Wearer, wearer_of
from studio.vision.rotations import rigid

SIDE_PX = 256
MOMENTS: dict[Split, int] = {"train": 3, "validation": 2, "test": 2}
VIEWS: dict[Split, int] = {"train": 6, "validation": 3, "test": 3}
"""How many moments a person has, and how many pictures a moment."""
BARE, SOCKS = 0.55, 0.35
"""How many wear no shoes, and how many of those socks."""
_ELSEWHERE, _HEADS_SHOWN, _SHORT = 0.14, 0.3, 0.3
_BARE_LEGS = frozenset({"shorts", "pencil_skirt"})
_DEEP_M, _LEAST = 0.07, 3
_CLEAR_M, _TRIES = 0.2, 6
_OWN, _WEBCAM = 0.38, 0.3
"""How many look down at their own feet, and how many pictures are a webcam's."""
_HEADS = ("head", "wrist.L", "wrist.R", "lowerleg01.L", "root", "spine03", "lowerarm01.R")
_SIDES = ("L", "R")

Rng = np.random.Generator


@dataclass(frozen=True, eq=False)
class FeetView:
    """A square picture. Of the left and the right foot: ``frames`` are those of ``foot.L`` and
    ``foot.R`` to the camera (x right, y down, z ahead; metres), ``foot_m`` how long they are,
    ``points_px`` where their marks lie (:mod:`studio.human.feet`), and ``shows`` whether the foot
    is in the picture and not hidden."""

    rgb: np.ndarray
    parts: np.ndarray
    camera: Camera
    frames: np.ndarray
    foot_m: float
    points_px: np.ndarray
    shows: np.ndarray
    place: str


@dataclass(frozen=True, eq=False)
class _Moment:
    wearer: Wearer
    posed: Posed
    things: tuple[Drawable, ...]
    place: Place
    frames: dict[str, np.ndarray]


class FeetFactory(Closing):
    """Makes views of feet; a context manager, to be used on one thread.

    View ``number`` depends on the split, the seed and the number alone; its picture has
    ``side_px`` pixels a side.
    """

    def __init__(self, split: Split, seed: int, side_px: int = SIDE_PX) -> None:
        self.split: Split = split
        self.seed, self.side_px = seed, side_px
        self._renderer: Renderer | None = None
        self._moment: tuple[int, _Moment] | None = None
        self._wearer: tuple[int, Wearer] | None = None

    def close(self) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def view(self, number: int) -> FeetView:
        """The view of that number."""
        if self._renderer is None:
            self._renderer = Renderer((self.side_px, self.side_px), samples=1)
        which = number // VIEWS[self.split]
        if self._moment is None or self._moment[0] != which:
            self._moment = which, self._acted(which)
        moment = self._moment[1]
        rng = stream("feet view", self.seed, self.split, number)
        camera = _camera(moment, self.side_px, bool(rng.random() < _ELSEWHERE), rng)
        middle = 0.5 * (moment.frames["L"] + moment.frames["R"])[:3, 3]
        lit = replace(moment.place.lighting, centre_m=tuple(middle), radius_m=1.6)
        scene = (*moment.posed.drawables, *moment.things, *moment.place.floors)
        told = self._renderer.render(
            scene, camera, lit, geometry=True, far_m=60.0, near_m=0.03,
            backdrop=moment.place.around.seen_by(camera, camera.size_px),
        )  # fmt: skip
        assert told.parts is not None
        assert told.xyz_m is not None
        assert told.depth_m is not None
        rgb = told.rgb
        if "socks" in moment.wearer.looks:
            dice = stream("socks", self.seed, self.split, which // MOMENTS[self.split])
            rgb = _in_socks(rgb, told.parts, told.xyz_m, moment, dice)
        taken = random_eye(rng, self.side_px / 256).take(rgb, told.parts > 0, rng)
        size = moment.wearer.anchors.sizes_m["foot"]
        to_camera = rigid(camera.rotation, camera.translation_m)
        points, shows = [], []
        for side in _SIDES:
            frame = moment.frames[side]
            places = marks_m(side, size) @ frame[:3, :3].T + frame[:3, 3]
            at = in_picture(camera, places)
            visible = seen(camera, places, at, told.depth_m, np.full(len(places), _DEEP_M))
            visible &= _of_feet(told.parts, at)
            points.append(at)
            shows.append(int(visible.sum()) >= _LEAST and bool(np.isfinite(at).all()))
        frames = np.stack([to_camera @ moment.frames[side] for side in _SIDES])
        return FeetView(taken, told.parts, camera, frames, size, np.stack(points),
                        np.array(shows), moment.place.name)  # fmt: skip

    def _acted(self, which: int) -> _Moment:
        who = which // MOMENTS[self.split]
        if self._wearer is None or self._wearer[0] != who:
            self._wearer = who, make_footed(self.seed, self.split, who)
        wearer = self._wearer[1]
        rng = stream("feet moment", self.seed, self.split, which)
        pose = foot_pose(self.split, rng, wearer.actor.figure)
        posed, things = stand(wearer, pose, rng)
        place = make_place(self.seed, self.split, which, 0, 1)
        frames = wearer.frames(posed)
        return _Moment(wearer, posed, things, place, {"L": frames["foot.L"], "R": frames["foot.R"]})


def make_footed(seed: int, split: Split, number: int) -> Wearer:
    """Somebody of the cast whose feet are bare, in socks or in shoes."""
    who = identity(stream("footed", seed, split, number), split)
    rng = stream("footed looks", who)
    phenotype = random_phenotype(rng)
    wardrobe = by_kind()
    head = random_head(wardrobe, phenotype, rng)
    if rng.random() > _HEADS_SHOWN:  # what grows there takes long, and is seldom in the picture
        head = {"skin": head["skin"]}
    if rng.random() < _SHORT:
        wardrobe["bottom"] = [e for e in wardrobe["bottom"] if e.name in _BARE_LEGS]
    choices = head | random_clothes(wardrobe, phenotype, rng)
    told: dict[str, str] = {}
    if rng.random() < BARE:
        del choices["shoes"]
        if rng.random() < SOCKS:
            told["socks"] = "socks"
    return wearer_of(phenotype, choices, rng, told)


def _of_feet(parts: np.ndarray, at_px: np.ndarray) -> np.ndarray:
    """Which places of a picture show shoes or skin."""
    x, y = np.rint(np.nan_to_num(at_px, nan=0.0)).astype(int).clip(0, len(parts) - 1).T
    return np.isin(parts[y, x], (PartLabel.SHOES, PartLabel.SKIN))


def _in_socks(
    rgb: np.ndarray, parts: np.ndarray, xyz_m: np.ndarray, moment: _Moment, rng: Rng
) -> np.ndarray:
    """The picture with skin of feet dyed as cloth, up to some height above the soles."""
    high, plain = rng.uniform(0.09, 0.3), rng.random() < 0.6
    colour, other = rng.uniform(0.03, 0.95, (2, 3))
    if rng.random() < 0.6:
        colour = np.full(3, colour[0])
    out = rgb.astype(np.float32)
    for side in _SIDES:
        back = np.linalg.inv(moment.frames[side])
        x, y, z = np.moveaxis(xyz_m @ back[:3, :3].T + back[:3, 3], -1, 0)
        with np.errstate(invalid="ignore"):
            near = (np.abs(x) < 0.14) & (y > -0.32) & (y < 0.2) & (z > -0.06) & (z < high)
            sock = near & (parts == PartLabel.SKIN)
            striped = np.zeros_like(sock) if plain else (np.sin(z / 0.006) > 0.3)
        if not sock.any():
            continue
        light = out[sock].mean(1, keepdims=True)
        dye = np.where(striped[sock][:, None], other, colour)
        grain = rng.normal(1, 0.04, light.shape)
        out[sock] = light / max(float(light.mean()), 20.0) * 190 * (0.15 + dye) * grain
    return np.clip(out, 0, 255).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class _Subject:
    """What is looked at: its middle, points that are to be in the picture, which way its person
    faces, and how high they are."""

    target: np.ndarray
    points: np.ndarray
    ahead: np.ndarray
    high_m: float

    def seen_from(self, far: float, around_deg: float, high_deg: float) -> np.ndarray:
        """A place so far away, turned from where the person faces, and raised."""
        a, h = np.radians([around_deg, high_deg])
        level = np.cos(a) * self.ahead + np.sin(a) * self.left
        return self.target + far * (np.cos(h) * level + np.sin(h) * np.array([0, 0, 1.0]))

    @property
    def left(self) -> np.ndarray:
        return np.array([-self.ahead[1], self.ahead[0], 0.0])


def _camera(moment: _Moment, side_px: int, away: bool, rng: Rng) -> Camera:
    """Somebody's who looks down at their own feet, a webcam's, or anybody's; ``away``, one that
    shows something else of them."""
    subject = _feet(moment, rng)
    share, roll = float(rng.uniform(0.3, 0.9)), float(rng.normal(0, 6))
    way = rng.random()
    own = way < _OWN and not away
    if away:
        bone = moment.posed.bones_world[INDEX[str(rng.choice(_HEADS))], :3, 3]
        target = bone + rng.normal(0, 0.05, 3)
        subject = replace(subject, target=target, points=target + rng.normal(0, 0.14, (12, 3)))
    body = moment.posed.vertices_m[:13_380:7]
    centre = _centre(subject, way, away, rng)
    for _ in range(_TRIES - 1):
        if float(np.linalg.norm(body - centre, axis=1).min()) > _CLEAR_M:
            break
        centre = _centre(subject, way, away, rng)
    x, y, z = (float(v) for v in centre)
    a, b, c = (float(v) for v in subject.target + 1e-4)
    made = camera_at("feet", (x, y, z), (a, b, c), (side_px, side_px), 1.0, roll_deg=roll)
    if own:  # toes are up in the picture
        made = _rolled(made, subject.ahead, roll)
    local = subject.points @ made.rotation.T + made.translation_m
    flat = np.abs(local[:, :2] / np.maximum(local[:, 2:], 0.05))
    focal = share * side_px / 2 / max(float(flat.max()), 1e-3)
    focal = float(np.clip(focal, 0.5 * side_px, 6 * side_px))
    middle = (side_px - 1) / 2 + rng.uniform(-0.5, 0.5, 2) * (1 - share) * side_px
    matrix = np.array([[focal, 0, middle[0]], [0, focal, middle[1]], [0, 0, 1.0]])
    return replace(made, matrix=matrix)


def _feet(moment: _Moment, rng: Rng) -> _Subject:
    """One foot or both."""
    ahead = -np.mean([moment.frames[side][:3, 1] for side in _SIDES], axis=0) * (1, 1, 0)
    chosen = [side for side in _SIDES if rng.random() < 0.75] or [str(rng.choice(_SIDES))]
    frames = [moment.frames[side] for side in chosen]
    points = [marks_m(s) @ f[:3, :3].T + f[:3, 3] for s, f in zip(chosen, frames, strict=True)]
    target = np.mean([frame[:3, 3] for frame in frames], axis=0) + np.array([0, 0, 0.04])
    return _Subject(
        target, np.concatenate(points), ahead / max(float(np.linalg.norm(ahead)), 1e-6),
        float(moment.posed.bones_world[:, 2, 3].max()),
    )  # fmt: skip


def _centre(subject: _Subject, way: float, away: bool, rng: Rng) -> np.ndarray:
    """Where a camera stands; ``way`` decides whose it is."""
    if away:
        at = subject.seen_from(rng.uniform(0.5, 1.6), rng.normal(0, 60), rng.normal(5, 15))
    elif way < _OWN:
        high = max(subject.high_m * rng.uniform(0.45, 0.95), 0.5)
        at = subject.target * (1, 1, 0) + rng.uniform(-0.15, 0.55) * subject.ahead
        at = at + rng.normal(0, 0.2) * subject.left + np.array([0, 0, high])
    elif way < _OWN + _WEBCAM:
        at = subject.seen_from(rng.uniform(0.5, 2.2), rng.normal(0, 65), abs(rng.normal(8, 18)))
    else:
        at = subject.seen_from(
            rng.uniform(0.4, 2.0), rng.uniform(-180, 180), rng.uniform(10, 85)
        )  # fmt: skip
    at[2] = max(at[2], 0.06)
    return at


def _rolled(camera: Camera, up: np.ndarray, roll_deg: float) -> Camera:
    """The camera turned about its axis until a way of the world is up in its picture."""
    x, y, _ = camera.rotation @ up
    turn = np.arctan2(x, -y) + np.radians(roll_deg)
    c, s = np.cos(turn), np.sin(turn)
    rotation = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) @ camera.rotation
    return replace(camera, rotation=rotation, translation_m=-rotation @ camera.centre_m)
