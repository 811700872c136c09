"""A fitted head against a scan of the same person, as the frontal photograph has its expression."""

from __future__ import annotations

from studio.core.types import Mesh
from studio.features.head.fitting import Fitting, sized
from studio.features.head.params import Params
from studio.human.heads.carving import carve
from studio.render.scene import vertex_normals
from studio.synth.heads.bust import bust
from studio.synth.heads.scanned import Measured, Scan, compared
from studio.synth.heads.seen import frontal_of


def measured(fitting: Fitting, params: Params, scan: Scan) -> Measured:
    """How far the head's bust is off the scan. Its size is what the params say, or else the
    scan's."""
    return error_map(fitting, params, scan)[0]


def error_map(fitting: Fitting, params: Params, scan: Scan) -> tuple[Measured, Mesh]:
    """The same, and the bust in its colours (metres, Z up)."""
    head, portraits = fitting.head, fitting.portraits
    scale = sized(params, head, portraits, scan.pupils_m)
    view = head.views[frontal_of(head.views)]
    carved = carve(head, portraits)
    skin = scale * bust().of(head.values, carved, head.neck).acted(view.actions)
    normals = vertex_normals(skin, bust().faces)
    found = compared(skin, normals, scale * (head.acted(view) + carved), scan)
    return found, Mesh(skin, bust().faces, None, found.colours())
