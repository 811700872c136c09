"""Accepting a calibration: only one that no gate stops, or with a reason that stays on record."""

from __future__ import annotations

from studio.core.errors import StudioError
from studio.document.folder import Assets
from studio.document.project import Project, RigItem, TakeItem
from studio.features.calibrate.report import rejudged
from studio.media.cameras import match_cameras


def checked(rig: RigItem, reason: str = "") -> RigItem:
    """The rig, accepted. Raises StudioError naming gate, camera and remedy if one stops it and no
    ``reason`` sets it aside."""
    trust = rig.trust
    if trust is not None and trust.stopped:
        if not reason.strip():
            gate = trust.stopped[0]
            whose = f" (camera {gate.camera})" if gate.camera else ""
            raise StudioError(f"{gate.title}{whose}: {gate.text}", gate.remedy)
        trust = trust.overrule(reason)
    return rig.model_copy(update={"trust": trust, "accepted": True})


def reported(rig: RigItem, assets: Assets) -> RigItem:
    """The rig with a report that tells what is thought of it now."""
    if rig.report is None or rig.trust is None:
        return rig
    html = assets.path(rig.report).read_text("utf-8")
    return rig.model_copy(
        update={"report": assets.put(rejudged(html, rig.trust).encode(), ".html")}
    )


def accept(
    project: Project, rig_id: str, reason: str = "", assets: Assets | None = None
) -> Project:
    """The project with that calibration in use; its report, among the ``assets``, tells so.

    An older calibration of the same cameras makes way: what refers to it refers to the new one,
    and running jobs take it up. Takes of these cameras that had none get it. Raises StudioError as
    :func:`checked` does.
    """
    rig = project.get(rig_id, RigItem)
    if rig is None:
        raise StudioError("This calibration is gone.", "Undo, or calibrate again.")
    rig = checked(rig, reason)
    if assets is not None and rig.trust is not None and rig.trust.overruled is not None:
        rig = reported(rig, assets)
    before = predecessor(project, rig)
    if before is not None:
        project = project.without([rig.id])
        rig = rig.model_copy(update={"id": before.id, "name": before.name})
    project = project.with_items([rig])
    filmed = (_linked(take, rig) for take in project.all(TakeItem))
    return project.with_items([take for take in filmed if take is not None])


def predecessor(project: Project, rig: RigItem) -> RigItem | None:
    """The calibration in use of the same cameras, made here before."""
    names = {camera.name for camera in rig.cameras}
    return next(
        (
            other
            for other in reversed(project.all(RigItem))
            if other.id != rig.id and other.accepted and other.trust is not None
            and {camera.name for camera in other.cameras} == names
        ),
        None,
    )  # fmt: skip


def _linked(take: TakeItem, rig: RigItem) -> TakeItem | None:
    """The take filmed with this rig, if it had none and knows all of its own cameras there."""
    if take.rig is not None:
        return None
    names = match_cameras([c.camera for c in take.clips], [camera.name for camera in rig.cameras])
    if len(names) < len(take.clips):
        return None
    clips = tuple(c.model_copy(update={"camera": names[c.camera]}) for c in take.clips)
    return take.model_copy(update={"clips": clips, "rig": rig.id})
