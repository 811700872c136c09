"""What an import leaves open, as buttons: each answers one question, or mends a calibration."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from studio.document.step import Offer
from studio.features.capture.found import Brought, FoundRig
from studio.features.capture.params import Params

MOST = 4


def offers(brought: Brought, params: BaseModel) -> tuple[Offer, ...]:
    """Ways to bring in the same files again, better: the likeliest answer comes first."""
    if not isinstance(params, Params):
        raise TypeError("only an import can be mended like this")
    return tuple(offer for rig in brought.rigs for offer in _offers(rig, params))


def _offers(rig: FoundRig, params: Params) -> Iterator[Offer]:
    questions = rig.imported.questions
    likely = {q.topic: q.likely for q in questions if q.likely is not None}
    if len(questions) > 1 and len(likely) == len(questions):
        labels = [dict(q.choices).get(q.likely or "", q.likely) for q in questions]
        text = " ".join(f"{q.text} {q.evidence}".strip() for q in questions)
        yield Offer(text, f"Use {', '.join(map(str, labels))}", params.model_copy(update=likely))
        return
    for question in questions[:1]:
        choices = sorted(question.choices, key=lambda choice: choice[0] != question.likely)
        for number, (value, label) in enumerate(choices[:MOST]):
            text = f"{question.text} {question.evidence}".strip() if number == 0 else ""
            yield Offer(text, label, params.model_copy(update={question.topic: value}))
    mends = [problem for problem in rig.problems if problem.mend]
    if mends and not params.mend:
        how = ", ".join(dict.fromkeys(problem.mend or "" for problem in mends))
        text = f"{mends[0].message} Doppel can mend this: {how}."
        yield Offer(text, "Mend the calibration", params.model_copy(update={"mend": True}))
