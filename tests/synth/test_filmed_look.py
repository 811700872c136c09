"""Garments and colours of a filmed person: what colours tell, and where they are read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from studio.core.types import Camera
from studio.human.character import bones_world
from studio.human.design import Design
from studio.human.designs import shape_of
from studio.human.rig import BONE_NAMES
from studio.render.clay import clay
from studio.synth.designed import body_of, filmed, resting, still
from studio.synth.figure import make_figure, skin
from studio.synth.filmed_look import Sight, as_filmed, dressed_as, patches
from studio.vision.camera import in_camera, project

SKIN, HAIR, RED, KHAKI, WHITE, NAVY, TEAL, GREY = (
    (200, 150, 118), (45, 32, 26), (170, 50, 40), (150, 130, 95), (225, 225, 225), (40, 55, 110),
    (40, 112, 118), (96, 90, 88),
)  # fmt: skip


def lab(rgb: tuple[int, int, int]) -> np.ndarray:
    one = np.full((1, 1, 3), rgb, np.float32) / 255
    return np.tile(cv2.cvtColor(one, cv2.COLOR_RGB2Lab)[0], (20, 1)).astype(float)


def worn(**colours: tuple[int, int, int]) -> tuple[str, ...]:
    usual = filmed(shape_of(Design()))
    seen = {name: lab(colour) for name, colour in colours.items()}
    return tuple(one.item for one in dressed_as(usual, seen).worn)


SEEN = {"face": SKIN, "hair": HAIR, "chest": RED, "upper_arms": RED, "forearms": SKIN,
        "thighs": KHAKI, "shins": SKIN, "feet": WHITE}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "there", "not_there"),
    [
        ({}, {"tshirt", "shorts", "trainers", "side_part"}, {"jeans", "long_sleeve"}),
        ({"forearms": RED}, {"long_sleeve"}, {"tshirt"}),
        ({"upper_arms": SKIN}, {"tank_top"}, {"tshirt"}),
        ({"shins": KHAKI}, {"joggers"}, {"shorts"}),
        ({"shins": NAVY, "thighs": NAVY}, {"jeans"}, {"shorts", "joggers"}),
        ({"feet": SKIN}, set(), {"trainers"}),
        ({"hair": SKIN}, {"brows_soft"}, {"side_part"}),
        ({"hair": TEAL}, {"side_part", "hat_beanie"}, set()),
        ({"chest": SKIN, "upper_arms": SKIN}, {"tank_top"}, {"tshirt"}),
        ({"face": GREY, "hands": SKIN}, {"tshirt", "shorts"}, {"joggers"}),
    ],
)
def test_what_is_bare_tells_garments_apart(changes, there, not_there):
    found = set(worn(**{**SEEN, **changes}))
    assert there <= found
    assert not not_there & found


def test_what_no_picture_shows_stays_usual():
    usual = filmed(shape_of(Design()))
    assert dressed_as(usual, {}) == usual
    told = dressed_as(usual, {"chest": lab(RED)})
    assert [one.item for one in told.worn] == [
        "long_sleeve" if one.item == "tshirt" else one.item for one in usual.worn
    ]
    assert told.skin == usual.skin


def painted(body_m: np.ndarray, weights) -> np.ndarray:
    """A colour for each vertex: a red T-shirt, khaki shorts, white shoes, dark hair."""
    figure = make_figure()
    z = body_m[:, 2]
    bones = np.array(BONE_NAMES)[np.asarray(weights.argmax(1)).ravel()]
    colour = np.tile(np.array(SKIN, float), (len(body_m), 1))
    limbs = [bone.split(".")[0] for bone in bones]
    torso = np.isin(limbs, ["spine01", "spine02", "spine03", "spine04", "clavicle", "shoulder01",
                            "upperarm01", "upperarm02"])  # fmt: skip
    colour[torso] = RED
    knee = figure.head("lowerleg01.L")[2] - figure.vertices_m[:, 2].min()
    legs = np.isin(limbs, ["pelvis", "root", "spine05", "upperleg01", "upperleg02"])
    colour[legs & (z > knee + 0.08)] = KHAKI
    colour[np.char.startswith(np.array(limbs), "toe") | (np.array(limbs) == "foot")] = WHITE
    eyes = body_m[np.array(limbs) == "eye"].mean(0)
    behind = (body_m[:, 1] > eyes[1] + 0.1) & (z > eyes[2] - 0.03)
    colour[(np.array(limbs) == "head") & ((z > eyes[2] + 0.06) | behind)] = HAIR
    return colour


def camera(turn_deg: float) -> Camera:
    back = np.array([np.sin(np.radians(turn_deg)), -np.cos(np.radians(turn_deg)), 0.0])
    right = np.array([-back[1], back[0], 0.0])
    rotation = np.stack([right, [0, 0, -1], -back])
    centre = np.array([0.0, 0.0, 1.0]) + 4 * back
    matrix = np.array([[800.0, 0, 199.5], [0, 800.0, 299.5], [0, 0, 1]])
    return Camera(f"c{turn_deg}", (400, 600), matrix, np.zeros(0), rotation, -rotation @ centre)


@pytest.fixture(scope="module")
def pictured():
    """A person in a painted T-shirt and shorts, by two cameras; the left arm lies across the
    chest."""
    usual = filmed(shape_of(Design()))
    fit = still(
        usual.but(pose={"upperarm01.L": (0.0, 0.0, -1.0), "lowerarm01.L": (0.0, 0.0, -1.2)})
    )
    rest, bones = resting(usual, actions=False)
    body_m, figure = body_of(rest, bones), make_figure()
    world = bones_world(bones, fit.turns_rad, fit.root_m)[0]
    posed_m = skin(body_m, figure.weights, world @ np.linalg.inv(bones.rest_world))
    faces = figure.surface.faces["skin"]
    colours = painted(body_m, figure.weights)[faces].mean(1)
    sights = []
    for turn in (20, 200):
        one = camera(turn)
        rgba = np.column_stack([colours, np.full(len(colours), 255.0)])
        drawn = clay(project(one, posed_m), in_camera(one, posed_m), faces, rgba, one.size_px)
        grey = np.where(drawn[..., 3:] > 0, drawn[..., :3], np.uint8(127))
        sights.append(Sight(grey, one, 0))
    return fit, usual, sights


def test_colours_are_read_where_the_body_is_seen(pictured):
    fit, usual, sights = pictured
    seen = patches(fit, usual, sights)
    assert set(seen) == {*SEEN, "hands"}
    assert np.median(seen["hair"][:, 0]) < 25
    for name, colour in {**SEEN, "hands": SKIN}.items():
        if name == "hair":
            continue
        hue = seen[name][:, 1:] / np.maximum(seen[name][:, :1], 1)
        wanted = lab(colour)[0]
        off = np.linalg.norm(np.median(hue, axis=0) - wanted[1:] / wanted[0])
        assert off < 0.12, name


def test_a_person_is_dressed_as_in_the_pictures(pictured):
    fit, _, sights = pictured
    design = as_filmed(fit, sights)
    colours = {one.item: one.colour for one in design.worn}
    assert {"tshirt", "shorts", "trainers", "side_part"} <= set(colours)
    red, green, blue = colours["tshirt"]
    assert red > 2 * green > blue
    assert min(colours["trainers"]) > 0.55
    assert max(design.hair) < 0.25
