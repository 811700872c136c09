"""Fields of bodies that networks see: carried back from the canonical space, moved by pictures."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.core.card import Card
from studio.core.types import Camera, Keypoints
from studio.human.bodies.canonical import canonical
from studio.human.bodies.clothed import ClothedField
from studio.human.bodies.field import Field, MergedField
from studio.human.bodies.fitted import BodyFit, BodyPhoto, BodyView
from studio.human.bodies.settling import settled
from studio.human.design import Design
from studio.human.layouts import layout
from studio.human.names import face_vertices
from studio.human.person import Shape, whole
from studio.perception.bodies import field as field_of
from studio.perception.bodies.crops import FINE
from studio.perception.bodies.field import VolumeField, square_of, template_of
from studio.perception.bodies.network import BodyNetwork
from studio.perception.bodies.parts import bones_of_parts, head_share
from studio.perception.bodies.template import SKIN
from studio.perception.bodies.volume import CUT_M, Volume


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    """The suite has little time."""
    monkeypatch.setattr(field_of, "SPACING_M", 0.035)


@pytest.fixture(scope="module")
def rest():
    with torch.no_grad():
        return whole().rest(Shape.of(), actions=False)


@pytest.fixture(scope="module")
def view():
    """Somebody 3 m before a camera, their left arm raised."""
    turn = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    matrix = np.array([[300.0, 0, 150], [0, 300, 200], [0, 0, 1]])
    camera = Camera("cam", (300, 400), matrix, np.zeros(0), turn, -turn @ [0, -3.0, 0.9])
    mask = np.zeros((400, 300), np.uint8)
    mask[90:330, 100:200] = 255
    points = layout("whole_body")
    photo = BodyPhoto(
        "photo", np.full((400, 300, 3), 120, np.uint8), mask,
        Keypoints("cam", 0.0, points, np.zeros((len(points), 2)), np.zeros(len(points))),
        face_px=np.random.default_rng(0).uniform(120, 150, (478, 3)),
    )  # fmt: skip
    turns = np.zeros((104, 3))
    turns[bones_of_parts("body")[16], 1] = -0.7
    return BodyView(photo, camera, np.array([0, 0, 0.9]), turns, np.zeros(52), 0.9, 0.8, 3.0)


@pytest.mark.parametrize("pose", ["T", "A"])
def test_an_unlearned_field_is_the_clothed_fit_within_the_outline(rest, view, pose):
    network, space = BodyNetwork("body").eval(), canonical(rest, pose)
    offsets = np.full(19_158, 0.01)
    template, fitted = template_of(rest, view, offsets), ClothedField(space, offsets)
    looked = square_of(view.photo, view, "body")
    assert looked is not None
    everywhere = replace(looked, mask=np.full_like(looked.mask, 255))
    field = VolumeField(space, (Volume(network, (everywhere,), template),), fitted, "body")
    assert isinstance(field, Field)
    skin = fitted.vertices_m[:SKIN:50]
    assert np.quantile(np.abs(field.inside(skin)), 0.98) < 1e-3
    middle = space.head_m("spine03")[None]
    assert field.inside(middle)[0] > 0.03
    assert field.inside(middle + np.array([0, -0.6, 0]))[0] == pytest.approx(-0.05)
    # The raised arm is seen beside the outline: there the fit's clothes are cut, not for ever.
    within = VolumeField(space, (Volume(network, (looked,), template),), fitted, "body")
    elbow = space.head_m("lowerarm01.L")[None]
    assert 0.001 < field.inside(elbow)[0] - within.inside(elbow)[0] <= CUT_M
    assert within.inside(middle)[0] == pytest.approx(field.inside(middle)[0], abs=1e-3)


def test_the_picture_moves_a_learned_field_but_not_beyond_the_cuts(rest, view):
    torch.manual_seed(0)
    network, space = BodyNetwork("body").eval(), canonical(rest, "T")
    with torch.no_grad():
        torch.nn.init.normal_(network.classifier.last.weight, 0, 0.02)
        torch.nn.init.normal_(network.encoder.tensor.weight, 0, 0.5)
    offsets = np.zeros(19_158)
    template, fitted = template_of(rest, view, offsets), ClothedField(space, offsets)
    looked = square_of(view.photo, view, "body")
    assert looked is not None
    black = replace(looked, rgb=np.zeros_like(looked.rgb))
    skin = space.vertices_m[:SKIN:50]
    told = [
        VolumeField(space, (Volume(network, (one,), template),), fitted, "body")
        for one in (looked, black)
    ]
    values = [one.inside(skin) for one in told]
    assert np.abs(values[0]).max() > 1e-3
    assert np.abs(values[0] - values[1]).max() > 1e-6
    hand = space.head_m("finger3-2.L")[None]
    assert told[0].inside(hand)[0] == pytest.approx(fitted.inside(hand)[0], abs=1e-6)
    further, off = told[0].told(skin)
    assert further.shape == off.shape
    assert (off > 0).all()


@pytest.mark.parametrize("kind", ["body", "head"])
def test_a_square_in_a_mirror_tells_of_the_same_side(rest, view, kind):
    torch.manual_seed(0)
    network, rng = BodyNetwork(kind).eval(), np.random.default_rng(0)
    with torch.no_grad():
        torch.nn.init.normal_(network.classifier.last.weight, 0, 0.02)
        torch.nn.init.normal_(network.encoder.tensor.weight, 0, 0.5)
    straight = replace(view, turns_rad=np.zeros((104, 3)))
    template = template_of(rest, straight, np.full(19_158, 0.01))
    looked = square_of(straight.photo, straight, kind)
    assert looked is not None
    odd = replace(looked, rgb=rng.integers(0, 255, looked.rgb.shape, np.uint8))
    mirrored = odd.in_mirror()
    back = mirrored.in_mirror()
    assert not back.mirrored
    assert (back.rgb == odd.rgb).all()
    if kind == "head":
        np.testing.assert_allclose(back.marks_px, odd.marks_px)
    points = template.vertices_m[:SKIN:60] + rng.normal(0, 0.01, (223, 3))
    plain, _ = Volume(network, (odd,), template).told(points)
    there, _ = Volume(network, (mirrored,), template).told(points)
    # Who is as wide to either side is, in a picture turned over, asked about on the other side.
    shown = replace(mirrored, mirrored=False)
    other, _ = Volume(network, (shown,), template).told(points * [-1, 1, 1])
    assert np.median(np.abs(there - other)) < 0.05 * np.median(np.abs(plain - other))
    both, sure = Volume(network, (odd, mirrored), template).told(points)
    assert (both <= np.maximum(plain, there) + 1e-6).all()
    assert (both >= np.minimum(plain, there) - 1e-6).all()
    assert (sure > 0).all()


def test_the_template_stands_where_the_photograph_has_it(rest, view):
    template = template_of(rest, view, np.zeros(19_158))
    looked = square_of(view.photo, view, "body")
    posed = view.posed(rest).vertices_m[0, :SKIN].numpy()
    local = posed @ view.camera.rotation.T + view.camera.translation_m
    np.testing.assert_allclose(template.posed_m, local, atol=1e-4)
    flat = local[:, :2] / local[:, 2:] * looked.lens[:2] + looked.lens[2:]
    assert looked.mask[tuple(np.round(FINE * flat[:, ::-1].mean(0)).astype(int))] == 255


def test_heads_are_looked_at_by_their_face(view):
    looked = square_of(view.photo, view, "head")
    assert looked is not None
    assert looked.rgb.shape == (160, 160, 3)
    assert looked.marks_px is not None
    low, high = looked.marks_px.min(0), looked.marks_px.max(0)
    assert 95 < (high - low).max() < 105
    faceless = type(view.photo)(view.photo.name, view.photo.rgb, view.photo.mask,
                                view.photo.keypoints)  # fmt: skip
    assert square_of(faceless, view, "head") is None


def test_without_a_face_heads_are_looked_for_where_the_fit_has_them(rest, view):
    blind = replace(view, photo=replace(view.photo, face_px=None))
    template = template_of(rest, blind, np.zeros(19_158))
    looked = field_of.square_behind(template, blind)
    local = template.posed_m[head_share()[:SKIN] > 0.9]
    at = local[:, :2] / local[:, 2:] * looked.lens[:2] + looked.lens[2:]
    assert ((at > 0) & (at < 160)).all()
    assert looked.marks_px is not None
    assert np.isnan(looked.marks_px).all()


class Asked(ClothedField):
    """What a network tells; ``together`` is passed only by two who are asked at the same time."""

    together: threading.Barrier | None = None

    def ask(self):
        if self.together is not None:
            self.together.wait(10)


def test_body_and_head_are_asked_one_after_the_other_or_at_once(monkeypatch, rest, view):
    space, offsets = canonical(rest, "T"), np.full(19_158, 0.01)
    fit = BodyFit(Design(), (view,), offsets, 1.7)
    monkeypatch.setattr(field_of, "better_than_the_fit", lambda kind: True)
    monkeypatch.setattr(field_of, "outlined", lambda field, *_: field)
    monkeypatch.setattr(field_of, "turned", lambda fit, *_: fit.views)
    monkeypatch.setattr(field_of, "volume_field", lambda fit, rest, space, kind: Asked(
        space, np.full(19_158, 0.02 if kind == "head" else 0.005)))  # fmt: skip
    after = field_of.person_field(fit, rest, space)
    monkeypatch.setattr(Asked, "together", threading.Barrier(2))
    at_once = field_of.person_field(fit, rest, space, order="parallel")
    assert list(after.took_s) == list(at_once.took_s) == ["body", "head"]
    assert after.views == fit.views
    assert after.all_s >= sum(after.took_s.values())
    points = space.vertices_m[:SKIN:400] + 0.004
    assert after.field is not None
    assert at_once.field is not None
    assert (after.field.inside(points) == at_once.field.inside(points)).all()
    monkeypatch.setattr(Asked, "together", None)
    alone = field_of.person_field(fit, rest, space, ("body",), "parallel")
    assert list(alone.took_s) == ["body"]
    assert not isinstance(alone.field, MergedField)


def test_a_head_and_a_body_that_know_better_are_one_field(monkeypatch, rest, view):
    space, offsets = canonical(rest, "T"), np.full(19_158, 0.01)
    fit = BodyFit(Design(), (view,), offsets, 1.7)
    monkeypatch.setattr(field_of, "better_than_the_fit", lambda kind: False)
    assert field_of.person_field(fit, rest, space).field is None
    monkeypatch.setattr(field_of, "better_than_the_fit", lambda kind: kind == "head")
    seen: list[str] = []
    monkeypatch.setattr(field_of, "volume_field", lambda fit, rest, space, kind: (
        seen.append(kind) or Asked(space, np.full(19_158, 0.02))))  # fmt: skip
    merged = field_of.person_field(fit, rest, space).field
    assert isinstance(merged, MergedField)
    assert seen == ["head"]
    chest, crown = space.head_m("spine02"), space.vertices_m[:SKIN][:, 2].max()
    above = np.array([[*space.head_m("head")[:2], crown + 0.015]])
    assert merged.inside(above)[0] > 0 > merged.body.inside(above)[0]
    assert merged.inside(chest[None])[0] == merged.body.inside(chest[None])[0]
    moved = settled(merged, space, offsets)
    top = int(space.vertices_m[:SKIN, 2].argmax())
    assert moved[top] == pytest.approx(0.02, abs=0.003)
    low = space.vertices_m[:SKIN, 2] < space.head_m("spine02")[2]
    assert (moved[:SKIN][low] == offsets[:SKIN][low]).all()
    nose = face_vertices("mesh_1")[0]
    assert moved[nose] < 0.014  # the face stays as it was fitted


def test_hair_ends_where_the_field_first_does(rest):
    space = canonical(rest, "A")
    near = ClothedField(space, np.full(len(space.vertices_m), 0.012))

    class Doubtful:
        """A head, and about it, where the outline had hair, something that is nearly inside."""

        def inside(self, points_m):
            far = near.inside(points_m)
            return np.where(far < -0.02, np.maximum(far, -0.001), far)

    offsets = np.zeros(len(space.vertices_m))
    offsets[:SKIN][head_share()[:SKIN] > 0.5] = 0.05
    moved = settled(Doubtful(), space, offsets)
    assert moved[int(space.vertices_m[:SKIN, 2].argmax())] == pytest.approx(0.012, abs=0.002)


@pytest.mark.parametrize(
    ("value", "beside", "better"),
    [(9.0, (15.0, 12.0), True), (13.0, (15.0, 12.0), False), (None, (15.0, 12.0), False)],
)
def test_the_card_says_whether_the_network_is_used(monkeypatch, value, beside, better):
    baselines = dict(zip((field_of.FIT, field_of.CLOTHED), beside, strict=True))
    row = {"what": field_of.MADE["body"], "value": value, "baselines": baselines}
    card = Card("body", "Apache-2.0", {}, ({"what": "other", "value": 1.0}, row))
    monkeypatch.setattr(field_of, "find_card", lambda name: card)
    assert field_of.better_than_the_fit("body") is better
    assert not field_of.better_than_the_fit("head")  # it has a figure of its own
    with_none = Card("body", "Apache-2.0", {}, ())
    monkeypatch.setattr(field_of, "find_card", lambda name: with_none)
    assert not field_of.better_than_the_fit("body")
