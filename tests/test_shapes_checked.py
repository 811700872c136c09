"""The checks of shapes bite: without them a wrong shape would pass as long as it broadcasts."""

import inspect

import jaxtyping
import numpy as np
import pytest
from beartype import beartype

from studio.vision.sightings import rig_constant
from tests.shapes_checked import CALLS, at_first


def test_a_wrong_shape_is_refused():
    fresh = at_first(inspect.unwrap(rig_constant), typechecker=beartype)
    with pytest.raises(jaxtyping.TypeCheckError):
        fresh(np.zeros((2, 3, 3)), np.zeros((3, 3)))


def test_functions_of_the_numerical_rooms_are_checked():
    assert rig_constant.__code__.co_filename.endswith("shapes_checked.py")


def test_checks_rest_after_the_first_calls():
    def same(x: jaxtyping.Float[np.ndarray, "two"]) -> jaxtyping.Float[np.ndarray, "two"]:
        return x if x.sum() >= 0 else x[:1]

    same.__qualname__ = "same"
    checked = at_first(same, typechecker=beartype)
    for _ in range(CALLS - 1):
        checked(np.ones(2))
    with pytest.raises(jaxtyping.TypeCheckError):
        checked(-np.ones(2))
    assert len(checked(-np.ones(2))) == 1
