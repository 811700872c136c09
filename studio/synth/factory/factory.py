"""The factory itself: shot n of a recipe, the same on every run and machine."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

import numpy as np

from studio.core.closing import Closing
from studio.core.errors import StudioError
from studio.core.types import Camera
from studio.synth.factory.eye import random_eye
from studio.synth.factory.people import Member, make_member
from studio.synth.factory.places.place import Place, make_place
from studio.synth.factory.points import in_picture, see
from studio.synth.factory.recipe import MapName, Recipe, find_recipe
from studio.synth.factory.regions import region
from studio.synth.factory.scene import Acting, Moment, make_moment
from studio.synth.factory.shot import PersonTruth, Shot
from studio.synth.factory.stage import Filmed, Stage
from studio.synth.factory.streams import Split, check_split, stream

KEPT_BLOCKS = 2
"""How many blocks' casts are kept: shots are best asked for in their order."""
_KEPT_MOMENTS = 2
_FIELDS: dict[MapName, tuple[str, ...]] = {
    "parts": ("parts",), "instances": ("instances",), "uv": ("uv",), "depth": ("depth_m",),
    "normal": ("normal",), "xyz": ("xyz_m",), "item": ("item", "item_depth_m", "occlusion"),
}  # fmt: skip


class Factory(Closing):
    """Makes the shots of a recipe. A context manager, to be used on one thread.

    Shot ``number`` depends on the recipe, the split, the seed and the number alone. A factory that
    has not made a shot yet can be pickled and sent to another process; each process draws for
    itself. Raises StudioError for a recipe or a split that does not exist, or without OpenGL.
    """

    def __init__(self, recipe: Recipe | str, split: Split = "train", seed: int = 0) -> None:
        self.recipe = find_recipe(recipe) if isinstance(recipe, str) else recipe
        self.split: Split = check_split(split)
        self.seed = int(seed)
        self._stage: Stage | None = None
        self._members: OrderedDict[tuple[int, int], Member] = OrderedDict()
        self._places: OrderedDict[tuple[int, int], Place] = OrderedDict()
        self._moments: OrderedDict[int, Moment] = OrderedDict()

    def __reduce__(self) -> tuple[type[Factory], tuple[Recipe, Split, int]]:
        return Factory, (self.recipe, self.split, self.seed)

    def close(self) -> None:
        """Free the renderer. The next shot makes a new one."""
        if self._stage is not None:
            self._stage.close()
            self._stage = None

    def shot(self, number: int) -> Shot:
        """The shot of that number (0, 1 ...)."""
        if number < 0:
            raise StudioError(f"There is no shot {number}.", "Shots are counted from 0.")
        which, view = divmod(number, self.recipe.views)
        moment = self.acted(which)
        camera = moment.rig.cameras[view]
        rng = stream("sensor", self.recipe.version, self.seed, self.split, number)
        filmed = self._opened().film(
            moment, camera, random_eye(rng, self.recipe.size_px[0] / 256), rng
        )
        wanted = [f for name in self.recipe.maps for f in _FIELDS.get(name, ())]
        return Shot(
            number,
            which,
            moment.framings[view],
            moment.place,
            filmed.rgb,
            camera,
            moment.rig,
            tuple(
                self._truth(k, person, camera, filmed)
                for k, person in enumerate(moment.people, start=1)
            ),
            **{name: getattr(filmed, name) for name in wanted},
        )

    def moment(self, which: int) -> tuple[Shot, ...]:
        """All views of a moment: what the cameras of a rig see at once."""
        first = which * self.recipe.views
        return tuple(self.shot(first + view) for view in range(self.recipe.views))

    def _opened(self) -> Stage:
        if self._stage is None:
            self._stage = Stage(self.recipe.size_px, lenses=self.recipe.rig)
        return self._stage

    def acted(self, which: int) -> Moment:
        """A moment before it is filmed: who acts how, where, and the cameras. Draws nothing."""
        found = self._moments.pop(which, None)
        if found is None:
            recipe = self.recipe
            block = which * recipe.views // recipe.block
            rng = stream("moment", recipe.name, recipe.version, self.seed, self.split, which)
            place = self._place(block, int(rng.integers(recipe.places)))
            found = make_moment(recipe, self.split, partial(self._member, block), place, rng)
        self._moments[which] = found
        while len(self._moments) > _KEPT_MOMENTS:
            self._moments.popitem(last=False)
        return found

    def _member(self, block: int, k: int) -> Member:
        found = self._members.pop((block, k), None)
        if found is None:
            bare = self.recipe.bare if self.split == "train" else 0.0
            found = make_member(self.seed, self.split, block, k, self.recipe.version, bare)
        self._members[block, k] = found
        while len(self._members) > KEPT_BLOCKS * self.recipe.cast:
            self._members.popitem(last=False)
        return found

    def _place(self, block: int, k: int) -> Place:
        found = self._places.pop((block, k), None)
        if found is None:
            found = make_place(self.seed, self.split, block, k, self.recipe.version)
        self._places[block, k] = found
        while len(self._places) > KEPT_BLOCKS * self.recipe.places:
            self._places.popitem(last=False)
        return found

    def _truth(self, number: int, person: Acting, camera: Camera, filmed: Filmed) -> PersonTruth:
        vertices, bones = person.posed.vertices_m, person.posed.bones_world
        points = {
            name: see(name, vertices, bones, camera, filmed.depth_m)
            for name in self.recipe.layouts
        }  # fmt: skip
        return PersonTruth(
            number,
            person.member.identity,
            person.motion,
            points,
            boxes(vertices, camera),
            person.member.phenotype,
            bones.astype(np.float32),
            person.actions,
            {**person.member.looks, "face": person.face, "holds": person.holds},
        )


def boxes(vertices_m: np.ndarray, camera: Camera) -> dict[str, np.ndarray]:
    """The boxes of a person and their parts in a picture (see :class:`PersonTruth`)."""
    out: dict[str, np.ndarray] = {}
    for name in ("body", "face", "left_hand", "right_hand", "left_foot", "right_foot"):
        at = in_picture(camera, vertices_m[region(name)])
        behind = np.isnan(at).any()
        out[name] = (
            np.full(4, np.nan) if behind else np.concatenate([at.min(axis=0), at.max(axis=0)])
        )
    return out
