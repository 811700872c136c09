"""What a followed film leaves: the avatar over its pictures, and a mesh for each of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np

from studio.core.files import make_folder
from studio.core.types import Character
from studio.features.body.followed import Film
from studio.media.formats.ply import write_ply
from studio.media.formats.still import joined
from studio.media.video import open_clip
from studio.media.writer import VideoWriter
from studio.render.raster import Renderer
from studio.synth.avatars.compared import drawn_by, mapped_camera

TALL_PX = 720
Report = Callable[[float, str], object]


def write_over(path: Path, film: Film, character: Character, report: Report) -> Path:
    """Write the film's pictures, at most 720 px high, and beside each the same with the avatar over
    it: .mp4. ``character`` is in the rig's reference pose.

    Raises StudioError if the film is gone, or the file cannot be written.
    """
    fit, wanted = film.fit, {int(number): k for k, number in enumerate(film.numbers)}
    with open_clip(film.path) as clip:
        wide, tall = clip.size_px
        scale = min(TALL_PX / tall, 1.0)
        size = (2 * round(wide * scale / 2), 2 * round(tall * scale / 2))
        shift = np.array([size[0] / wide, size[1] / tall])
        matrix = np.column_stack([np.diag(shift), (shift - 1) / 2])
        camera = mapped_camera(film.camera, matrix, size)
        rate = (len(fit) - 1) / float(fit.times_s[-1]) if len(fit) > 1 else 1.0
        writer = VideoWriter(path, (2 * size[0], size[1]), rate)
        with closing(writer), Renderer(size) as renderer, closing(clip.run()) as pictures:
            for number, frame in pictures:
                k = wanted.get(number)
                if k is None:
                    continue
                report(k / len(fit), f"Drawing picture {k + 1} of {len(fit)}")
                rgb = cv2.resize(np.asarray(frame.rgb), size, interpolation=cv2.INTER_AREA)
                over = drawn_by(renderer, character, camera, fit.turns_rad[k], fit.root_m[k],
                                fit.actions[k])  # fmt: skip
                alpha = over[..., 3:] / 255.0
                laid = np.rint(rgb * (1 - alpha) + over[..., :3] * alpha).astype(np.uint8)
                writer.write(np.hstack([rgb, laid]), float(fit.times_s[k]))
    return path


def write_meshes(folder: Path, character: Character, name: str, report: Report) -> None:
    """Write a mesh for every frame of a character's animation, NAME_0001.ply on, all with the same
    vertices and triangles, coloured by vertex.

    Raises StudioError if the folder cannot be made, or a file not be written.
    """
    make_folder(folder)
    count = 0 if character.animation is None else len(character.animation)
    for k in range(count):
        report(k / count, f"Writing mesh {k + 1} of {count}")
        write_ply(folder / f"{name}_{k + 1:04}.ply", joined(character, k))
