"""Make the starter catalogue of things to try on: ``resources/catalogue``.

    python -m installer.make_catalogue [--out FOLDER]

Everything in it is made by rule (``studio/synth/items``) and in the public domain (CC0). The index
beside it makes the folder a catalogue page where a web server offers it.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np

from studio.core.items import Item
from studio.core.resources import resource
from studio.core.types import Armature, Character, Mesh, Part
from studio.media.catalogue.card import ItemCard
from studio.media.catalogue.catalogue import Catalogue
from studio.media.catalogue.pages import write_index
from studio.media.formats.gltf import write_glb
from studio.media.formats.rights import Rights
from studio.synth.items.stock import stock

LICENCE = "CC0-1.0"


def main() -> None:
    """Write the catalogue anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=resource("catalogue"))
    out: Path = parser.parse_args().out
    shutil.rmtree(out, ignore_errors=True)
    catalogue = Catalogue(out, "Doppel")
    for item in stock():
        entry = keep(catalogue, item)
        size = sum(file.stat().st_size for file in entry.iterdir())
        print(f"{entry.name}: {item.kind}, {size / 1000:.0f} kB")
    write_index(catalogue)


def keep(catalogue: Catalogue, item: Item) -> Path:
    """Write one thing; its folder."""
    two = len(item.character.armature.names) == 2
    character = _left(item.character) if two else item.character
    card = ItemCard(
        name=item.name, kind=item.kind, model="model.glb", fit=item.fit, framed=not two,
        licence=LICENCE, author="Doppel", source="Made by Doppel",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.glb"
        write_glb(model, character, rights=Rights(("Doppel",), LICENCE, ()))
        return catalogue.keep(card, model, item).folder


def _left(pair: Character) -> Character:
    """What is worn left alone: the right one is its mirror image."""
    bones = pair.armature
    first = Armature(bones.names[:1], bones.parents[:1], bones.rest_world[:1], bones.tails_m[:1])
    parts: list[Part] = []
    for part in pair.parts:
        mine = part.joints[:, 0] == 0
        number = np.cumsum(mine) - 1
        faces = mine[part.mesh.faces[:, 0]]
        uv = None if part.mesh.uv is None else part.mesh.uv[faces]
        mesh = Mesh(part.mesh.vertices_m[mine], number[part.mesh.faces[faces]], uv)
        parts.append(Part(part.name, mesh, part.material, part.joints[mine], part.weights[mine]))
    return Character(pair.name, first, tuple(parts))


if __name__ == "__main__":
    main()
