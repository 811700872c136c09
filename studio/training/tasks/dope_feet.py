"""Feet as a kind of their own: how a plug-in adds one. Two classes and a kind are all it takes."""

from __future__ import annotations

from studio.perception.dope.kinds import FEET
from studio.training.tasks.dope_added import AddedExpert, AddedHead


class FeetExpert(AddedExpert):
    """Feet only, left and right."""

    name, kinds = "dope_feet", (FEET.name,)
    does = "Expert of feet, which a student can be given a head for"


class WithFeet(AddedHead):
    """A student with a head for feet besides; all that it knew stays as it was."""

    name, kinds = "dope_with_feet", (FEET.name,)
    does = "Find feet too, besides bodies, hands and faces"
