"""USD: a skinned, animated character with blend shapes (UsdSkel), in metres.

``.usdz`` packs the textures with it, ``.usdc`` puts them beside it. USD states its up axis and
unit, so Blender, Unreal, Houdini and Quick Look place it right by themselves. Names that USD
cannot spell are changed; the person's own names are kept as custom data.
"""

from __future__ import annotations

import re
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from studio.core import frames
from studio.core.errors import StudioError
from studio.core.types import Character, Material, Part
from studio.media.formats.gltf.drawn import STILL_M, influences, vertex_normals
from studio.media.formats.obj import encoded_png
from studio.media.formats.rights import Rights
from studio.media.formats.trs import check, continuous, in_frame, local_matrices, split
from studio.media.formats.whole import whole

Gf, Sdf, Usd, UsdGeom, UsdShade, UsdSkel, UsdUtils, Vt = (  # pxr has no types
    cast(Any, import_module(f"pxr.{name}"))
    for name in ("Gf", "Sdf", "Usd", "UsdGeom", "UsdShade", "UsdSkel", "UsdUtils", "Vt")
)


def write_usd(
    path: Path,
    character: Character,
    *,
    up: Literal["y", "z"] = "z",
    animation: bool = True,
    morphs: bool = True,
    rights: Rights | None = None,
) -> None:
    """Write a character as .usdc, .usda or .usdz (by the suffix). Raises StudioError."""
    check(character)
    if path.suffix not in (".usdc", ".usda", ".usdz"):
        raise StudioError(f"“{path.suffix}” is not a USD suffix.", "Use .usdc, .usda or .usdz.")
    with tempfile.TemporaryDirectory() as folder:
        packed = path.suffix == ".usdz"
        layer = Path(folder) / (f"{_word(path.stem)}.usdc" if packed else path.name)
        pictures = Path(folder) if packed else path.parent
        with _stage(layer, up, rights or Rights(), character.name) as stage:
            _fill(stage, character, pictures, _word(path.stem), up, animation, morphs)
        with whole(path) as temp:
            if packed:
                if not UsdUtils.CreateNewUsdzPackage(str(layer), str(temp)):
                    raise StudioError(f"“{path.name}” could not be packed.", "Export .usdc.")
            else:
                temp.write_bytes(layer.read_bytes())


class _stage:
    """A USD stage that is saved and let go of at the end of a ``with`` block."""

    def __init__(self, path: Path, up: str, rights: Rights, name: str) -> None:
        self.stage: Any = Usd.Stage.CreateNew(str(path))
        UsdGeom.SetStageUpAxis(self.stage, up.upper())
        UsdGeom.SetStageMetersPerUnit(self.stage, 1.0)
        self.stage.GetRootLayer().comment = rights.copyright
        note = {key: value if isinstance(value, str | bool) else ", ".join(value)
                for key, value in rights.note().items()}  # fmt: skip
        self.stage.GetRootLayer().customLayerData = {"rights": note, "name": name}

    def __enter__(self) -> Any:
        return self.stage

    def __exit__(self, *_: object) -> None:
        self.stage.GetRootLayer().Save()
        self.stage = None


def _fill(
    stage: Any, character: Character, pictures: Path, stem: str, up: Literal["y", "z"],
    animation: bool, morphs: bool,
) -> None:  # fmt: skip
    root = UsdSkel.Root.Define(stage, f"/{_word(character.name)}")
    stage.SetDefaultPrim(root.GetPrim())
    base = str(root.GetPath())
    armature = character.armature
    rest, posed = in_frame(armature, character.animation if animation else None, up)
    skeleton: Any = None
    if armature.names:
        skeleton = UsdSkel.Skeleton.Define(stage, f"{base}/Skeleton")
        joints = _joint_paths(character)
        skeleton.CreateJointsAttr(joints)
        skeleton.CreateJointNamesAttr(list(armature.names))
        row_major = [Gf.Matrix4d(matrix.T.tolist()) for matrix in rest]
        skeleton.CreateBindTransformsAttr(Vt.Matrix4dArray(row_major))
        local = local_matrices(armature.parents, rest)
        skeleton.CreateRestTransformsAttr(
            Vt.Matrix4dArray([Gf.Matrix4d(matrix.T.tolist()) for matrix in local])
        )
    shapes: dict[str, None] = {}
    materials: dict[int, Any] = {}
    for number, part in enumerate(character.parts):
        if not len(part.mesh.faces):
            continue
        mesh = UsdGeom.Mesh.Define(stage, f"{base}/{_word(part.name)}_{number}")
        targets = {
            name: offset
            for name, offset in (part.morphs if morphs else {}).items()
            if np.abs(offset).max(initial=0) > STILL_M
        }
        shapes |= dict.fromkeys(targets)
        _mesh(mesh, part, up)
        _bind(stage, mesh, part, skeleton, targets, up)
        if id(part.material) not in materials:
            place = f"{base}/Materials/{_word(part.material.name)}_{len(materials)}"
            materials[id(part.material)] = _material(stage, place, part.material, pictures, stem)
        UsdShade.MaterialBindingAPI.Apply(mesh.GetPrim()).Bind(materials[id(part.material)])
    if skeleton is None or posed is None or character.animation is None:
        return
    take = UsdSkel.Animation.Define(stage, f"{base}/Skeleton/Animation")
    take.CreateJointsAttr(_joint_paths(character))
    moves, turns, scales = split(local_matrices(armature.parents, posed))
    turns = continuous(turns)[..., [3, 0, 1, 2]]
    times = character.animation.times_s - character.animation.times_s[0]
    rate = round(float(1 / np.median(np.diff(times))), 3) if len(times) > 1 else 30.0
    stage.SetTimeCodesPerSecond(rate)
    stage.SetFramesPerSecond(rate)
    column = {name: k for k, name in enumerate(character.morph_names)}
    names = [name for name in shapes if column.get(name, 1 << 30) < _width(character)]
    take.CreateBlendShapesAttr([_word(name) for name in names])
    weights = character.animation.morphs[:, [column[name] for name in names]]
    attributes = [take.CreateTranslationsAttr(), take.CreateRotationsAttr(),
                  take.CreateScalesAttr(), take.CreateBlendShapeWeightsAttr()]  # fmt: skip
    for k, time_s in enumerate(times):
        values = [
            Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(moves[k], np.float32)),
            Vt.QuatfArray([Gf.Quatf(*map(float, q)) for q in turns[k]]),
            Vt.Vec3hArray.FromNumpy(np.ascontiguousarray(scales[k], np.float16)),
            Vt.FloatArray.FromNumpy(np.ascontiguousarray(weights[k], np.float32)),
        ]
        for attribute, value in zip(attributes, values, strict=True):
            attribute.Set(value, float(time_s * rate))
    stage.SetStartTimeCode(0.0)
    stage.SetEndTimeCode(float(times[-1] * rate))
    binding = UsdSkel.BindingAPI.Apply(skeleton.GetPrim())
    binding.CreateAnimationSourceRel().SetTargets([Sdf.Path(str(take.GetPath()))])


def _width(character: Character) -> int:
    return 0 if character.animation is None else character.animation.morphs.shape[1]


def _mesh(mesh: Any, part: Part, up: Literal["y", "z"]) -> None:
    points = frames.points_from_world(part.mesh.vertices_m, up).astype(np.float32)
    normals = frames.points_from_world(vertex_normals(part.mesh), up).astype(np.float32)
    mesh.CreatePointsAttr(Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(points)))
    mesh.CreateExtentAttr(Vt.Vec3fArray.FromNumpy(np.stack([points.min(0), points.max(0)])))
    mesh.CreateNormalsAttr(Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(normals)))
    mesh.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
    mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    mesh.CreateFaceVertexCountsAttr(Vt.IntArray.FromNumpy(np.full(len(part.mesh.faces), 3, "i4")))
    corners = np.ascontiguousarray(part.mesh.faces.reshape(-1), np.int32)
    mesh.CreateFaceVertexIndicesAttr(Vt.IntArray.FromNumpy(corners))
    primvars = UsdGeom.PrimvarsAPI(mesh)
    if part.mesh.uv is not None:
        kind = Sdf.ValueTypeNames.TexCoord2fArray
        st = primvars.CreatePrimvar("st", kind, UsdGeom.Tokens.faceVarying)
        st.Set(Vt.Vec2fArray.FromNumpy(part.mesh.uv.reshape(-1, 2).astype(np.float32)))
    if part.mesh.colours is not None:
        colour = mesh.CreateDisplayColorPrimvar(UsdGeom.Tokens.vertex)
        linear = (part.mesh.colours / 255.0) ** 2.2
        colour.Set(Vt.Vec3fArray.FromNumpy(linear.astype(np.float32)))


def _bind(
    stage: Any, mesh: Any, part: Part, skeleton: Any, targets: dict[str, np.ndarray],
    up: Literal["y", "z"],
) -> None:  # fmt: skip
    """Weights and blend shapes; each shape keeps only the vertices it moves."""
    if skeleton is None:
        return
    binding = UsdSkel.BindingAPI.Apply(mesh.GetPrim())
    binding.CreateSkeletonRel().SetTargets([skeleton.GetPath()])
    joints, weights = influences(part)
    width = joints.shape[1]
    binding.CreateJointIndicesPrimvar(False, width).Set(
        Vt.IntArray.FromNumpy(np.ascontiguousarray(joints.reshape(-1), np.int32))
    )
    binding.CreateJointWeightsPrimvar(False, width).Set(
        Vt.FloatArray.FromNumpy(np.ascontiguousarray(weights.reshape(-1), np.float32))
    )
    if not targets:
        return
    binding.CreateBlendShapesAttr([_word(name) for name in targets])
    paths: list[Any] = []
    for name, offset in targets.items():
        moved = np.flatnonzero(np.abs(offset).max(-1) > STILL_M)
        place = mesh.GetPath().AppendChild(_word(name))
        shape = UsdSkel.BlendShape.Define(stage, place)
        turned = frames.points_from_world(offset[moved], up).astype(np.float32)
        shape.CreateOffsetsAttr(Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(turned)))
        shape.CreatePointIndicesAttr(Vt.IntArray.FromNumpy(moved.astype(np.int32)))
        paths.append(place)
    binding.CreateBlendShapeTargetsRel().SetTargets(paths)


def _material(stage: Any, place: str, material: Material, pictures: Path, stem: str) -> Any:
    kinds = Sdf.ValueTypeNames
    made = UsdShade.Material.Define(stage, place)
    surface = UsdShade.Shader.Define(stage, f"{place}/Surface")
    surface.CreateIdAttr("UsdPreviewSurface")
    surface.CreateInput("roughness", kinds.Float).Set(float(material.roughness))
    surface.CreateInput("metallic", kinds.Float).Set(float(material.metallic))
    surface.CreateInput("opacity", kinds.Float).Set(float(material.base[3]))
    colour = surface.CreateInput("diffuseColor", kinds.Color3f)
    if material.texture is None:
        colour.Set(Gf.Vec3f(*map(float, material.base[:3])))
    else:
        picture = pictures / f"{stem}_{place.rsplit('/', 1)[-1]}.png"
        with whole(picture) as temp:
            temp.write_bytes(encoded_png(material.texture))
        reader = UsdShade.Shader.Define(stage, f"{place}/Coordinates")
        reader.CreateIdAttr("UsdPrimvarReader_float2")
        reader.CreateInput("varname", kinds.String).Set("st")
        sampler = UsdShade.Shader.Define(stage, f"{place}/Texture")
        sampler.CreateIdAttr("UsdUVTexture")
        sampler.CreateInput("file", kinds.Asset).Set(f"./{picture.name}")
        sampler.CreateInput("sourceColorSpace", kinds.Token).Set("sRGB")
        sampler.CreateInput("scale", kinds.Float4).Set(Gf.Vec4f(*map(float, material.base)))
        sampler.CreateInput("st", kinds.Float2).ConnectToSource(
            reader.ConnectableAPI(), "result")  # fmt: skip
        colour.ConnectToSource(sampler.ConnectableAPI(), "rgb")
        if material.texture.ndim == 3 and material.texture.shape[2] == 4:
            surface.GetInput("opacity").ConnectToSource(sampler.ConnectableAPI(), "a")
            surface.CreateInput("opacityThreshold", kinds.Float).Set(0.5)
    made.CreateSurfaceOutput().ConnectToSource(surface.ConnectableAPI(), "surface")
    return made


def _joint_paths(character: Character) -> list[str]:
    """Every bone's path from its root, as UsdSkel orders joints."""
    armature = character.armature
    paths: list[str] = []
    taken: set[str] = set()
    for name, parent in zip(armature.names, armature.parents, strict=True):
        path = (f"{paths[parent]}/" if parent >= 0 else "") + _word(name)
        while path in taken:
            path += "_"
        taken.add(path)
        paths.append(path)
    return paths


def _word(name: str) -> str:
    """A name as USD can spell it."""
    word = re.sub(r"\W", "_", name) or "_"
    return f"_{word}" if word[0].isdigit() else word
