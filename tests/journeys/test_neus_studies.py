"""Which layers should be each head's own: studied, and shown on a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.journeys import neus
from studio.journeys.neus import KEPT, KINDS, PAGE, PLACES, Studied, parts, read_studies, write_page
from studio.perception.neural_heads.network import OWN


def test_there_are_no_studies_without_packs_or_a_place(tmp_path: Path) -> None:
    for data, out in ((None, tmp_path), (tmp_path, None)):
        assert "layers and ranks" not in dict(parts(data, out))
    assert "layers and ranks" in dict(parts(tmp_path, tmp_path))


def test_every_setting_is_learned_as_long_judged_and_put_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[tuple[str, int, int]] = []

    def trained(task, plan, folder, device):
        network = task.network()
        own = sum(1 for one in network.own_sets() if one is not None)
        learned.append((task._placement or "usual", own, plan.steps))
        yield from ()

    def told(network, source, number, efforts):
        own = sum(1 for one in network.own_sets() if one is not None)
        return (0.004, 0.003, 0.003 + 1e-4 * own, 0.003 - 1e-4 * own)

    monkeypatch.setattr(neus, "train", trained)
    monkeypatch.setattr(neus, "best_network", lambda task, _: task.network())
    monkeypatch.setattr(neus, "heads", lambda *_: range(4))
    monkeypatch.setattr(neus, "distances", told)
    part = dict(parts(tmp_path, tmp_path, steps=7))["layers and ranks"]
    figures = list(part())
    assert len(figures) == len(learned) == len(KINDS) + len(PLACES)
    assert {steps for _, _, steps in learned} == {7}
    assert {name for name, _, _ in learned} == set(OWN) - {"none"}
    page = (tmp_path / PAGE).read_text("utf-8")
    for name in (*KINDS, *PLACES, "own: usual"):
        assert name in page
    assert page.count("(best)") >= 2
    assert figures[0].value == "3.60; 2.40 mm"
    again = list(part())
    assert len(learned) == len(figures)
    assert [one.value for one in again] == [one.value for one in figures]
    assert read_studies(tmp_path / KEPT, 8) == ({}, 0.0)


def test_the_best_of_each_table_is_marked(tmp_path: Path) -> None:
    found = {"Kind and rank": [Studied("a", 1200, 3.0, 2.5, 2.0), Studied("b", 10, 3.0, 2.2, 2.1)]}
    path = tmp_path / PAGE
    write_page(path, found, 4.44, 400)
    text = path.read_text("utf-8")
    assert "a (best)" in text
    assert "b (best)" not in text
    assert "1,200" in text
    assert "the fit alone 4.44" in text
    assert text.count("<rect") == 2 * 3 + 3


def test_portraits_tell_how_alike_their_outlines_are_and_which_hair_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alike = {"a": [0.7, 0.95], "b": [0.6, 0.81], "c": [0.8, 0.97]}
    for name in alike:
        (tmp_path / neus.PORTRAITS).mkdir(exist_ok=True)
        (tmp_path / neus.PORTRAITS / f"{name}.png").touch()
    (tmp_path / neus.PORTRAITS / "README.txt").touch()

    class Looker:
        def __enter__(self) -> Looker:
            return self

        def __exit__(self, *_: object) -> None: ...

        def look(self, name: str, rgb: object) -> str:
            return name.removesuffix(".png")

    def learned(head: list[float], effort: object) -> list[float]:
        assert effort is neus.REAL
        return [head.pop(0)]

    monkeypatch.setattr(neus, "new_looker", Looker)
    monkeypatch.setattr(neus, "read_rgb", lambda _: None)
    monkeypatch.setattr(neus, "_begun", lambda _, looked: list(alike[looked]))
    monkeypatch.setattr(neus, "covered", lambda head: head[0])
    monkeypatch.setattr(neus, "fitted", learned)
    (figure,) = dict(parts(None, None, footage=tmp_path))["portraits and paintings"]()
    assert figure.value == "91 %; 81 %; 2 of 3"
    assert figure.goal.startswith("70 %; 60 %")
    assert figure.note == "b 81 %, a 95 %, c 97 %"
