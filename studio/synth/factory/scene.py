"""A moment: who does what where, before any camera looks at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from studio.core.parts import PartLabel
from studio.core.types import CameraRig
from studio.render.scene import Drawable, Lighting
from studio.synth.actor import Posed
from studio.synth.factory.clearance import posed_clear
from studio.synth.factory.faces import random_face
from studio.synth.factory.framing import film, film_group, ring
from studio.synth.factory.hands import hand
from studio.synth.factory.motions import make_pose, motions_of
from studio.synth.factory.people import Member
from studio.synth.factory.places.panorama import Panorama
from studio.synth.factory.places.place import Place
from studio.synth.factory.poses import Pose, look_at, turned, turns_of
from studio.synth.factory.props import THINGS, held, in_the_way, seat
from studio.synth.factory.recipe import Framing, Recipe
from studio.synth.factory.streams import Split
from studio.synth.prior.sampled import sample

SAMPLED = "sampled"
"""The motion of those whose pose is drawn from the learned prior."""
_APART_M = 0.55
_WORN = (PartLabel.TOP, PartLabel.BOTTOM, PartLabel.SHOES, PartLabel.ITEMS)
_FREE = ("stand", "walk", "wide", "hips", "free", "sit_easy", "lunge", "talk")
_WHOLE: tuple[Framing, ...] = ("full_body", "upper_body", "rig")


@dataclass(frozen=True, eq=False)
class Acting:
    """One person of a moment: as drawn, and what is true of them."""

    member: Member
    motion: str
    face: str
    actions: dict[str, float]
    posed: Posed
    things: tuple[Drawable, ...] = ()
    holds: str = "nothing"


@dataclass(frozen=True, eq=False)
class Moment:
    """A scene, its light, what lies around, who is in it, and the cameras that look at it."""

    people: tuple[Acting, ...]
    scene: tuple[Drawable, ...]
    lighting: Lighting
    around: Panorama
    framings: tuple[Framing, ...]
    rig: CameraRig
    place: str
    item: tuple[Drawable, ...] = ()


def make_moment(
    recipe: Recipe,
    split: Split,
    cast: Callable[[int], Member],
    place: Place,
    rng: np.random.Generator,
) -> Moment:
    """A moment of a recipe, acted by some of the cast in a place."""
    count = 1 + int(rng.choice(3, p=np.array(recipe.people) / sum(recipe.people)))
    chosen = [cast(int(who)) for who in rng.permutation(recipe.cast)[:count]]
    framings = _framings(recipe, rng)
    spots = _spots(len(chosen), rng)
    yaws = [float(rng.normal(0, 60)) for _ in chosen]
    people = tuple(
        _act(number, who, recipe, split, spot, yaw, rng)
        for number, (who, spot, yaw) in enumerate(zip(chosen, spots, yaws, strict=True), start=1)
    )
    points = np.concatenate([person.posed.vertices_m[:13380:23] for person in people])
    if recipe.rig:
        rig = ring(recipe.views, recipe.size_px, points, place.free_m, rng)
    else:
        first = people[0].posed
        cameras = [
            film_group(points, recipe.size_px, place.free_m, rng)
            if framing == "group"
            else film(framing, first, yaws[0], recipe.size_px, place.free_m, rng)
            for framing in framings
        ]
        rig = CameraRig(tuple(replace(c, name=f"cam{k + 1}") for k, c in enumerate(cameras)))
    drawn = [d for person in people for d in (*person.posed.drawables, *person.things)]
    if rng.random() < recipe.occluded and framings[0] in _WHOLE:
        middle = people[0].posed.bones_world[0, :3, 3]
        drawn.append(in_the_way(middle, rig.cameras[0].centre_m, rng))
    if recipe.hindered:
        middle = people[0].posed.bones_world[0, :3, 3]
        hindered = [c for c in rig.cameras if rng.random() < recipe.hindered]
        drawn += [in_the_way(middle, camera.centre_m, rng) for camera in hindered]
    lighting = replace(place.lighting, centre_m=tuple(points.mean(axis=0)))
    scene = (*drawn, *place.floors)
    item = _item(people[0], rng) if "item" in recipe.maps else ()
    return Moment(people, scene, lighting, place.around, framings, rig, place.name, item)


def _item(person: Acting, rng: np.random.Generator) -> tuple[Drawable, ...]:
    """Something that a person wears or holds, as all that is drawn of it."""
    things = [d for d in (*person.posed.drawables, *person.things) if d.instance]
    kinds = {d.part for d in things if isinstance(d.part, PartLabel) and d.part in _WORN}
    which = sorted(kinds)[int(rng.integers(len(kinds)))]
    return tuple(d for d in things if isinstance(d.part, PartLabel) and d.part == which)


def _framings(recipe: Recipe, rng: np.random.Generator) -> tuple[Framing, ...]:
    kinds: list[Framing] = [framing for framing, _ in recipe.framings]
    shares = np.array([share for _, share in recipe.framings])
    drawn = rng.choice(len(kinds), recipe.views, p=shares / shares.sum())
    return tuple(kinds[int(k)] for k in drawn)


def _spots(count: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Where people stand, apart from each other; the first in the middle."""
    spots = [(float(rng.normal(0, 0.25)), float(rng.normal(0, 0.25)))]
    while len(spots) < count:
        angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(_APART_M, 1.5)
        spot = spots[0][0] + away * np.cos(angle), spots[0][1] + away * np.sin(angle)
        if all(np.hypot(spot[0] - x, spot[1] - y) >= _APART_M for x, y in spots):
            spots.append((float(spot[0]), float(spot[1])))
    return spots


def _act(
    number: int,
    member: Member,
    recipe: Recipe,
    split: Split,
    spot: tuple[float, float],
    yaw_deg: float,
    rng: np.random.Generator,
) -> Acting:
    figure = member.actor.figure
    motion = str(rng.choice(motions_of(split)))
    pose = _busy(make_pose(motion, rng, figure), recipe.hands_full, rng)
    root, turns = turns_of(figure, pose)
    dice = rng.spawn(1)[0]  # a stream of its own: all else is decided as without it
    if split != "test" and dice.random() < recipe.sampled:
        stood = sample(figure, dice)
        motion, pose, root, turns = SAMPLED, Pose(SAMPLED), stood.root_m, stood.turns
    root, turns = turned(root, turns, yaw_deg, spot)
    face, actions = random_face(rng)
    towards = np.array([np.sin(np.radians(yaw_deg)), -np.cos(np.radians(yaw_deg)), 0.0])
    target = root + 2 * towards + rng.normal(0, 0.5, 3) + [0, 0, 0.5]
    look_at(figure, root, turns, target)
    pose_of = partial(posed_clear, member.actor) if recipe.clear_hands else member.actor.posed
    posed = pose_of(root, turns, actions)
    drawables = tuple(replace(d, instance=number) for d in posed.drawables)
    things = [held(thing, side, posed, number, rng) for side, thing in pose.holds.items()]
    if pose.sits:
        things.append(seat(posed, yaw_deg, rng))
    holds = ", ".join(pose.holds.values()) or "nothing"
    acted = replace(posed, drawables=drawables)
    return Acting(member, motion, face, actions, acted, tuple(things), holds)


def _busy(pose: Pose, chance: float, rng: np.random.Generator) -> Pose:
    """The pose with something in a hand that was free, perhaps."""
    if pose.holds or rng.random() >= chance or pose.name not in _FREE:
        return pose
    side = "L" if rng.random() < 0.5 else "R"
    thing = str(rng.choice(tuple(THINGS)))
    arm = hand(pose.stance.left if side == "L" else pose.stance.right, thing, rng)
    stance = replace(pose.stance, left=arm) if side == "L" else replace(pose.stance, right=arm)
    return replace(pose, stance=stance, holds={side: thing})
