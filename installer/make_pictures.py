"""Film the window: ``python installer/make_pictures.py [--sample DIR] [--footage DIR --out DIR]``.

Drives the studio as somebody would, and writes the pictures of the README into
``resources/pictures``: only of the project's own rendered sample. Pictures of real footage, which
belong to those who are in them, go to ``--out``. Without a display it starts one (Xvfb).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from studio.core.types import Character
    from studio.human.design import Design

from picture_crew import SIZE, Crew, film_a_face

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=Path, default=ROOT / "resources" / "sample")
    parser.add_argument("--footage", type=Path, help="a folder with videos and a calibration")
    parser.add_argument("--pictures", type=Path, default=ROOT / "resources" / "pictures")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "pictures")
    parser.add_argument("--only", nargs="*", choices=tuple(SCENES), help="scenes; else all")
    parser.add_argument("--patience", type=float, default=900, help="seconds a chain may take")
    arguments = parser.parse_args()
    on_a_screen()
    with tempfile.TemporaryDirectory(prefix="doppel-pictures") as private:
        os.environ["DOPPEL_CONFIG_DIR"] = private
        film(arguments)


def on_a_screen() -> None:
    """Where there is no display, run this program again on a virtual one."""
    if not os.environ.get("DISPLAY") and sys.platform.startswith("linux"):
        if not shutil.which("xvfb-run"):
            sys.exit("There is no display. Install xvfb, or run this on a desktop.")
        screen = f"-screen 0 {SIZE[0]}x{SIZE[1]}x24"
        raise SystemExit(
            subprocess.call(["xvfb-run", "-a", "-s", screen, sys.executable, *sys.argv])
        )


def film(arguments: argparse.Namespace) -> None:
    from studio.core.settings import SettingsFile

    SettingsFile().change(tour_done=True)
    crew = Crew(arguments.pictures, arguments.patience)
    for scene in arguments.only or SCENES:
        SCENES[scene](crew, arguments)
    crew.window.close()


def film_sample(crew: Crew, arguments: argparse.Namespace) -> None:
    """From the doors to a moving avatar and its export; then the same with other footage."""
    crew.shoot("welcome", 1.0)
    crew.studio.sample = arguments.sample
    crew.window.open_sample()
    crew.walk("sample")
    crew.shoot("avatar", 2.0)
    crew.window.switch_theme()
    crew.shoot("light", 1.5)
    crew.window.switch_theme()
    crew.window.palette_box.open()
    crew.window.palette_box.field.setText("a")
    crew.shoot("palette", 1.0)
    crew.window.palette_box.hide()
    crew.studio.open_panel("export")
    crew.wait(lambda: crew.panel("export").loaded, 60)
    crew.panel("export").run()
    crew.wait(lambda: crew.panel("export").next_button.isVisible(), arguments.patience)
    crew.shoot("export", 1.0)
    if arguments.footage is not None:
        from studio.ui.drop import take_in

        crew.folder = arguments.out
        crew.studio.projects.new()
        take_in(crew.studio, [arguments.footage])
        crew.walk("footage")
        crew.shoot("footage_avatar", 2.0)


def film_cameras(crew: Crew, arguments: argparse.Namespace) -> None:
    """The sample's clips as live cameras, while they are recorded; then the designer of boards."""
    studio = crew.studio
    studio.projects.new()
    panel = crew.open("record")
    takes = Path(os.environ["DOPPEL_CONFIG_DIR"]) / "takes"
    panel.set_params(panel.params().model_copy(update={"folder": takes}))
    panel.cameras.add_places([str(arguments.sample / f"cam{n}.mp4") for n in (1, 2, 3, 4)])
    crew.wait(panel.run_button.isEnabled, 30)
    crew.rest(6.0)
    panel.run_button.click()
    crew.shoot("cameras", 6.0)
    panel.stop_button.click()
    crew.wait(lambda: studio.running("record") is None, 60)
    studio.cameras.close_cameras()
    crew.rest(6.5)  # the toast goes
    crew.open("board")
    crew.shoot("board", 1.0)
    for source in studio.cameras.sources:
        studio.cameras.remove(source.id)


def film_live(crew: Crew, arguments: argparse.Namespace) -> None:
    """One of the sample's clips as a webcam: its person is followed, and others may listen."""
    studio = crew.studio
    studio.projects.new()
    panel = crew.open("follow")
    panel.cameras.add_places([str(arguments.sample / "cam1.mp4")])
    crew.wait(panel.run_button.isEnabled, 60)
    panel.json.switch.setChecked(True)
    panel.run_button.click()
    crew.wait(lambda: panel.hud.rows["Rate"].text() != "–", arguments.patience)
    crew.rest(2.0)
    crew.window.stage.views["viewport"].frame()
    crew.shoot("live", 3.0)
    panel.json.switch.setChecked(False)
    end_live(crew, panel, "follow")


def end_live(crew: Crew, panel: Any, feature: str) -> None:
    """Stop what follows a camera, and let all cameras go."""
    panel.stop_button.click()
    crew.wait(lambda: crew.studio.running(feature) is None, 60)
    crew.studio.cameras.close_cameras()
    for source in crew.studio.cameras.sources:
        crew.studio.cameras.remove(source.id)


def film_puppet(crew: Crew, arguments: argparse.Namespace) -> None:
    """A made-up face as a webcam: another made-up one does what it does, lit alike."""
    from studio.document.project import StageItem
    from studio.document.stage import AvatarLayer, ColourLayer, Stage
    from studio.media.formats.gltf.character import write_glb

    crew.studio.projects.new()
    folder = Path(tempfile.mkdtemp(prefix="doppel-face"))
    face, avatar = folder / "Somebody.mp4", folder / "Somebody else.glb"
    acting, mirroring = (_dressed(HEADS.strip().splitlines()[k])[1] for k in PUPPETS)
    film_a_face(face, acting, WALL)
    write_glb(avatar, mirroring)
    figure = AvatarLayer(name="Avatar", avatar=str(avatar), framing="head")
    stage = Stage(layers=(ColourLayer(name="Wall", rgb=WALL), figure))
    kept = StageItem(name="Stage", stage=stage)
    crew.studio.document.edit("Set the stage", lambda project: project.with_items([kept]))
    panel = crew.open("puppet")
    panel.body.setChecked(False)
    panel.cameras.add_places([str(face)])
    crew.wait(panel.run_button.isEnabled, 60)
    panel.stage_box.fold.button.setChecked(True)
    panel.run_button.click()
    crew.wait(lambda: panel.lane.newest is not None, arguments.patience)
    crew.rest(4.0)
    panel.output.compare_button.setChecked(True)
    crew.shoot("puppet", 1.0)
    end_live(crew, panel, "puppet")


def film_calibration(crew: Crew, arguments: argparse.Namespace) -> None:
    """The sample's board, waved, and what came of it."""
    from studio.document.project import RigItem

    studio = crew.studio
    studio.projects.new()
    panel = crew.open("calibrate")
    panel.files.set_value([str(arguments.sample / f"board{n}.mp4") for n in (1, 2, 3, 4)])
    panel.source.set_value("files")
    panel.board.set_spec(_board(arguments.sample / "board.json"))
    panel.files.changed.emit()
    crew.wait(panel.run_button.isEnabled, 30)
    panel.run_button.click()
    crew.wait(lambda: studio.project.all(RigItem), arguments.patience)
    crew.wait(lambda: studio.running("calibrate") is None, arguments.patience)
    crew.window.docks.show("viewport")
    crew.shoot("calibrate", 3.0)


def film_person(crew: Crew, arguments: argparse.Namespace) -> None:
    """Somebody who is being designed."""
    studio = crew.studio
    studio.projects.new()
    panel = crew.open("person")
    panel.run_button.click()
    crew.rest(90.0)  # thumbnails are drawn once
    crew.shoot("person", 1.0)


def film_label(crew: Crew, arguments: argparse.Namespace) -> None:
    """Made-up people whose parts are being painted."""
    from studio.synth.factory.factory import Factory
    from studio.synth.factory.recipe import find_recipe
    from studio.training.labels import LabelFolder

    os.chdir(os.environ["DOPPEL_CONFIG_DIR"])
    folder = LabelFolder.create(Path("Made-up people"), "Nobody's.")
    recipe = replace(find_recipe("parts"), size_px=(640, 640))
    with Factory(recipe, "test", 3) as factory:
        for number in range(0, 48, 8):
            shot = factory.shot(number)
            name = folder.add(shot.rgb, f"Scene {number // 8 + 1}")
            if number < 24 and shot.parts is not None:
                folder.save_map(name, "parts", shot.parts)
    crew.studio.projects.new()
    crew.studio.open_panel("label", {"folder": str(folder.path)})
    crew.wait(lambda: crew.panel("label").loaded, 60)
    crew.wait(lambda: not crew.studio.watch.busy, 60)
    crew.panel("label").pictures.setCurrentRow(1)
    crew.window.docks.show("easel")
    crew.shoot("label", 2.0)


def film_networks(crew: Crew, arguments: argparse.Namespace) -> None:
    """The figures of a network that Doppel trained."""
    from studio.ui.networks import NetworksWindow

    crew.studio.commands.run("app.networks")
    shown = next(w for w in crew.app.topLevelWidgets() if isinstance(w, NetworksWindow))
    crew.wait(lambda: bool(shown.current), 120)
    crew.shoot("networks", 1.0)
    shown.close()


def draw_wardrobe(crew: Crew, arguments: argparse.Namespace) -> None:
    """People and heads in what the starter wardrobe holds, drawn without a window."""
    import numpy as np

    from studio.core.pictures import write_picture

    heads = [_drawn(line, (360, 360), (24.0, -28.0)[k % 2], True) for k, line in _lines(HEADS)]
    rows = [np.hstack(heads[k : k + 4]) for k in range(0, len(heads), 4)]
    write_picture(crew.folder / "heads.jpg", np.vstack(rows))
    people = [_drawn(line, (210, 434), (20.0, -22.0)[k % 2], False) for k, line in _lines(PEOPLE)]
    write_picture(crew.folder / "wardrobe.jpg", np.hstack(people))


def _lines(table: str) -> Iterator[tuple[int, str]]:
    yield from enumerate(table.strip().splitlines())


def _drawn(line: str, size_px: tuple[int, int], turn_deg: float, face: bool) -> np.ndarray:
    """A picture of who is told in a line of a table below."""
    import cv2

    from studio.render.raster import Renderer
    from studio.synth import designed, portrait

    design, person = _dressed(line)
    body = designed.body_of(designed.kept(design).rest, person.armature)
    posed = designed.posed(design, person, body)
    scene = portrait.drawables(posed)
    framing = replace(portrait.face_of(posed), turn_deg=turn_deg)
    if not face:
        framing = portrait.Framing((0.0, 0.0, 0.93), 2.06, turn_deg)
    with Renderer((2 * size_px[0], 2 * size_px[1]), 4) as renderer:
        picture = portrait.picture(renderer, scene, framing)
    return cv2.resize(picture, size_px, interpolation=cv2.INTER_AREA)


def _dressed(line: str) -> tuple[Design, Character]:
    """Who is told in a line of a table below."""
    from studio.human.design import Design, Worn
    from studio.synth.designed import person_of
    from studio.synth.poses import pose

    who, _, stands = line.partition(" : ")
    gender, age, weight, origin, hair, eyes, *worn = who.split()
    colour = _colour(hair)
    design = Design(
        phenotypes={"gender": float(gender), "age": float(age), "weight": float(weight),
                    origin: 1.0},
        hair=colour, brows=(0.8 * colour[0], 0.8 * colour[1], 0.8 * colour[2]),
        eyes=_colour(eyes), worn=tuple(Worn(item=name) for name in worn),
        pose=dict(pose(stands)) if stands else {},
    )  # fmt: skip
    return design, person_of(design)


def _colour(hexed: str) -> tuple[float, float, float]:
    red, green, blue = (int(hexed[k : k + 2], 16) / 255 for k in (0, 2, 4))
    return red, green, blue


WALL = (176, 184, 190)
PUPPETS = (3, 4)
"""Which of the heads below acts before the camera, and which does what it does."""
HEADS = """
1 0.62 0.5 caucasian a85724 5c7a94 woman_freckled wavy brows_soft lashes tshirt
0 0.60 0.5 african 1a1412 4d301c man_ebony afro brows_thick shirt
1 0.60 0.4 asian 171414 3d261a woman_porcelain bob brows_arched lashes glasses_thick jumper
0 0.64 0.5 caucasian 6b4526 66705c man_fair side_part brows_thick hoodie
1 0.58 0.5 african 332117 452b1a woman_umber curly brows_arched lashes summer_dress
0 0.95 0.5 caucasian 9e9991 6b8594 man_elder receding brows_sparse glasses_metal shirt
1 0.60 0.4 caucasian 945e2e 5c6b52 woman_porcelain ponytail brows_soft lashes long_sleeve
0 0.60 0.5 caucasian 614026 5c7385 man_tanned swept_back brows_thick hat_beanie jumper
1 0.60 0.5 asian 38261c 472e1c woman_golden bun brows_soft lashes sunglasses knit_dress
0 0.60 0.6 african 211a17 40291a man_umber buzz brows_thick tshirt
1 0.70 0.5 caucasian 806b57 617566 woman_mature long_straight brows_soft lashes shirt
0 0.62 0.5 asian 1a1714 3d261a man_olive crop brows_thick hat_brimmed jumper
"""
PEOPLE = """
0 0.60 0.45 caucasian 4a3325 5c7385 man_fair crop brows_thick tshirt jeans trainers : Relaxed
1 0.60 0.40 caucasian a8803f 5c7a94 woman_freckled wavy brows_soft summer_dress sandals : Relaxed
0 0.64 0.55 caucasian 3b2a20 5c6b52 man_tanned side_part brows_soft tshirt jeans boots jacket : Walk
1 0.60 0.45 african 1a1412 4d301c woman_umber bun brows_soft shirt pencil_skirt flats : Contrapposto
1 0.55 0.90 african 332117 452b1a woman_ebony curly brows_soft hoodie joggers trainers : Relaxed
1 0.66 0.40 caucasian 8a6238 617566 woman_mature bob brows_soft knit_dress boots : Hands on hips
0 0.60 0.35 asian 1a1714 3d261a man_olive swept_back brows_soft shirt wide_trousers boots : Relaxed
1 0.58 0.50 asian 171414 3d261a woman_golden ponytail brows_soft tank_top shorts sandals : Run
1 0.60 0.60 caucasian 2e211b 66705c woman_porcelain long_straight jumper jeans flats : Relaxed
"""
"""One a line: gender, age, weight, origin, colours of hair and eyes, what is worn, and a pose."""


def _board(file: Path) -> str:
    """The name of the sample's board."""
    board = json.loads(file.read_text("utf-8"))
    marker = "" if "marker_m" not in board else f":marker={1000 * board['marker_m']:g}mm"
    side = f"{1000 * board['square_m']:g}mm"
    return f"charuco:{board['columns']}x{board['rows']}:{side}:{board['dictionary']}{marker}"


SCENES: dict[str, Callable[[Crew, argparse.Namespace], None]] = {
    "sample": film_sample,
    "cameras": film_cameras,
    "live": film_live,
    "puppet": film_puppet,
    "calibration": film_calibration,
    "person": film_person,
    "label": film_label,
    "networks": film_networks,
    "wardrobe": draw_wardrobe,
}


if __name__ == "__main__":
    main()
