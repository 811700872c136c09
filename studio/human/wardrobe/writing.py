"""Writing assets as folders in MakeHuman's form, so that MakeHuman and MPFB can load them too."""

from __future__ import annotations

from pathlib import Path

from studio.core.files import write_whole
from studio.human.wardrobe.asset import Asset, AssetMaterial
from studio.human.wardrobe.cards import write_card
from studio.human.wardrobe.mhclo import write_mhclo
from studio.human.wardrobe.mhmat import write_mhmat
from studio.human.wardrobe.mhw import write_mhw
from studio.human.wardrobe.objects import write_obj


def write_asset(asset: Asset, folder: Path) -> Path:
    """Write an asset into a folder of its own: mesh, binding, weights, materials, pictures, card.

    The first material has the asset's name, others their own. Returns the ``.mhclo`` file, or the
    ``.mhmat`` file of what has no mesh. Raises StudioError if the folder cannot be written.
    """
    licence = asset.card.licence
    said = f"{asset.card.title}\nlicense {licence}"
    said += f"\nauthor {asset.card.author}" if asset.card.author else ""
    for k, material in enumerate(asset.materials):
        _write_material(material, folder, asset.name if k == 0 else material.name, said)
    _write(folder / "card.toml", write_card(asset.card))
    if asset.mesh is None:
        return folder / f"{asset.name}.mhmat"
    files = {"obj_file": f"{asset.name}.obj", "material": f"{asset.name}.mhmat"}
    _write(folder / files["obj_file"], write_obj(asset.mesh, said))
    if asset.weights is not None:
        files["vertexboneweights_file"] = f"{asset.name}.mhw"
        _write(folder / f"{asset.name}.mhw", write_mhw(asset.weights, asset.name, licence))
    _write(folder / f"{asset.name}.mhclo", write_mhclo(asset, files, said))
    return folder / f"{asset.name}.mhclo"


def _write(path: Path, text: str) -> None:
    write_whole(path, text.encode())


def _write_material(material: AssetMaterial, folder: Path, stem: str, said: str) -> None:
    names = {role: picture.name for role, picture in material.pictures.items()}
    for picture in material.pictures.values():
        write_whole(folder / picture.name, picture.data)
    _write(folder / f"{stem}.mhmat", write_mhmat(material, names, said))
