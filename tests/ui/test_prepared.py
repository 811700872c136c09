"""People who are prepared before they are drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from studio.core.types import Armature, Character, Material, Mesh, Part, Posed
from studio.ui.prepared import Prepared


def somebody(name: str) -> Posed:
    bones = Armature(("b",), np.array([-1]), np.eye(4)[None], np.array([[0.0, 0, 1]]))
    joints, weights = np.zeros((3, 4), int), np.tile([1.0, 0, 0, 0], (3, 1))
    part = Part("skin", Mesh(np.eye(3), np.array([[0, 1, 2]])), Material("m"), joints, weights)
    return Posed(Character(name, bones, (part,)), 0.0, bones.rest_world, np.zeros(0))


class Lane:
    """Work that is done when somebody says so."""

    def __init__(self) -> None:
        self.work: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []

    def __call__(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        self.work.append((work, then))

    def do(self) -> None:
        work, then = self.work.pop(0)
        then(work())


def test_what_is_to_come_after_somebody_waits_until_they_are_drawn() -> None:
    lane, told = Lane(), list[str]()
    prepared = Prepared(lane, lambda feature, _: told.append(f"drawn {feature}"))
    prepared.after(lambda: told.append("at once"))
    assert told == ["at once"]
    ada = somebody("Ada")
    assert not prepared("head", ada)
    prepared.after(lambda: told.append("framed"))
    assert told == ["at once"]
    lane.do()
    assert told == ["at once", "drawn head", "framed"]
    assert prepared("head", ada)


def test_who_is_not_wanted_any_more_is_neither_drawn_nor_framed() -> None:
    lane, told = Lane(), list[str]()
    prepared = Prepared(lane, lambda feature, _: told.append(feature))
    prepared("head", somebody("Ada"))
    prepared.after(lambda: told.append("framed"))
    prepared.keep(())
    lane.do()
    assert told == []


def test_what_waited_for_somebody_who_was_overtaken_is_not_done_later() -> None:
    lane, told = Lane(), list[str]()
    prepared = Prepared(lane, lambda feature, _: told.append(feature))
    ada, ben, cleo = somebody("Ada"), somebody("Ben"), somebody("Cleo")
    prepared("head", ada)
    lane.do()
    prepared("head", ben)
    prepared.after(lambda: told.append("framed Ben"))
    assert prepared("head", ada), "she is known, and drawn at once"
    prepared("head", cleo)
    while lane.work:
        lane.do()
    assert told == ["head", "head"]
