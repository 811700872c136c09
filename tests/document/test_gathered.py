"""Tests that several cameras fail alike are told once."""

from __future__ import annotations

from studio.document.gathered import gathered
from studio.document.trust import GateMark


def gate(camera: str, text: str, remedy: str = "", **more: str) -> GateMark:
    told = {"id": "coverage", "title": "Coverage", "verdict": "stop", **more}
    return GateMark.model_validate({**told, "text": text, "camera": camera, "remedy": remedy})


def covered(number: int, share: int, **more: str) -> GateMark:
    text = f"The target covered {share} % of the picture of camera {number}."
    return gate(f"cam{number}", text, f"Carry it about before camera {number}.", **more)


def test_cameras_that_fail_alike_are_one_entry_with_ranges() -> None:
    gates = [covered(n, share) for n, share in ((1, 12), (2, 10), (3, 15), (4, 11))]
    (entry,) = gathered(gates)
    assert entry.mark.text == "The target covered 10–15 % of the picture of cameras 1–4."
    assert entry.mark.remedy == "Carry it about before cameras 1–4."
    assert entry.details == tuple(one.text for one in gates)


def test_what_differs_in_more_than_figures_stays_apart() -> None:
    gates = [covered(1, 12), covered(2, 10, verdict="look"), covered(3, 9, id="tilts")]
    gates += [gate("cam4", "Camera 4 was moved at 0:03.2."), gate("cam5", "Camera 5 is off.")]
    assert [entry.mark for entry in gathered(gates)] == gates
    assert not any(entry.details for entry in gathered(gates))


def test_other_cameras_and_signed_figures_are_never_ranged() -> None:
    pairs = [gate("cam1", "Camera 1 saw camera 2."), gate("cam3", "Camera 3 saw camera 4.")]
    assert len(gathered(pairs)) == 2
    signed = [gate("cam1", "Camera 1 is +3 px off."), gate("cam2", "Camera 2 is -3 px off.")]
    assert len(gathered(signed)) == 2


def test_names_and_gaps_are_spoken_and_the_verb_agrees() -> None:
    named = [gate(name, f"Camera {name} is out at 2 m.") for name in ("left", "far right")]
    assert gathered(named)[0].mark.text == "Cameras left and far right are out at 2 m."
    gaps = gathered([covered(n, 12) for n in (1, 4, 2)])
    assert gaps[0].mark.text == "The target covered 12 % of the picture of cameras 1, 2 and 4."
