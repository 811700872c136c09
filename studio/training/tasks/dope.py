"""Training of the whole-body network: part experts, and the student that learns from them.

Source: US 11494932, "Distillation of part experts for whole-body pose estimation".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from studio.human.convert import conversion
from studio.perception.dope.kinds import KINDS, find_kind, in_order, more_layouts, placed_in
from studio.perception.dope.network import DopeNetwork, Poses
from studio.perception.heatmaps.network import POINTS as HEATMAPS
from studio.perception.own import read, take_over, unpack
from studio.training import checkpoint
from studio.training.feed import batches_once
from studio.training.labelled import made_up, told_of, with_whole_labels
from studio.training.muon import Muon
from studio.training.people import WHOLE, people
from studio.training.surroundings import Places
from studio.training.task import Batch, Bench, Row, Source, Split
from studio.training.tasks import dope_pictures, dope_targets, dope_teach
from studio.training.tasks.dope_targets import Parts

_PROPOSED = {"body": 3, "hand": 4, "face": 3}
_JITTERED = {"body": 3, "hand": 4, "face": 3}
_FEW = 4
_VALIDATED, _TESTED = 64, 256
PLAIN = "dope_plain"
"""A run beside the experts that learned without them: the student is compared with it."""
_REGIONS, _BOXES = 1.0, 1.0
_HEAD = {"class": 1.0, "pose": 0.5, "marks": 0.15, "seen": 0.3}
_TAUGHT_CLASS, _TAUGHT_POSE = 1.0, 0.5


class DopeTask:
    """Bodies, hands and faces of several people, in 2D and 3D.

    Scored by the share of body points within half a head of the truth, minus what hands and faces
    are off, half of it at home and half away; see :meth:`validate`.
    """

    name = "dope"
    does = "Find bodies, hands and faces in pictures, in 2D and 3D"
    score = "score of both"
    better: Literal["higher", "lower"] = "higher"
    kinds: tuple[str, ...] = tuple(KINDS)

    def __init__(
        self, data: str | None = None, trunk: str | None = None, experts: str | None = None,
        annotated: str = "all", width: int = dope_pictures.SIZE_PX[1],
        labels: str | None = None, share: float = 0.2,
    ):  # fmt: skip
        """``data`` is a folder of packs, else pictures come live from the factory; ``trunk`` a file
        of weights to start from (heatmaps, or a network of this task); ``experts`` a folder with
        the runs ``dope_body``, ``dope_hand`` and ``dope_face`` to learn from. ``annotated``: "all",
        or "one": each picture then has the truth of one kind of part only, as where every part has
        a data set of its own; experts complete it. ``width`` of the pictures that are learned
        from, three quarters as high: a run may begin with small ones and go on with larger.
        ``labels`` is a folder of pictures in which people are marked, by hand or by MediaPipe,
        which make up ``share`` of what is learned from: 2D alone."""
        height = -(-(width * 3 // 4) // 32) * 32
        self._size = height, width
        self._data = Path(data) if data else None
        self._labels, self._share = Path(labels) if labels else None, share
        self._trunk, self._annotated = trunk, annotated
        self._folder = Path(experts) if experts else None
        self._places = Places(self._data)
        self._experts: dict[str, DopeNetwork] | None = None

    @property
    def more(self) -> tuple[str, ...]:
        """The layouts that its kinds need besides dope_139."""
        return more_layouts(map(find_kind, self.kinds))

    def network(self) -> DopeNetwork:
        network = DopeNetwork(in_order(self.kinds))
        if self._trunk is not None:
            begin(network, Path(self._trunk))
        return network

    def optimiser(self, network: nn.Module, decay: float) -> torch.optim.Optimizer:
        assert isinstance(network, DopeNetwork)
        return Muon(network, network.outputs(), decay)

    def data(self, split: Split, seed: int) -> Source:
        source = people(self._data, split, seed, WHOLE)
        if split == "train" and self._labels is not None:
            return with_whole_labels(source, self._labels, self._share, seed)
        return source

    def prepare(self, batch: Batch, dice: torch.Generator) -> Batch:
        seen = dope_pictures.varied(batch, dice, self._places, self._size, self.more)
        height, width = seen.rgb.shape[2:]
        told: Batch = {"rgb": seen.rgb}
        which = torch.randint(len(self.kinds), (len(seen.rgb),), generator=dice, device=dice.device)
        taught = self._taught(seen.rgb)
        for place, name in enumerate(self.kinds):
            kind = placed_in(find_kind(name), self.more)
            parts = dope_targets.parts_of(kind, seen.xy_px, seen.seen, seen.xyz_m, height, width)
            if self._annotated == "one" and len(self.kinds) > 1:
                mine = which == place
                parts = parts.only(mine)
                if taught is not None:
                    parts = parts.joined(taught[name].pseudo.only(~mine))
            told |= parts.packed(name)
            boxes = [dope_targets.jittered(parts, dice, _JITTERED.get(name, _FEW))]
            if taught is not None:
                boxes.append(taught[name].boxes_px)
                told |= taught[name].packed(name)
            told[f"{name} boxes"] = torch.cat(boxes, 1)
        return told

    def _taught(self, rgb: torch.Tensor) -> dict[str, dope_teach.Taught] | None:
        if self._folder is None:
            return None
        if self._experts is None:
            self._experts = dope_teach.load_experts(self._folder, self.kinds, str(rgb.device))
        return dope_teach.teach(self._experts, rgb)

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        rgb = batch["rgb"].contiguous(memory_format=torch.channels_last)
        given = {name: batch[f"{name} boxes"] for name in self.kinds}
        bare = getattr(network, "module", network)
        assert isinstance(bare, DopeNetwork)
        found = network(rgb, {name: _PROPOSED.get(name, _FEW) for name in bare.kinds}, given)
        total: dict[str, torch.Tensor] = {}

        def add(name: str, value: torch.Tensor, weight: float) -> None:
            total[name] = total.get(name, torch.zeros((), device=rgb.device)) + weight * value

        for name in self.kinds:
            kind, branch, parts = find_kind(name), bare.branch(name), Parts.unpacked(name, batch)
            entropy, boxes = dope_targets.region_losses(found.regions[name], parts)
            add("regions", entropy, _REGIONS)
            add("boxes", boxes, _BOXES)
            poses = found.poses[name]
            head = dope_targets.head_losses(kind, branch, poses, parts)
            for what, weight in _HEAD.items():
                add(what, head[what], weight)
            if f"{name} taught boxes" in batch:
                taught = dope_teach.Taught.unpacked(name, batch, parts)
                end = given[name].shape[1]
                theirs = slice(end - taught.boxes_px.shape[1], end)
                mine = Poses(*(value[:, theirs] for value in vars(poses).values()))
                like, same = dope_teach.distillation(kind, branch, mine, parts, taught)
                add("taught class", like, _TAUGHT_CLASS)
                add("taught pose", same, _TAUGHT_POSE)
        return total

    def validate(self, network: nn.Module, device: str) -> Mapping[str, float]:
        from studio.training.tasks.dope_figures import quick

        assert isinstance(network, DopeNetwork)
        return quick(network, self.data("validation", 0), _VALIDATED, device, self.score)

    def evaluate(self, network: nn.Module, device: str, bench: Bench) -> list[Row]:
        from studio.training.tasks.dope_figures import table

        assert isinstance(network, DopeNetwork)
        others: dict[str, dict[str, DopeNetwork]] = {}
        if self._folder is not None:
            others["its experts"] = dope_teach.load_experts(self._folder, self.kinds, device)
            if (alone := self._folder / PLAIN / checkpoint.BEST).is_file():
                plain = unpack(DopeNetwork(), alone)
                assert isinstance(plain, DopeNetwork)
                others["without distillation"] = dict.fromkeys(self.kinds, plain)
        return table(network, device, self.data("test", 0), _TESTED, bench, others)

    def sample_pictures(self, network: nn.Module, device: str) -> np.ndarray:
        from studio.training.tasks.dope_figures import drawn

        assert isinstance(network, DopeNetwork)
        batch = next(batches_once(self.data("validation", 0), 6, 6))
        return np.hstack(drawn(network, dope_pictures.plain(batch).rgb, device))

    def facts(self) -> Mapping[str, Any]:
        return {
            "inputs": "RGB, 0..1, sides that 32 divides; people 30 to 220 px high",
            "outputs": "regions of bodies, hands and faces; in each, anchor poses (body 13, hand "
            "21, face 84 points) with the way from them to the pose in 2D and 3D",
            "data": self._places.told(made_up(self._labels)) + told_of(self._labels),
            "experts": "dope_body, dope_hand, dope_face" if self._folder else "none",
        }


class BodyExpert(DopeTask):
    """Bodies only."""

    name, kinds = "dope_body", ("body",)
    does = "Expert of bodies, from which dope learns"


class HandExpert(DopeTask):
    """Hands only, left and right."""

    name, kinds = "dope_hand", ("hand",)
    does = "Expert of hands, from which dope learns"


class FaceExpert(DopeTask):
    """Faces only."""

    name, kinds = "dope_face", ("face",)
    does = "Expert of faces, from which dope learns"


def begin(network: DopeNetwork, path: Path) -> None:
    """Take over what another network's weights have of the same name and shape: its trunk and
    decoder, or all."""
    own, known = network.state_dict(), read(path)
    if "head.weight" in known and len(known["head.weight"]) == HEATMAPS:
        known |= _marks_of(network, known["head.weight"], known["head.bias"])
    for name in ("proposer.told.weight", "proposer.told.bias"):
        if name in known and len(known[name]) == 5 * len(KINDS):  # of all of ours
            mine = own[name].clone()
            for place, kind in enumerate(network.kinds):
                if kind in KINDS:
                    there = 5 * list(KINDS).index(kind)
                    rows = known[name][there : there + 5]
                    mine[5 * place : 5 * place + 5] = rows.to(mine.dtype)
            known[name] = mine
    take_over(network, known)


def _marks_of(
    network: DopeNetwork, weight: torch.Tensor, bias: torch.Tensor
) -> dict[str, torch.Tensor]:
    """The heatmap network's maps of coco_133 as those of each kind's points."""
    out: dict[str, torch.Tensor] = {}
    for name, kind in network.kinds.items():
        way = torch.from_numpy(np.nan_to_num(conversion("coco_133", kind.layout))).float()
        slots = kind.slots if len(kind.slots) == kind.families else kind.slots * kind.families
        rows = way[[point for slot in slots for point in slot]]
        out[f"branches.{name}.marks.weight"] = torch.einsum("pq,qcij->pcij", rows, weight.float())
        out[f"branches.{name}.marks.bias"] = rows @ bias.float()
    return out
