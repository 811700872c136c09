"""A stage, as a project keeps it: its size, and its layers from the back to the front."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from studio.document.frozen import Frozen

Share = Annotated[float, Field(ge=0, le=1)]


class LayerBase(Frozen):
    """What every layer has. ``name`` is the user's; ``opacity`` 0 to 1."""

    name: str
    visible: bool = True
    opacity: Share = 1.0


class CameraLayer(LayerBase):
    """The camera's picture, filling the stage. ``blur`` is the width of its blur as a share of the
    stage's height; ``cut_out`` leaves only the person."""

    kind: Literal["camera"] = "camera"
    blur: Annotated[float, Field(ge=0, le=0.2)] = 0.0
    cut_out: bool = False


class AvatarLayer(LayerBase):
    """The avatar that performs: free on the stage, or over the person's face.

    ``avatar`` is an item of the project or a file; empty is the starter avatar. Free, it is seen
    from its own front: ``framing`` says how much of it, ``zoom`` enlarges, ``across`` and ``up``
    move it in shares of the stage's height. ``lit`` lights it as the face is lit.
    """

    kind: Literal["avatar"] = "avatar"
    avatar: str = ""
    place: Literal["free", "face"] = "free"
    framing: Literal["head", "bust", "body"] = "bust"
    zoom: Annotated[float, Field(ge=0.2, le=5)] = 1.0
    across: Annotated[float, Field(ge=-2, le=2)] = 0.0
    up: Annotated[float, Field(ge=-2, le=2)] = 0.0
    lit: bool = True


class PictureLayer(LayerBase):
    """A picture file that fills the stage, its alpha kept."""

    kind: Literal["picture"] = "picture"
    path: str


class ColourLayer(LayerBase):
    """One colour all over (sRGB, 0 to 255)."""

    kind: Literal["colour"] = "colour"
    rgb: tuple[int, int, int] = (0, 177, 64)


Layer = Annotated[
    CameraLayer | AvatarLayer | PictureLayer | ColourLayer, Field(discriminator="kind")
]
AnyLayer = CameraLayer | AvatarLayer | PictureLayer | ColourLayer
GREEN = (0, 177, 64)
GREY = (58, 61, 66)


class Stage(Frozen):
    """Layers from the back to the front, on a stage of ``size_px`` (width, height). Where no layer
    is, it is transparent."""

    size_px: tuple[Annotated[int, Field(ge=16, le=4096)], Annotated[int, Field(ge=16, le=4096)]] = (
        640, 480,
    )  # fmt: skip
    layers: tuple[Layer, ...] = ()

    def with_layer(self, at: int, layer: AnyLayer) -> Stage:
        """One layer replaced by another."""
        layers = list(self.layers)
        layers[at] = layer
        return self.model_copy(update={"layers": tuple(layers)})

    def moved(self, at: int, to: int) -> Stage:
        """One layer moved to another place in the order."""
        layers = list(self.layers)
        layers.insert(to, layers.pop(at))
        return self.model_copy(update={"layers": tuple(layers)})


def stage_of(
    background: str, avatar: str = "", size_px: tuple[int, int] = (640, 480)
) -> Stage:  # fmt: skip
    """The avatar before a background: ``grey``, ``green``, ``transparent``, ``camera``, ``blur``, a
    colour as ``#rrggbb``, or a picture's path; ``face`` puts it over the face in the camera's
    picture. Raises ValueError for a colour that is none."""
    behind: AnyLayer | None
    if background in ("camera", "face"):
        behind = CameraLayer(name="Camera")
    elif background == "blur":
        behind = CameraLayer(name="Camera, blurred", blur=0.03)
    elif background == "transparent":
        behind = None
    elif background in ("green", "grey"):
        behind = ColourLayer(
            name=background.capitalize(), rgb=GREEN if background == "green" else GREY
        )
    elif background.startswith("#"):
        behind = ColourLayer(name="Colour", rgb=_rgb(background))
    else:
        behind = PictureLayer(name="Picture", path=background)
    figure = AvatarLayer(
        name="Avatar", avatar=avatar, place="face" if background == "face" else "free"
    )
    return Stage(size_px=size_px, layers=(figure,) if behind is None else (behind, figure))


def _rgb(colour: str) -> tuple[int, int, int]:
    digits = colour.removeprefix("#")
    if len(digits) != 6:
        raise ValueError(f"{colour} is no colour: write #rrggbb")
    r, g, b = (int(digits[k : k + 2], 16) for k in (0, 2, 4))
    return r, g, b
