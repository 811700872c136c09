"""The network that tells the light on a face: what it is given, and what it learns from."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.perception.face_light.network import SIDE_PX, FaceLightNetwork
from studio.perception.face_light.predictor import FaceLightPredictor, square_of
from studio.perception.faces.head import stored
from studio.perception.faces.lit import GAMMA, SKIN, normals, skin_light
from studio.render.environment import basis
from studio.training.tasks.face_light import GREY, balls, facing, varied


def face_at(x: float, y: float, wide: float) -> np.ndarray:
    return stored()["shape"][:, [0, 2, 1]] * (wide, -wide, wide) + (x, y, 0.0)


def painted(light: np.ndarray, skin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A flat picture of the light on a face of some skin, and the face's points."""
    face = face_at(160, 120, 110)
    colour = np.clip(skin * (basis(normals(face)) @ light), 0, 1) ** (1 / GAMMA)
    picture = np.full((240, 320, 3), 30, np.uint8)
    for k in np.argsort(-face[:468, 2]):
        x, y = np.rint(face[k, :2]).astype(int)
        picture[y - 4 : y + 5, x - 4 : x + 5] = (255 * colour[k]).astype(np.uint8)
    return picture, face


def side_light() -> np.ndarray:
    light = np.zeros((9, 3))
    light[0] = (2.4, 2.0, 1.6)
    light[3], light[2], light[1] = 0.4, 0.2, -0.3
    return light


def test_a_network_that_learned_nothing_tells_the_light_of_an_average_skin() -> None:
    light = side_light()
    picture, face = painted(light, SKIN)
    told = skin_light(picture, face)
    assert told is not None
    network = FaceLightNetwork().eval()
    shape, mean = (torch.from_numpy(v).float()[None] for v in (told.shape, told.mean))
    square = torch.from_numpy(square_of(picture, face, SIDE_PX)).permute(2, 0, 1)[None] / 255
    found = network(square, shape, mean)[0].detach().numpy()
    seen = facing(60)
    seen = seen[seen[:, 1] < -0.5]
    np.testing.assert_allclose(basis(seen) @ found, basis(seen) @ light, rtol=0.12)


def test_a_square_shows_the_face_in_its_middle_at_any_size() -> None:
    for wide in (40.0, 250.0):
        face = face_at(600, 600, wide)
        picture = np.zeros((1300, 1300, 3), np.uint8)
        low, high = face[:468, :2].min(0), face[:468, :2].max(0)
        left, top, right, down = np.rint([*low, *high]).astype(int)
        picture[top:down, left:right] = 255
        square = square_of(picture, face, SIDE_PX)[..., 0] > 127
        ys, xs = np.nonzero(square)
        assert ys.mean() == pytest.approx((SIDE_PX - 1) / 2, abs=0.8)
        assert xs.mean() == pytest.approx((SIDE_PX - 1) / 2, abs=0.8)
        tallest = max(np.ptp(ys), np.ptp(xs)) + 1
        assert tallest == pytest.approx(SIDE_PX / 1.5, abs=2)


def test_other_light_changes_the_picture_and_the_truth_alike() -> None:
    """Skin and light are what a picture is made of: that product is kept by every variation."""
    light = torch.from_numpy(side_light()).float()
    skin = torch.tensor([0.3, 0.2, 0.15])
    mean = skin * 0.282 * light[0]
    rgb = (255 * mean ** (1 / GAMMA)).byte().expand(8, 96, 96, 3)
    batch = {"rgb": rgb, "shape": (light / (0.282 * light[0])).expand(8, 9, 3),
             "mean": mean.expand(8, 3), "light": light.expand(8, 9, 3)}  # fmt: skip
    found = varied(batch, torch.Generator().manual_seed(3))
    linear = (found["rgb"] ** GAMMA).mean((2, 3))
    torch.testing.assert_close(linear, found["mean"], rtol=0.05, atol=0.01)
    torch.testing.assert_close(found["mean"] / (0.282 * found["light"][:, 0]), skin.expand(8, 3))
    aside = found["light"][:, 3, 0]
    assert (aside > 0).any()
    assert (aside < 0).any()
    torch.testing.assert_close(found["shape"][:, 3].sign(), found["light"][:, 3].sign())


def test_balls_are_lit_from_where_the_light_comes() -> None:
    light = torch.zeros(1, 9, 3)
    light[:, 0], light[:, 3] = 2.0, 0.8
    ball = balls(light)[0, :, :, 0].astype(float)
    assert ball[32, 58] > ball[32, 6] + 40
    assert ball[0, 0] == 0
    assert ball[32, 32] == pytest.approx(255 * (GREY * 2.0 * 0.2821) ** (1 / GAMMA), abs=4)


def test_published_weights_tell_a_pale_skin_from_a_dark_one() -> None:
    """Of one light, an average skin's answer moves with the skin; the network's moves less."""
    light = side_light()
    network = FaceLightPredictor()
    own, average = [], []
    for skin in (SKIN * 1.25, SKIN * 0.35):
        picture, face = painted(light, skin)
        found, told = network.find(picture, face), skin_light(picture, face)
        assert found is not None
        assert told is not None
        own.append(found[0].mean())
        average.append(told.light[0].mean())
    assert network.find(np.zeros((240, 320, 3), np.uint8), face_at(-400, 0, 80)) is None
    assert max(own) / min(own) < max(average) / min(average)
