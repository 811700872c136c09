"""How well watches, shoes and necklaces are placed: on people who do not exist, of whom all is
known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import UInt8

from studio.core.items import AnchorPoint, ItemKind
from studio.core.types import Camera, Frame
from studio.journeys.figures import Figure
from studio.live.wearing.trembling import Trembling
from studio.live.wearing.wear_settings import WearSettings
from studio.live.wearing.wearers import Wearers, bodies, face_crowd
from studio.perception.wearers.head_pose import projected
from studio.render.raster import Renderer
from studio.synth.factory.eye import random_eye
from studio.synth.factory.places.place import make_place
from studio.synth.factory.streams import stream
from studio.synth.rig import camera_at
from studio.synth.tryon.pairs import stand
from studio.synth.tryon.poses import foot_pose, head_pose, wrist_pose
from studio.synth.tryon.wearers import Wearer, make_wearer
from studio.vision.one_view import assumed
from studio.vision.rotations import rigid

SIZE_PX, VIEW_DEG, SEED = (640, 480), 55.0, 77
PEOPLE = 12
LOOKS, STILL, NOISE = 4, 24, 2.0
"""So often a picture is looked at until it has settled, and with noise (levels) to see what
trembles."""
SETTLED, _REACH_M = 9, 0.05
"""From this picture on what trembles counts, at two places so far beside the anchor point."""


@dataclass(frozen=True)
class Theme:
    """What is worn, at which anchor points, and how near it must come (metres)."""

    kind: ItemKind
    title: str
    points: tuple[AnchorPoint, ...]
    near_m: float


WATCHES = Theme("watch", "watches", ("wrist.L", "wrist.R"), 0.025)
SHOES = Theme("shoes", "shoes", ("foot.L", "foot.R"), 0.05)
NECKLACES = Theme("necklace", "necklaces", ("neck",), 0.03)
THEMES = (WATCHES, SHOES, NECKLACES)
"""Of the made-up people, each tries on one of them in turn."""
LEVEL = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
"""From a camera's axes to those of its level world."""


@dataclass(frozen=True, eq=False)
class Filmed:
    """A picture of somebody, what each of its pixels shows (:mod:`studio.core.parts`), and their
    anchor points' frames in its camera's level world."""

    rgb: UInt8[np.ndarray, "height width 3"]
    parts: UInt8[np.ndarray, "height width"]
    frames: dict[AnchorPoint, np.ndarray]


@dataclass
class Tally:
    """How well things are placed at anchor points: how many there were, and of those found how
    many lie nearer than ``near_m`` in the picture, how far they are off and turned, and how much
    they tremble where nothing moves."""

    near_m: float
    there: int = 0
    near: int = 0
    off_mm: list[float] = field(default_factory=list[float])
    turned_deg: list[float] = field(default_factory=list[float])
    jitter_px: list[float] = field(default_factory=list[float])

    def add(
        self, found: np.ndarray | None, true: np.ndarray, camera: Camera | None = None
    ) -> None:  # fmt: skip
        """One point that is there, and its frame as it was found, if it was (see :func:`off`)."""
        self.there += 1
        if found is not None:
            mm, degrees = off(found, true, camera)
            self.near += mm < 1e3 * self.near_m
            self.off_mm.append(mm)
            self.turned_deg.append(degrees)

    def rows(self, what: str, still: str, more: str = "") -> Iterator[Figure]:
        """The rows of ``what`` was placed, and of the same, ``still``; ``more`` is told of how many
        were found."""
        yield Figure(
            f"{what}: within {1e3 * self.near_m:.0f} mm in the picture",
            f"{self.near} of {self.there}", "", None,
            f"{len(self.off_mm)} found{more}; off {np.median(self.off_mm or [np.nan]):.0f} mm and "
            f"{np.median(self.turned_deg or [np.nan]):.0f}° (median)",
        )  # fmt: skip
        jitter = self.jitter_px or [np.nan]
        usual = float(np.median(jitter))
        yield Figure(f"{still}, still, noise of {NOISE:.0f} levels: jitter, median (worst)",
                     f"{usual:.2f} px ({max(jitter):.2f})", "1 px", usual < 1,
                     f"{len(self.jitter_px)} seen throughout")  # fmt: skip


def limbs() -> Iterator[Figure]:
    """Rows of each theme: found and near enough, off, trembling."""
    for which, theme in enumerate(THEMES):
        tally = Tally(theme.near_m)
        with Renderer(SIZE_PX, samples=2) as renderer:
            for who in range(which, PEOPLE, len(THEMES)):
                wearer = make_wearer(SEED, "test", who, theme.kind)
                for moment in range(2):
                    seen = filmed(renderer, wearer, theme, who, moment)
                    found, jitter_px = _followed(seen.rgb, theme)
                    tally.jitter_px += jitter_px
                    for point, true in in_picture(seen.frames, theme).items():
                        tally.add(found.get(point), true)
        yield from tally.rows(f"{theme.title} on made-up people", theme.title)


def filmed(renderer: Renderer, wearer: Wearer, theme: Theme, who: int, moment: int) -> Filmed:
    """A picture of somebody in the pose in which people show what is worn."""
    rng = stream("limbs", "test", who, moment)
    side, figure = "LR"[int(rng.integers(2))], wearer.actor.figure
    if theme.kind == "watch":
        pose = wrist_pose(side, "test", rng, figure)
    elif theme.kind == "shoes":
        pose = foot_pose("test", rng, figure)
    else:
        pose = head_pose("necklace", "test", rng, figure, 0.2)
    posed, things = stand(wearer, pose, rng)
    frames, place = wearer.frames(posed), make_place(SEED, "test", who, 0, 1)
    camera = _before(frames, theme, side, rng)
    x, y, z = (float(v) for v in frames["torso"][:3, 3])
    light = replace(place.lighting, centre_m=(x, y, z), radius_m=1.8)
    scene = (*posed.drawables, *things, *place.floors)
    seen = renderer.render(scene, camera, light, geometry=True, far_m=60.0,
                           backdrop=place.around.seen_by(camera, SIZE_PX))  # fmt: skip
    rgb = random_eye(rng, 1.0).take(seen.rgb, seen.alpha > 127, rng)
    carry = LEVEL @ rigid(camera.rotation, camera.translation_m)
    assert seen.parts is not None
    return Filmed(rgb, seen.parts, {point: carry @ frame for point, frame in frames.items()})


def _before(
    frames: dict[AnchorPoint, np.ndarray], theme: Theme, side: str, rng: np.random.Generator
) -> Camera:
    """A webcam before what is worn, about ahead of the chest."""
    chest = frames["torso"]
    ahead = -chest[:3, 1] * (1, 1, 0)
    ahead /= max(float(np.linalg.norm(ahead)), 1e-6)
    c, s = (f(np.radians(rng.normal(0, 25))) for f in (np.cos, np.sin))
    ahead = np.array([c * ahead[0] - s * ahead[1], s * ahead[0] + c * ahead[1], 0.0])
    if theme.kind == "watch":
        target = 0.6 * frames["wrist.L" if side == "L" else "wrist.R"][:3, 3] + 0.4 * chest[:3, 3]
        away, up = rng.uniform(0.55, 1.1), rng.uniform(-0.1, 0.35)
    elif theme.kind == "shoes":
        feet = 0.5 * (frames["foot.L"] + frames["foot.R"])[:3, 3]
        target, away, up = (
            0.5 * (feet + chest[:3, 3]),
            rng.uniform(2.0, 3.2),
            rng.uniform(-0.3, 0.9),
        )
    else:
        target, away, up = (
            chest[:3, 3] + (0, 0, 0.08),
            rng.uniform(0.6, 1.6),
            rng.uniform(-0.1, 0.3),
        )
    at = target + away * ahead + np.array([0, 0, up])
    at[2] = max(at[2], 0.15)
    own = assumed("webcam", SIZE_PX, VIEW_DEG)
    focal = float(own.matrix[0, 0])
    made = camera_at("webcam", tuple(at), tuple(target), SIZE_PX, focal,
                     roll_deg=float(rng.normal(0, 3)))  # fmt: skip
    return replace(made, matrix=own.matrix)


def _followed(
    rgb: np.ndarray, theme: Theme
) -> tuple[dict[AnchorPoint, np.ndarray], list[float]]:  # fmt: skip
    """Where the points are found, and how much each wearer's tremble in a still picture."""
    camera, rng = assumed("webcam", SIZE_PX, VIEW_DEG), np.random.default_rng(3)
    settings, points = WearSettings(view_deg=VIEW_DEG), frozenset[AnchorPoint](theme.points)
    found: dict[AnchorPoint, np.ndarray] = {}
    told: dict[tuple[int, AnchorPoint], list[float]] = {}
    shaken: dict[tuple[int, AnchorPoint], Trembling] = {}
    with Wearers(face_crowd, bodies, apart=False) as wearers:
        for k in range(STILL):
            noisy = rgb if k < LOOKS else np.clip(rgb + rng.normal(0, NOISE, rgb.shape), 0, 255)
            frame = Frame("webcam", k / 30, noisy.astype(np.uint8))
            for one in wearers.find(frame, camera, points, settings):
                worn = points & one.frames.keys()
                if k == LOOKS - 1:
                    for point in worn - found.keys():
                        found[point] = one.frames[point]
                if k < SETTLED:
                    continue
                for point in worn:
                    key: tuple[int, AnchorPoint] = one.number, point
                    at = one.frames[point]
                    ends = at[:3, 3] + _REACH_M * np.array([[-1.0], [1.0]]) * at[:3, 0]
                    trembles = shaken.setdefault(key, Trembling())
                    trembling = trembles(frame.time_s, projected(ends, camera))
                    told.setdefault(key, []).append(trembling)
    return found, [each[-1] for each in told.values() if len(each) == STILL - SETTLED]


def in_picture(
    frames: dict[AnchorPoint, np.ndarray], theme: Theme
) -> dict[AnchorPoint, np.ndarray]:  # fmt: skip
    camera = assumed("webcam", SIZE_PX, VIEW_DEG)
    kept: dict[AnchorPoint, np.ndarray] = {}
    for point in theme.points:
        at = projected(frames[point][None, :3, 3], camera)[0]
        if frames[point][1, 3] > 0.1 and ((at >= 0) & (at < SIZE_PX)).all():
            kept[point] = frames[point]
    return kept


def off(
    found: np.ndarray, true: np.ndarray, camera: Camera | None = None
) -> tuple[float, float]:  # fmt: skip
    """How far off across the picture of a camera (the webcam's) in millimetres, and turned
    (degrees)."""
    camera = camera or assumed("webcam", SIZE_PX, VIEW_DEG)
    ends = projected(np.stack([found[:3, 3], true[:3, 3]]), camera)
    mm = 1e3 * float(np.linalg.norm(ends[1] - ends[0]) * true[1, 3] / camera.matrix[0, 0])
    axes = found[:3, :3] / np.linalg.norm(found[:3, :3], axis=0)
    cosine = 0.5 * (float(np.trace(axes.T @ true[:3, :3])) - 1)
    return mm, float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
