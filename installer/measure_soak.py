"""Measure whether somebody can perform for an hour: memory, stalls, a camera that comes and goes.

``python installer/measure_soak.py FILM... [--minutes M] [--outages N] [--face-alone]`` prints a
line of JSON a minute, then one with the whole. Clock times say something on a quiet machine only.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("films", type=Path, nargs="+")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--outages", type=int, default=10)
    parser.add_argument("--face-alone", action="store_true")
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from studio.journeys.soak import Minute, soak
    from studio.live.performing.settings import Settings

    def tell(minute: Minute) -> None:
        print(json.dumps(asdict(minute)), flush=True)

    found = soak(
        arguments.films, arguments.minutes, outages=arguments.outages, tell=tell,
        settings=Settings(body=not arguments.face_alone),
    )  # fmt: skip
    print(json.dumps({key: value for key, value in asdict(found).items() if key != "minutes"}))


if __name__ == "__main__":
    main()
