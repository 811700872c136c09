"""The body for motion that has none is the person it says it is."""

import numpy as np
import pytest

from studio.human.character import character
from studio.human.person import Shape
from studio.media.formats.vrm.humanoid import REQUIRED, humanoid_bones, reduced
from studio.media.formats.vrm.stand_in import stand_in
from studio.media.formats.vrm.tpose import t_posed


def test_it_is_a_person_of_middling_build_in_t_pose():
    somebody = character(Shape.of())
    bones = humanoid_bones(somebody.armature)
    wanted, _ = reduced(t_posed(somebody, bones).armature, None, bones)
    found = stand_in()
    assert found.names == wanted.names
    assert found.parents.tolist() == wanted.parents.tolist()
    assert found.rest_world == pytest.approx(wanted.rest_world, abs=1e-3)
    assert found.tails_m == pytest.approx(wanted.tails_m, abs=1e-3)
    assert set(REQUIRED) <= set(found.names)
    assert np.all(found.parents < np.arange(len(found.names)))
