"""Make the head's part of the starter wardrobe: ``python installer/make_heads.py [--only KIND]``.

Hair, brows, lashes, eyes, teeth, skins, glasses and hats are made by formulas on the average
person, and written in MakeHuman's form into ``resources/wardrobe``. The same code makes the same
files.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from heads import eyes, glasses, hair_assets, hats, skin_assets, teeth

from studio.human.wardrobe.asset import Asset
from studio.human.wardrobe.writing import write_asset

ROOT = Path(__file__).resolve().parents[1] / "resources" / "wardrobe"
MAKERS: dict[str, Callable[[], Iterator[Asset]]] = {
    "hair": hair_assets.make,
    "skins": skin_assets.make,
    "eyes": eyes.make_eyes,
    "lashes": eyes.make_lashes,
    "brows": eyes.make_brows,
    "teeth": teeth.make,
    "glasses": glasses.make,
    "hats": hats.make,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=tuple(MAKERS), default=tuple(MAKERS))
    parser.add_argument("--out", type=Path, default=ROOT)
    arguments = parser.parse_args()
    for kind in arguments.only:
        shutil.rmtree(arguments.out / kind, ignore_errors=True)
        for asset in MAKERS[kind]():
            folder = arguments.out / kind / asset.name
            write_asset(asset, folder)
            share(folder, arguments.out / kind / "materials")
            size = sum(file.stat().st_size for file in folder.iterdir())
            print(f"{kind}/{asset.name}: {size / 1e6:.2f} MB")


def share(folder: Path, shared: Path) -> None:
    """Keep once, in MakeHuman's shared folder, the pictures that several assets have."""
    for picture in sorted(folder.glob("shared_*")):
        shared.mkdir(exist_ok=True)
        picture.replace(shared / picture.name)
        for material in sorted(folder.glob("*.mhmat")):
            text = material.read_text("utf-8")
            material.write_text(
                text.replace(f" {picture.name}", f" ../materials/{picture.name}"), "utf-8"
            )


if __name__ == "__main__":
    main()
