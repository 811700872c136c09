"""A designed person as a value: what it holds, refuses, mirrors and writes."""

import subprocess
import sys

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.human.design import Design, Worn, other_side, read, read_file
from studio.human.phenotypes import PHENOTYPES
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.human.segments import SEGMENT_NAMES


def anybody(seed):
    """A design with something in every field."""
    rng = np.random.default_rng(seed)

    def some(names, values):
        chosen = rng.choice(names, rng.integers(1, 5), replace=False)
        return {str(name): values() for name in chosen}

    def colour():
        return tuple(rng.random(3).tolist())

    return Design(
        phenotypes=some(PHENOTYPES, rng.random),
        scales=some(SEGMENT_NAMES, lambda: rng.uniform(0.5, 2)),
        local=some(
            ["nose-hump", "l-hand-scale", "r-ear-rot", "chin-jut"], lambda: rng.uniform(-1, 1)
        ),
        worn=tuple(Worn(item=i, colour=colour() if rng.random() < 0.5 else None) for i in "abc"),
        skin=colour(),
        expression=some(ACTIONS, rng.random),
        pose=some(BONE_NAMES, lambda: tuple(rng.uniform(-3, 3, 3).tolist())),
        gaze_deg=tuple(rng.uniform(-35, 35, 2).tolist()),
    )


@pytest.mark.parametrize("seed", range(12))
def test_a_design_survives_its_own_text_and_two_mirrors(seed):
    design = anybody(seed)
    assert read(design.text()) == design
    assert design.mirrored() != design
    assert design.mirrored().mirrored() == design


def test_a_mirror_changes_sides():
    raised = Design(
        pose={"upperarm01.L": (0.1, -0.8, 0.2)},
        expression={"eyeBlinkLeft": 0.9, "jawOpen": 0.2},
        local={"l-hand-scale": 0.5, "nose-hump": -0.5},
        gaze_deg=(12, -4),
    ).mirrored()
    assert raised.pose == {"upperarm01.R": (0.1, 0.8, -0.2)}
    assert raised.expression == {"eyeBlinkRight": 0.9, "jawOpen": 0.2}
    assert raised.local == {"r-hand-scale": 0.5, "nose-hump": -0.5}
    assert raised.gaze_deg == (-12, -4)


def test_every_action_has_its_other_side():
    for action in ACTIONS:
        assert other_side(action) in ACTIONS
        assert other_side(other_side(action)) == action
    assert other_side("mouthLeft") == "mouthRight"
    assert other_side("spine01") == "spine01"


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ('{"phenotypes": {"heigth": 0.4}}', "no build named heigth"),
        ('{"phenotypes": {"height": 1.4}}', "phenotypes height"),
        ('{"phenotypes": {"height": NaN}}', "phenotypes height"),
        ('{"scales": {"tail": 1.0}}', "no segment named tail"),
        ('{"expression": {"smile": 1.0}}', "no facial action smile"),
        ('{"pose": {"tail": [0, 0, 0]}}', "no bone named tail"),
        ('{"pose": {"head": [0, 9, 0]}}', "full turn"),
        ('{"local": {"../secret": 1}}', "not the name of a slider"),
        ('{"worn": [{"item": "hat"}, {"item": "hat"}]}', "worn twice"),
        ('{"skin": [0.5, 0.5]}', "skin"),
        ('{"colour": "red"}', "colour"),
        ("[1, 2]", "one JSON object"),
        ("{", "not a person's design"),
    ],
)
def test_a_wrong_design_says_what_is_wrong(raw, told):
    with pytest.raises(StudioError) as error:
        read(raw, "“x.json”")
    assert told in str(error.value) + error.value.hint
    assert error.value.hint


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(StudioError, match="cannot be read"):
        read_file(tmp_path / "nobody.json")


def test_changes_are_checked():
    taller = Design().with_build({"height": 0.8})
    assert taller.build("height") == 0.8
    assert taller.build("age") == 0.66
    with pytest.raises(StudioError, match="This person"):
        taller.but(gaze_deg=(90, 0))


def test_a_design_needs_no_torch():
    code = "import sys, studio.human.design; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
