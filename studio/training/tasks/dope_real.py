"""The whole-body network beside MediaPipe on real pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np

from studio.core.errors import StudioError
from studio.human.convert import convert
from studio.perception.detector import Detector, Person2D
from studio.perception.dope.detector import DopeDetector, Settings
from studio.perception.dope.finder import PoseFinder
from studio.perception.dope.network import DopeNetwork
from studio.perception.heatmaps.marker import Marker
from studio.perception.landmarkers import Landmarker
from studio.training import real
from studio.training.task import Bench, Row

LIMBS = tuple(range(5, 17))
_FACE = slice(23, 91)
_SURE, _WITHIN, _WITHIN_FACE = 0.5, 0.1, 0.1
_IN_VIEW = "how pictures are turned was chosen with them in view"
_UNTAUGHT = "weights that had learned from no real picture"
_BEFORE = {"refined": 0.5847, "plain": 0.5358}
"""What those before had of the same points."""


@dataclass(eq=False)
class Agreement:
    """How far points are from MediaPipe's, in parts of the person's height (or the face's size);
    infinite where nobody was found. ``people`` is how many there were."""

    off: list[float] = field(default_factory=list[float])
    people: int = 0
    found: int = 0

    def share(self, within: float) -> float:
        """The share of points that are near enough."""
        return float((np.array(self.off) < within).mean()) if self.off else 0.0


def limbs(
    pictures: Iterable[real.Real], mediapipe: Landmarker, looks: Mapping[str, Detector]
) -> dict[str, Agreement]:
    """Limb points beside MediaPipe's: of whoever lies nearest to the person it found."""
    out = {name: Agreement() for name in looks}
    for picture in pictures:
        for body in mediapipe.find(picture.rgb)[:1]:
            theirs = convert(
                np.column_stack([body.xy_px, body.confidence]), "mediapipe_33", "coco_133"
            )
            sure = theirs[:, 2] > _SURE
            chosen = [point for point in LIMBS if sure[point]]
            if len(chosen) < 4:
                continue
            height = max(float(np.ptp(theirs[sure, 1])), 1.0)
            for name, look in looks.items():
                look.follow(())
                told = look.detect(picture.rgb)
                _compare(out[name], told, theirs[chosen, :2], chosen, height)
    return out


def faces(pictures: Iterable[real.Real], mediapipe: Landmarker, look: Detector) -> Agreement:
    """Face points beside MediaPipe's, in parts of the face's size."""
    out = Agreement()
    for picture in pictures:
        for face in mediapipe.find(picture.rgb)[:1]:
            given = np.full((553, 3), np.nan)
            given[75:] = np.column_stack([face.xy_px, np.ones(len(face.xy_px))])
            theirs = convert(given, "whole_body", "coco_133")[_FACE]
            size = float(np.ptp(theirs[:, :2], axis=0).max())
            points = list(range(_FACE.start, _FACE.stop))
            look.follow(())
            _compare(out, look.detect(picture.rgb), theirs[:, :2], points, size)
    return out


def _compare(
    tally: Agreement, people: tuple[Person2D, ...], theirs: np.ndarray, points: list[int],
    size: float,
) -> None:  # fmt: skip
    tally.people += 1
    apart = [
        np.where(np.isfinite(off := np.linalg.norm(p.xy_px[points] - theirs, axis=1)), off, np.inf)
        for p in people
    ]
    best = min(apart, key=lambda off: float(np.median(off)), default=np.full(len(points), np.inf))
    tally.found += bool(np.median(best) < 0.5 * size)
    tally.off += (best / size).tolist()


def on_real(network: DopeNetwork, device: str, bench: Bench) -> list[Row]:
    """Rows of the card: limb points of clips and cut-outs of people whom no weights learned from,
    faces of portraits, and frames of takes that were learned from."""
    names = ("real: limb points within 10 % of the height of MediaPipe's, refined by heatmaps",
             "real: the same, as the network finds them",
             "real: face points within 10 % of the face of MediaPipe's",
             "real: limb points of frames of two takes that were learned from")  # fmt: skip
    if why := real.missing(bench):
        return [Row(name, None, note=why) for name in names]
    if len(network.kinds) < 3:
        return []
    assert bench.footage is not None
    assert bench.find is not None
    finder = PoseFinder(deepcopy(network).eval(), device)
    looks: dict[str, Detector] = {"plain": DopeDetector(finder, None, Settings(people=8))}
    try:
        marker = Marker.load(device=device)
        looks["refined"] = DopeDetector(finder, marker, Settings(people=8))
    except StudioError:
        marker = None
    pose = Landmarker("pose", bench.find("pose_landmarker_full"), 1, 0.5)
    pictures = [*real.cut_outs(bench.footage), *real.frames(bench.footage)]
    known = [picture for picture in pictures if picture.learned]
    told = limbs([p for p in pictures if not p.learned], pose, looks)
    last = list(looks)[-1]
    taught = limbs(known, pose, {last: looks[last]})[last]
    pose.close()
    mesh = Landmarker("face", bench.find("face_landmarker"), 1, 0.5)
    face = faces(real.portraits(bench.footage), mesh, looks["plain"])
    mesh.close()
    plain = told["plain"]
    rows: list[Row] = []
    if "refined" in told:
        refined = told["refined"]
        rows.append(Row(names[0], refined.share(_WITHIN),
                        baselines={_UNTAUGHT: _BEFORE["refined"]},
                        note=f"{_note(refined)}; {_IN_VIEW}"))  # fmt: skip
    rows.append(Row(names[1], plain.share(_WITHIN), baselines={_UNTAUGHT: _BEFORE["plain"]},
                    note=_note(plain)))  # fmt: skip
    rows.append(Row(names[2], face.share(_WITHIN_FACE), note=_note(face)))
    rows.append(Row(names[3], taught.share(_WITHIN), note=_note(taught)))
    return rows


def _note(tally: Agreement) -> str:
    return f"{len(tally.off)} points of {tally.people} people, {tally.found} of them found"
