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

from studio.core.items import Item
from studio.core.resources import resource
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
    card = ItemCard(
        name=item.name, kind=item.kind, model="model.glb", fit=item.fit, framed=True,
        licence=LICENCE, author="Doppel", source="Made by Doppel",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.glb"
        write_glb(model, item.character, rights=Rights(("Doppel",), LICENCE, ()))
        return catalogue.keep(card, model, item).folder


if __name__ == "__main__":
    main()
