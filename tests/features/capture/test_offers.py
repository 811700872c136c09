"""An import that leaves something open says how to close it, as buttons."""

from pathlib import Path

from studio.core.types import CameraRig
from studio.features.capture.found import Brought, FoundRig
from studio.features.capture.offers import offers
from studio.features.capture.params import Params
from studio.media.formats.rigs import ImportedRig
from studio.media.formats.rigs.model import Question
from studio.media.rig_checks import RigProblem

UNIT = Question("unit", "Which unit?", (("m", "metres"), ("mm", "millimetres")), "4000 wide", "mm")
UP = Question("up", "Which way is up?", (("y", "Y"), ("z", "Z")), "", "z")
PARAMS = Params(paths=(Path("rig.yml"),))


def brought(*questions: Question, problems: tuple[RigProblem, ...] = ()) -> Brought:
    rig = ImportedRig(CameraRig(()), "OpenCV", questions)
    return Brought(rigs=(FoundRig(Path("rig.yml"), rig, None, problems),))


def test_one_question_has_a_button_an_answer_the_likeliest_first():
    found = offers(brought(UNIT), PARAMS)
    assert [offer.button for offer in found] == ["millimetres", "metres"]
    assert [offer.params.unit for offer in found] == ["mm", "m"]
    assert "4000 wide" in found[0].text
    assert found[0].params.paths == PARAMS.paths


def test_several_questions_are_answered_with_one_button():
    (offer,) = offers(brought(UNIT, UP), PARAMS)
    assert (offer.params.unit, offer.params.up) == ("mm", "z")
    assert offer.button == "Use millimetres, Z"


def test_a_problem_with_a_mend_offers_it_once():
    problem = RigProblem("cam1 is twice as large.", "Scale it.", "cam1", "scale", ("scale",))
    (offer,) = offers(brought(problems=(problem,)), PARAMS)
    assert offer.params.mend
    assert "scale" in offer.text
    assert offers(brought(problems=(problem,)), offer.params) == ()
    assert offers(brought(), PARAMS) == ()
