"""MakeHuman's ``.mhmat``: colours, shine and pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from studio.core.errors import StudioError
from studio.human.wardrobe.asset import AssetMaterial, Colour, Picture

_ROLES = {
    "diffusetexture": "diffuse", "albedotexture": "diffuse", "basecolortexture": "diffuse",
    "normalmaptexture": "normal", "aomaptexture": "ao", "specularmaptexture": "specular",
    "roughnessmaptexture": "roughness", "metallicmaptexture": "metallic",
    "bumpmaptexture": "bump", "displacementmaptexture": "displacement",
    "transparencymaptexture": "transparency", "opacitymaptexture": "transparency",
    "transmissionmaptexture": "transmission", "emissioncolormaptexture": "emission",
}  # fmt: skip
_KEYS = {
    "diffuse": "diffuseTexture", "normal": "normalmapTexture", "ao": "aomapTexture",
    "specular": "specularmapTexture", "roughness": "roughnessmapTexture",
    "metallic": "metallicmapTexture", "bump": "bumpmapTexture",
    "displacement": "displacementmapTexture", "transparency": "opacitymapTexture",
    "transmission": "transmissionmapTexture", "emission": "emissionColorMapTexture",
}  # fmt: skip


@dataclass(frozen=True)
class _Line:
    key: str
    rest: str
    where: str

    def numbers(self, count: int) -> list[float]:
        try:
            values = [float(word) for word in self.rest.split()[:count]]
        except ValueError as error:
            raise self._wrong() from error
        if len(values) != count:
            raise self._wrong()
        return values

    def colour(self) -> Colour:
        red, green, blue = (min(max(value, 0.0), 1.0) for value in self.numbers(3))
        return red, green, blue

    @property
    def yes(self) -> bool:
        return self.rest.strip().lower() in ("true", "yes", "1", "on")

    def _wrong(self) -> StudioError:
        return StudioError(
            f"{self.where} cannot be read: “{self.key} {self.rest}”.",
            "Mend the line, or fetch the asset again.",
        )


def read_mhmat(text: str, name: str, find: Callable[[str], Picture | None]) -> AssetMaterial:
    """Read the text of an ``.mhmat`` file; ``find`` gives a picture by the name in the file.

    Raises StudioError for values that are none; keywords it does not know are passed over.
    """
    lines: dict[str, _Line] = {}
    for place, line in enumerate(text.splitlines(), start=1):
        words = line.split(maxsplit=1)
        if words and not words[0].startswith(("#", "//")):
            rest = words[1].strip() if len(words) > 1 else ""
            lines[words[0].lower()] = _Line(words[0], rest, f"Line {place} of “{name}”")
    pictures: dict[str, Picture] = {}
    missing: list[str] = []
    for key, role in _ROLES.items():
        if key in lines and lines[key].rest:
            picture = find(lines[key].rest)
            if picture is None:
                missing.append(lines[key].rest)
            else:
                pictures[role] = picture

    def number(key: str, default: float) -> float:
        return lines[key].numbers(1)[0] if key in lines else default

    def colour(key: str, default: Colour) -> Colour:
        return lines[key].colour() if key in lines else default

    def yes(key: str, default: bool) -> bool:
        return lines[key].yes if key in lines else default

    return AssetMaterial(
        lines["name"].rest if "name" in lines else name.rpartition("/")[2].rpartition(".")[0],
        colour("diffusecolor", (1.0, 1.0, 1.0)),
        colour("specularcolor", (0.1, 0.1, 0.1)),
        min(max(number("shininess", 0.2), 0.0), 1.0),
        min(max(number("roughness", 0.0), 0.0), 1.0) if "roughness" in lines else None,
        min(max(number("metallic", 0.0), 0.0), 1.0),
        min(max(number("opacity", 1.0), 0.0), 1.0),
        yes("transparent", False),
        yes("backfacecull", True),
        number("normalmapintensity", 1.0),
        number("aomapintensity", 1.0),
        pictures,
        tuple(missing),
    )


def write_mhmat(material: AssetMaterial, names: Mapping[str, str], comments: str = "") -> str:
    """The text of an ``.mhmat`` file; ``names`` are the pictures' file names by their role."""

    def of(colour: Colour) -> str:
        return " ".join(f"{value:.5g}" for value in colour)

    lines = [f"# {line}" for line in comments.splitlines()]
    lines += [
        f"name {material.name}",
        f"diffuseColor {of(material.diffuse)}",
        f"specularColor {of(material.specular)}",
        f"shininess {material.shininess:.5g}",
        f"opacity {material.opacity:.5g}",
        f"metallic {material.metallic:.5g}",
        f"transparent {material.transparent}",
        f"alphaToCoverage {material.transparent}",
        f"backfaceCull {material.backface_cull}",
        f"normalmapIntensity {material.normal_strength:.5g}",
        f"aomapIntensity {material.ao_strength:.5g}",
    ]
    lines += [f"roughness {material.roughness:.5g}"] if material.roughness is not None else []
    lines += [f"{_KEYS[role]} {name}" for role, name in names.items()]
    return "\n".join(lines) + "\n"
