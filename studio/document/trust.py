"""What a calibration is worth, as kept with its rig: errors, gates, error bars, who overrode what.

Figures that are not known are None, never NaN: NaN is not equal to itself and JSON lacks it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime

from studio.core.calibration import Dropped, Gate, Solution, Spread, Verdict
from studio.document.frozen import Frozen
from studio.vision.calibration.trust.uncertainty import Bar

Three = tuple[float | None, float | None, float | None]


class GateMark(Frozen):
    """One named test and what came of it (see :class:`studio.core.calibration.Gate`)."""

    id: str
    title: str
    verdict: Verdict
    text: str
    camera: str = ""
    remedy: str = ""

    @classmethod
    def of(cls, gate: Gate) -> GateMark:
        return cls(
            id=gate.id, title=gate.title, verdict=gate.verdict, text=gate.text,
            camera=gate.camera, remedy=gate.remedy,
        )  # fmt: skip


class CameraTrust(Frozen):
    """One camera's errors, and one standard deviation of what was solved for it (None: held)."""

    camera: str
    rmse_px: float | None = None
    held_out_px: float | None = None
    centre_mm: Three = (None, None, None)
    rotation_deg: Three = (None, None, None)
    focal_px: tuple[float | None, float | None] = (None, None)
    principal_px: tuple[float | None, float | None] = (None, None)
    refined: bool = False


class ErrorBar(Frozen):
    """How far off a point of the volume may lie (one standard deviation, largest axis).

    ``rig_mm`` is the share of it that is due to the calibration, not to the points' own noise.
    """

    place: str
    xyz_m: tuple[float, float, float]
    mm: float | None
    rig_mm: float | None = None
    cameras: int = 0

    @classmethod
    def of(cls, bar: Bar) -> ErrorBar:
        x, y, z = bar.xyz_m.tolist()
        return cls(
            place=bar.place, xyz_m=(x, y, z), mm=known(bar.mm), rig_mm=known(bar.rig_mm),
            cameras=bar.cameras,
        )  # fmt: skip


class LeftOut(Frozen):
    """A view, or with ``camera`` empty a moment, that the solution does without, and why."""

    moment: int
    camera: str
    reason: str
    off_px: float | None = None
    frame: int = -1

    @classmethod
    def of(cls, dropped: Dropped) -> LeftOut:
        return cls(
            moment=dropped.moment, camera=dropped.camera, reason=dropped.reason,
            off_px=known(dropped.off_px), frame=dropped.frame,
        )  # fmt: skip


class Overruled(Frozen):
    """Gates that somebody set aside: which, why, when. It stays with the rig."""

    gates: tuple[str, ...]
    reason: str
    when: str


class Trust(Frozen):
    """What a calibration is worth. ``when`` is ISO 8601, UTC; ``target`` the board as specified."""

    rmse_px: float | None = None
    held_out_px: float | None = None
    held_out_mm: float | None = None
    bias_mm: float | None = None
    bias_share: float | None = None
    cameras: tuple[CameraTrust, ...] = ()
    gates: tuple[GateMark, ...] = ()
    bars: tuple[ErrorBar, ...] = ()
    dropped: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    target: str = ""
    views: int = 0
    moments: int = 0
    when: str = ""
    overruled: Overruled | None = None
    since: tuple[str, ...] = ()
    """What was done with it after it was solved."""

    @classmethod
    def of(
        cls,
        solution: Solution,
        gates: Iterable[Gate] = (),
        bars: Iterable[Bar] = (),
        target: str = "",
    ) -> Trust:
        """What a solution is worth, now."""
        held = solution.held_out
        return cls(
            rmse_px=known(solution.rmse_px),
            held_out_px=known(held.px),
            held_out_mm=known(held.mm),
            bias_mm=known(held.bias_mm),
            bias_share=known(held.bias_share),
            cameras=tuple(
                _camera(name, solution, solution.spread.get(name)) for name in solution.rig.names
            ),
            gates=tuple(GateMark.of(gate) for gate in gates),
            bars=tuple(ErrorBar.of(bar) for bar in bars),
            dropped=tuple(LeftOut.of(dropped) for dropped in solution.dropped),
            notes=(*solution.notes, *solution.alternatives),
            target=target or solution.target.name,
            views=len(solution.views),
            moments=len({view.moment for view in solution.views}),
            when=now(),
        )

    @property
    def stopped(self) -> tuple[GateMark, ...]:
        """The gates that block acceptance."""
        return tuple(gate for gate in self.gates if gate.verdict == "stop")

    def overrule(self, reason: str) -> Trust:
        """The same, with the gates that block it set aside on record."""
        gates = tuple(dict.fromkeys(gate.id for gate in self.stopped))
        record = Overruled(gates=gates, reason=reason.strip(), when=now())
        return self.model_copy(update={"overruled": record})


def known(value: float) -> float | None:
    """The number, or None if it is not finite."""
    return float(value) if math.isfinite(value) else None


def now() -> str:
    """This moment, ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _camera(name: str, solution: Solution, spread: Spread | None) -> CameraTrust:
    errors: dict[str, object] = {
        "camera": name,
        "rmse_px": known(solution.camera_rmse_px.get(name, math.nan)),
        "held_out_px": known(solution.held_out.camera_px.get(name, math.nan)),
        "refined": name in solution.refined,
    }
    if spread is not None:
        for part in ("centre_mm", "rotation_deg", "focal_px", "principal_px"):
            errors[part] = tuple(known(value) for value in getattr(spread, part).tolist())
    return CameraTrust.model_validate(errors)
