"""Local sliders: named, sided, mirrored, and the same on both forms of the person."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import KDTree

from studio.core.errors import StudioError
from studio.human import compact, compaction, sliders
from studio.human.design import Design, other_side
from studio.human.person import Shape, whole
from studio.human.rig import BONE_NAMES

NAMES = tuple(sliders.sliders())
LEFT = tuple(name for name in NAMES if sliders.sliders()[name].side == "left")


@pytest.fixture(scope="module")
def mirror():
    template = whole().template_m.numpy()
    away, twins = KDTree(template).query(template * (-1, 1, 1))
    assert away.max() < 1e-6
    return twins


def test_sliders_have_names_that_designs_take():
    assert len(NAMES) == 256
    design = Design(local=dict.fromkeys(NAMES, 0.5))
    assert design.mirrored() == design
    for name, slider in sliders.sliders().items():
        assert slider.name == name
        assert slider.group in (*sliders.FACE, *sliders.BODY)
        assert slider.title
        assert slider.title[0].isupper()
        assert all(slider.ends)
        assert slider.ends[0] != slider.ends[1]
        assert slider.twin == other_side(name)
        assert sliders.sliders()[slider.twin].twin == name
        assert (slider.twin == name) == (not slider.side)


def test_both_sides_at_once():
    assert sliders.symmetric({"nose-hump": 0.2}, "l-eye-scale", 0.7) == {
        "nose-hump": 0.2,
        "l-eye-scale": 0.7,
        "r-eye-scale": 0.7,
    }
    assert sliders.symmetric({}, "nose-hump", -1.0) == {"nose-hump": -1.0}
    with pytest.raises(StudioError, match="no slider “nose-hmp”"):
        sliders.symmetric({}, "nose-hmp", 1.0)


@given(st.sampled_from(LEFT), st.sampled_from([-1.0, -0.3, 0.6, 1.0]))
@settings(max_examples=20, deadline=None)
def test_a_slider_of_the_other_side_does_the_same_there(mirror, name, value):
    left, right = (sliders.change({n: value}) for n in (name, sliders.sliders()[name].twin))
    assert left.skin_m.abs().max() > 1e-4
    flipped = left.skin_m[0][mirror] * torch.tensor([-1.0, 1, 1])
    # MakeHuman's own targets are mirrored to a few hundredths of what they move.
    apart = (flipped - right.skin_m[0])[:13380].norm(dim=1).max()
    assert apart < 0.06 * left.skin_m.norm(dim=2).max()
    both = sliders.change({name: value, sliders.sliders()[name].twin: value})
    torch.testing.assert_close(both.skin_m, left.skin_m + right.skin_m)


@torch.no_grad()
def test_the_compact_person_follows_like_the_whole_one():
    values = {
        "measure-upperleg-height": 1.0,
        "l-ear-scale": -0.8,
        "head-fat": 0.6,
        "r-hand-scale": 0.5,
    }
    change = sliders.change(values)
    slow = whole().rest(Shape.of(gender=1.0), actions=False, change=change)
    person = compact.load(compaction.stored())
    rest = person.rest(person.phenotypes(gender=1.0), None, change)
    assert (rest.heads_m[0] - slow.heads_m).norm(dim=1).max() < 3e-4
    assert (person.reference_skin(rest)[0] - slow.vertices_m).norm(dim=1).mean() < 1e-4
    # A longer thigh: the knee goes down, the hip stays.
    plain = whole().rest(Shape.of(gender=1.0), actions=False)
    moved = (slow.heads_m - plain.heads_m)[:, 2]
    assert moved[BONE_NAMES.index("lowerleg01.L")] < moved[BONE_NAMES.index("upperleg01.L")] - 0.02


def test_few_vertices_and_gradients():
    ids = np.array([294, 881, 7000])
    few = sliders.basis(("nose-hump", "head-fat"), ids)
    values = torch.tensor([[0.5, -0.25], [0.0, 1.0]], requires_grad=True)
    change = few(values)
    for row in range(2):
        hump, fat = values[row].tolist()
        alone = sliders.change({"nose-hump": hump, "head-fat": fat})
        torch.testing.assert_close(change.skin_m[row], alone.skin_m[0, ids])
    change.skin_m.square().sum().backward()
    assert (values.grad[0].abs() > 0).any()
    assert sliders.change({}).skin_m.abs().max() == 0
