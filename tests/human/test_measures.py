"""The tape measure: plausible, exact where that can be known, mirrored, differentiable."""

import numpy as np
import pytest
import torch
import trimesh
from scipy.spatial import ConvexHull

from studio.core.errors import StudioError
from studio.human import measures as tape_of
from studio.human.measures import DENSITY, MEASURES, measures, tape
from studio.human.person import Shape, whole


def test_an_average_woman_and_man_are_as_people_are():
    woman, man = measures(Shape.of(gender=1.0)), measures(Shape.of(gender=0.0))
    # Ranges of ISO 7250 surveys, 5th to 95th percentile of adults, widened by a tenth.
    ranges = {
        "height": (1.45, 2.0), "inseam": (0.62, 0.95), "arm": (0.48, 0.68),
        "shoulders": (0.31, 0.45), "foot": (0.21, 0.31), "head_girth": (0.51, 0.62),
        "neck_girth": (0.28, 0.45), "chest_girth": (0.75, 1.2), "waist_girth": (0.6, 1.1),
        "hip_girth": (0.85, 1.2), "thigh_girth": (0.48, 0.7), "calf_girth": (0.31, 0.44),
        "upper_arm_girth": (0.24, 0.37), "wrist_girth": (0.14, 0.19), "mass": (45, 105),
    }  # fmt: skip
    for person in (woman, man):
        for name, (low, high) in ranges.items():
            assert low < person[name] < high, name
    for name in ("height", "arm", "shoulders", "foot", "neck_girth", "waist_girth", "mass"):
        assert woman[name] < man[name], name


@pytest.mark.parametrize("shape", [Shape.of(), Shape.of(gender=0.0, weight=0.9, muscle=0.2)])
@torch.no_grad()
def test_height_volume_and_waist_are_those_of_the_mesh(shape):
    found = measures(shape)
    skin = whole().rest(shape, actions=False).vertices_m.numpy()
    faces = whole().model.faces.numpy()
    body = trimesh.Trimesh(skin, faces[(faces < 13380).all(1)], process=False)
    assert body.is_watertight
    assert found["volume"] == pytest.approx(body.volume, rel=1e-3)
    assert found["mass"] == pytest.approx(DENSITY * found["volume"])
    assert found["height"] == pytest.approx(np.ptp(skin[:13380, 2]), abs=0.004)
    # The tape at the height where the average's outline lies now, on a level cut through the mesh:
    # on a heavier body the outline is not quite level any more.
    used = tape()
    line = next(line for line in used.outlines if line.name == "waist")
    ends = skin[used.person.ids.numpy()[line.edges]]
    level = float(
        (ends[:, 0] + line.share.numpy()[:, None] * (ends[:, 1] - ends[:, 0]))[:, 2].mean()
    )
    cut = body.section(plane_origin=(0, 0, level), plane_normal=(0, 0, 1))
    trunk = max(cut.discrete, key=lambda loop: np.ptp(loop[:, 1]))
    assert found["waist_girth"] == pytest.approx(ConvexHull(trunk[:, :2]).area, abs=0.015)


def test_scaled_segments_are_measured_as_scaled():
    plain = measures(Shape.of())
    head = measures(Shape.of({"head": 1.1}))
    assert head["head_girth"] == pytest.approx(1.1 * plain["head_girth"], rel=0.01)
    assert head["foot"] == pytest.approx(plain["foot"], abs=1e-4)
    feet = measures(Shape.of({"foot": 0.9}))
    assert feet["foot"] == pytest.approx(0.9 * plain["foot"], rel=0.01)
    legs = measures(Shape.of({"thigh": 1.1}))
    assert legs["inseam"] > plain["inseam"] + 0.03
    assert legs["height"] - plain["height"] == pytest.approx(
        legs["inseam"] - plain["inseam"], abs=0.015
    )
    assert legs["waist_girth"] == pytest.approx(plain["waist_girth"], abs=1e-3)


def test_a_mirrored_person_has_the_same_measures():
    left = measures(Shape.of(), {"l-upperarm-fat": 1.0, "l-lowerleg-fat": 0.7})
    right = measures(Shape.of(), {"r-upperarm-fat": 1.0, "r-lowerleg-fat": 0.7})
    plain = measures(Shape.of())
    assert left["upper_arm_girth"] > plain["upper_arm_girth"] + 0.003
    for name in MEASURES:
        assert left[name] == pytest.approx(right[name], abs=1e-3 if name != "mass" else 0.05), name


def test_gradients_are_those_of_differences():
    used = tape()
    person = used.person
    start = person.phenotypes(gender=0.7, weight=0.6, muscle=0.4, height=0.45).requires_grad_()
    hulls = used.hulls(person.rest(start))
    used.measure(person.rest(start), 1.0, hulls)[0].sum().backward()
    for column in (2, 3, 4, 5):
        nudged = start.detach().repeat(2, 1)
        nudged[0, column] -= 0.01
        nudged[1, column] += 0.01
        with torch.no_grad():
            low, high = used.measure(person.rest(nudged)).sum(1)
        assert start.grad[0, column] == pytest.approx(float(high - low) / 0.02, rel=0.02, abs=0.02)


def test_a_batch_is_its_people_and_a_part_is_of_the_whole():
    used = tape()
    people = used.person.phenotypes(
        gender=torch.tensor([0.1, 0.9]), weight=torch.tensor([0.2, 0.8])
    )
    with torch.no_grad():
        both = used.measure(used.person.rest(people))
        for i in range(2):
            alone = used.measure(used.person.rest(people[i : i + 1]))
            torch.testing.assert_close(both[i], alone[0])
    shape = Shape.of(gender=0.3)
    few = measures(shape, names=("waist_girth", "arm"))
    assert few == pytest.approx({k: v for k, v in measures(shape).items() if k in few}, abs=1e-5)
    assert len(tape(("arm",)).person.ids) < 20
    with pytest.raises(StudioError, match="no measure leg"):
        tape_of.tape(("leg",))
