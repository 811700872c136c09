"""Assets from folders and zips (see :mod:`studio.human.wardrobe`)."""

from __future__ import annotations

import posixpath
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from studio.core.errors import StudioError
from studio.human.wardrobe.asset import Asset, AssetMaterial, Card, Picture
from studio.human.wardrobe.bundle import Bundle, open_bundle
from studio.human.wardrobe.cards import guessed_card, read_card
from studio.human.wardrobe.mhclo import Proxy, read_mhclo
from studio.human.wardrobe.mhmat import read_mhmat
from studio.human.wardrobe.mhw import read_mhw, weights_from
from studio.human.wardrobe.objects import read_obj


def read_assets(path: Path) -> tuple[Asset, ...]:
    """Every asset in a folder or zip: those with an ``.mhclo``; where there is none, skins and the
    like (each ``.mhmat``). Raises StudioError if one is damaged or none is found."""
    bundle = open_bundle(path)
    proxies, materials = bundle.ending(".mhclo"), bundle.ending(".mhmat")
    if path.suffix.lower() in (".mhclo", ".mhmat"):
        return (_one(bundle, path.name, str(path.parent)),)
    if not proxies and not materials:
        raise StudioError(
            f"“{path.name}” holds no asset.",
            "An asset of MakeHuman or MPFB has an .mhclo file (a skin an .mhmat file).",
        )
    return tuple(_one(bundle, name, str(path)) for name in proxies or materials)


def read_asset(path: Path) -> Asset:
    """The one asset in a folder, a zip, or of an ``.mhclo`` or ``.mhmat`` file.

    Raises StudioError if it is damaged, or if there are several.
    """
    found = read_assets(path)
    if len(found) != 1:
        raise StudioError(
            f"“{path.name}” holds {len(found)} assets.",
            f"Choose one: {', '.join(asset.name for asset in found[:8])}.",
        )
    return found[0]


def _one(bundle: Bundle, name: str, outside: str) -> Asset:
    if name.lower().endswith(".mhmat"):
        return _bare(bundle, name, outside)
    proxy = read_mhclo(bundle.text(name), name)
    mesh_file = _needed(bundle, name, proxy.header.get("obj_file", _stem(name) + ".obj"))
    mesh = read_obj(bundle.text(mesh_file), mesh_file)
    if len(mesh.vertices_m) != len(proxy.binding.base):
        raise StudioError(
            f"“{name}” binds {len(proxy.binding.base)} vertices, but “{mesh_file}” has "
            f"{len(mesh.vertices_m)}; one of them may be cut short.",
            "Fetch the asset again, or export both files again together.",
        )
    title = proxy.header.get("name", _stem(name))
    materials = _materials(bundle, name, proxy, title)
    return Asset(
        title,
        _card(bundle, name, title, proxy.tags, proxy.comments, outside),
        materials,
        mesh,
        proxy.binding,
        proxy.deletes,
        _whole(proxy, "z_depth", name) or 0,
        _whole(proxy, "max_pole", name),
        proxy.tags,
        proxy.header.get("uuid", ""),
        _weights(bundle, name, proxy),
    )


def _bare(bundle: Bundle, name: str, outside: str) -> Asset:
    """A material without a mesh: a skin, an iris."""
    text = bundle.text(name)
    material = _material(bundle, name)
    comments = "\n".join(
        line.lstrip("#/ ") for line in text.splitlines() if line.lstrip().startswith(("#", "//"))
    )
    tags = tuple(line[4:].strip() for line in text.splitlines() if line.startswith("tag "))
    card = _card(bundle, name, material.name, tags, comments, outside)
    if card.kind == "other":
        card = Card(card.title, "skin", card.licence, card.author, card.source, card.colours)
    return Asset(material.name, card, (material,), tags=tags)


def _card(
    bundle: Bundle, name: str, title: str, tags: tuple[str, ...], comments: str, outside: str
) -> Card:
    beside = posixpath.join(posixpath.dirname(name), "card.toml")
    if beside in bundle.names:
        return read_card(bundle.text(beside), beside)
    path = posixpath.join(outside.replace("\\", "/"), name)
    return guessed_card(path, title, tags, comments)


def _materials(bundle: Bundle, name: str, proxy: Proxy, title: str) -> tuple[AssetMaterial, ...]:
    """The material that the file names, then the others beside it."""
    first = bundle.beside(name, proxy.header["material"]) if "material" in proxy.header else None
    folder = posixpath.dirname(name)
    others = [other for other in bundle.ending(".mhmat") if posixpath.dirname(other) == folder]
    if first is not None:
        place = posixpath.dirname(first)
        beside = [other for other in bundle.ending(".mhmat") if posixpath.dirname(other) == place]
        others = [first, *(other for other in beside if other != first)]
    if not others:
        wanted = proxy.header.get("material", "")
        return (AssetMaterial(title, missing=(wanted,) if wanted else ()),)
    return tuple(_material(bundle, other) for other in others)


def _material(bundle: Bundle, name: str) -> AssetMaterial:
    def find(wanted: str) -> Picture | None:
        found = bundle.beside(name, wanted)
        return None if found is None else Picture(posixpath.basename(found), bundle.read(found))

    return read_mhmat(bundle.text(name), name, find)


def _weights(bundle: Bundle, name: str, proxy: Proxy) -> csr_matrix | None:
    count = len(proxy.binding.base)
    if "vertexboneweights_file" in proxy.header:
        file = _needed(bundle, name, proxy.header["vertexboneweights_file"])
        return weights_from(read_mhw(bundle.text(file), file), count, file)
    return weights_from(proxy.inline, count, name) if proxy.inline else None


def _needed(bundle: Bundle, name: str, wanted: str) -> str:
    found = bundle.beside(name, wanted)
    if found is None:
        raise StudioError(
            f"“{posixpath.basename(name)}” needs the file “{wanted}”, which is not there.",
            "Put it beside, or fetch the whole asset again.",
        )
    return found


def _whole(proxy: Proxy, key: str, name: str) -> int | None:
    if key not in proxy.header:
        return 50 if key == "z_depth" else None
    try:
        return int(np.float64(proxy.header[key].split()[0]))
    except (ValueError, IndexError) as error:
        raise StudioError(
            f"The line {key} of “{name}” cannot be read.", "Fetch the asset again."
        ) from error


def _stem(name: str) -> str:
    return posixpath.splitext(posixpath.basename(name))[0]
