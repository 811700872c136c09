"""Make the starter set's garments: ``python installer/make_wardrobe.py [FOLDER] [--only NAME]``.

Cuts, drapes, weaves and sews each garment and writes it, as MakeHuman writes assets, into
resources/wardrobe by default. The same code makes the same garments.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from studio.human.wardrobe.writing import write_asset
from studio.synth.tailor.bottoms import BOTTOMS
from studio.synth.tailor.dresses import DRESSES
from studio.synth.tailor.footwear import SHOES
from studio.synth.tailor.tops import JACKETS, TOPS

ROOT = Path(__file__).resolve().parents[1]
PATTERNS = {make.__name__: make for make in (*TOPS, *JACKETS, *BOTTOMS, *DRESSES, *SHOES)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "resources" / "wardrobe")
    parser.add_argument("--only", nargs="*", choices=sorted(PATTERNS), default=[])
    given = parser.parse_args()
    total = 0
    for name in given.only or PATTERNS:
        started = time.perf_counter()
        asset = PATTERNS[name]()
        folder = given.folder / asset.kind / asset.name
        write_asset(asset, folder)
        size = sum(file.stat().st_size for file in folder.iterdir())
        total += size
        assert asset.mesh is not None
        print(
            f"{asset.card.title}: {len(asset.mesh.vertices_m)} vertices, {size / 1e6:.2f} MB, "
            f"{time.perf_counter() - started:.0f} s",
            flush=True,
        )
    print(f"{total / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
