"""One verdict a camera, by the person and by the still scene: moved, still, or not to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from studio.core.calibration import Gate, Verdict
from studio.core.types import Camera, CameraRig
from studio.vision.calibration.check.people import BLUNT_DEG, RigCheck, Shift
from studio.vision.calibration.check.scenery import SceneShift

ZOOM = 0.003
_REMEMBER = "Keep pictures of the empty scene with the calibration: they tell every camera."


@dataclass(frozen=True, eq=False)
class Verdicts:
    """A gate a camera and more for the rig, the cameras that moved, and the rig with those placed
    anew (None where nothing moved or nothing can be mended)."""

    gates: tuple[Gate, ...]
    moved: tuple[str, ...]
    mended: CameraRig | None

    @property
    def verdict(self) -> Verdict:
        found = {gate.verdict for gate in self.gates}
        return "stop" if "stop" in found else "look" if "look" in found else "good"


def judge_cameras(
    rig: CameraRig, people: RigCheck | None, scenes: Mapping[str, SceneShift | None]
) -> Verdicts:
    """Weigh what the person and what the still scene say. Either may be missing.

    The scene says surely whether a camera's picture moved, but not by how much its lens was
    carried; the person says how cameras stand to each other, but not always which one moved.
    """
    shifts = {} if people is None else {shift.name: shift for shift in people.moved}
    unsure = {} if people is None else {shift.name: shift for shift in people.unsure}
    known = {name: scene for name, scene in scenes.items() if scene is not None}
    doubtful = set() if people is None else _doubtful(people, known)
    gates: list[Gate] = []
    placed: dict[str, Camera] = {}
    for camera in rig.cameras:
        name, scene, shift = camera.name, known.get(camera.name), shifts.get(camera.name)
        if scene is not None and scene.moved:
            gate, new = _by_scene(camera, scene, shift, people)
            if new is not None:
                placed[name] = new
        elif scene is not None and shift is not None:
            gate = _contradiction(name, shift)
        elif shift is not None:
            gate, placed[name] = _by_person(name, shift), shift.camera
        elif name in doubtful:
            gate = _doubt(name, doubtful, "look" if name in unsure else "stop")
        elif scene is not None:
            gate = Gate(
                "still", f"Camera {name}", "good",
                f"The still scene lies within {scene.shift_px:.1f} px of where it was "
                f"({scene.matches} features).", name,
            )  # fmt: skip
        elif name in unsure:
            gate = _unsure(unsure[name])
        else:
            gate = _unmoved(name, people)
        gates.append(gate)
    moved = tuple(gate.camera for gate in gates if gate.id == "moved")
    gates += _rig_gates(rig, people, len(known), len(moved), gates)
    mended = None
    if placed and len(moved) < len(rig):
        mended = CameraRig(tuple(placed.get(camera.name, camera) for camera in rig.cameras))
    return Verdicts(tuple(gates), moved, mended)


def _doubtful(people: RigCheck, known: Mapping[str, SceneShift]) -> set[str]:
    """Of the cameras of which one has moved, those that the still scene does not acquit."""
    doubtful = set(people.doubtful)
    if any(name in known and known[name].moved for name in doubtful):
        return set()
    return doubtful - {*known} or doubtful


def _by_scene(
    camera: Camera, scene: SceneShift, shift: Shift | None, people: RigCheck | None
) -> tuple[Gate, Camera | None]:
    name, title = camera.name, f"Camera {camera.name}"
    if abs(scene.zoom) > ZOOM and scene.turn_deg < 0.03:
        return Gate(
            "zoomed", title, "stop",
            f"Camera {name} was zoomed or refocused: its focal length changed by "
            f"{100 * scene.zoom:+.1f} %.",
            name, f"Set zoom and focus of camera {name} back, or calibrate its lens again.",
        ), None  # fmt: skip
    text = (
        f"Camera {name} was moved: its picture of the still scene shifted by "
        f"{scene.shift_px:.1f} px, as by a turn of {scene.turn_deg:.2f}°."
    )
    if shift is None and people is not None and len(people.rig) > 2 and not people.moved:
        shift = next((s for s in people.shifts if s.name == name), None)
    if shift is not None and shift.centre_mm > 3 * shift.centre_sd_mm:
        text += f" Its lens went {_pm(shift.centre_mm, shift.centre_sd_mm, 0)} mm."
    elif scene.carried:
        text += " Near things moved against far ones: its lens was carried aside."
    new = None
    if not scene.carried:
        new = scene.turned(camera)
    elif shift is not None:
        new = shift.camera
    remedy = f"Place camera {name} anew, or calibrate again."
    if new is None:
        remedy = f"Calibrate again: this footage does not tell how far camera {name} was carried."
    return Gate("moved", title, "stop", text, name, remedy), new


def _by_person(name: str, shift: Shift) -> Gate:
    return Gate(
        "moved", f"Camera {name}", "stop",
        f"Camera {name} was moved: by {_pm(shift.rotation_deg, shift.rotation_sd_deg, 2)}° and "
        f"{_pm(shift.centre_mm, shift.centre_sd_mm, 0)} mm.",
        name, f"Place camera {name} anew from the others, or calibrate again.",
    )  # fmt: skip


def _contradiction(name: str, shift: Shift) -> Gate:
    return Gate(
        "wrong", f"Camera {name}", "stop",
        f"Camera {name} disagrees with the others by {shift.turn_deg:.2f}°, yet its picture of the "
        "still scene has not moved.",
        name, "Its calibration was wrong before, or its video runs out of step: check the "
        "synchronisation, then calibrate again.",
    )  # fmt: skip


def _doubt(name: str, doubtful: set[str], verdict: Verdict) -> Gate:
    others = ", ".join(sorted(doubtful - {name}))
    text = f"Camera {name} or {others} was moved; the person alone does not tell which."
    if not others:
        text = f"Camera {name} was moved: the still scenes acquit the others."
    return Gate("doubt", f"Camera {name}", verdict, text, name, "Calibrate again.")


def _unsure(shift: Shift) -> Gate:
    """A disagreement within its own error bar, or under what the footage can show."""
    turn = _pm(shift.rotation_deg, shift.rotation_sd_deg, 2)
    place = _pm(shift.centre_mm, shift.centre_sd_mm, 0)
    text = f"Whether camera {shift.name} was moved cannot be told from this footage: "
    if shift.least_deg > BLUNT_DEG:
        text += f"it shows turns over {shift.least_deg:.1f}°, and "
    text += f"the camera disagrees by {turn}° and {place} mm."
    return Gate(
        "unsure", f"Camera {shift.name}", "look", text, shift.name,
        "Let the person walk the whole floor for half a minute.",
    )  # fmt: skip


def _unmoved(name: str, people: RigCheck | None) -> Gate:
    title = f"Camera {name}"
    if people is None:
        text = f"Nothing tells whether camera {name} was moved."
        return Gate("unseen", title, "look", text, name, "Show a person to three cameras or more.")
    least = next(shift.least_deg for shift in people.shifts if shift.name == name)
    if len(people.rig) == 2:
        return Gate(
            "unseen", title, "look",
            f"Camera {name} agrees with the other, but both can move unseen along the line between "
            "them, or together.", name,
        )  # fmt: skip
    if least > BLUNT_DEG:
        return Gate(
            "unseen", title, "look",
            f"No turn of camera {name} was found, but only one over {least:.1f}° would surely have "
            "been.",
            name, "Let the person walk the whole floor for half a minute.",
        )  # fmt: skip
    return Gate(
        "still", title, "good",
        f"Camera {name} agrees with the others; a turn over {least:.1f}° would surely have been "
        "seen.", name,
    )  # fmt: skip


def _rig_gates(
    rig: CameraRig, people: RigCheck | None, scenes: int, moved: int, gates: list[Gate]
) -> list[Gate]:
    found: list[Gate] = []
    if people is not None and people.late_ms:
        name = max(people.late_ms, key=lambda n: abs(people.late_ms[n]))
        late = people.late_ms[name]
        found.append(Gate(
            "step", "Cameras in step", "look",
            f"Camera {name} runs {abs(late):.0f} ms {'late' if late > 0 else 'early'}.", name,
            "Synchronise the videos.",
        ))  # fmt: skip
    if moved == len(rig):
        found.append(Gate(
            "many", "All cameras", "stop", "Every camera's picture of the still scene has moved.",
            remedy="Were the reference pictures taken with another set-up? Calibrate again.",
        ))  # fmt: skip
    if not scenes and any(gate.id in ("unseen", "unsure", "doubt") for gate in gates):
        found.append(Gate(
            "reference", "Still scene", "plain", "There is no picture of the scene of then to "
            "compare with.", remedy=_REMEMBER,
        ))  # fmt: skip
    return found


def _pm(value: float, sd: float, digits: int) -> str:
    return f"{value:.{digits}f} ± {sd:.{digits}f}"
