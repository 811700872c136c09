"""``doppel puppet``: a film or a camera in, what the person does out."""

from __future__ import annotations

import json as json_module
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from studio.core.errors import StudioError
from studio.features.puppet.engine import Params
from studio.features.puppet.filming import Filming
from studio.features.puppet.leaving import addresses_of, to_animations, to_programs
from studio.features.puppet.step import facts_of
from studio.features.puppet.taking import is_film, take_camera, take_film
from studio.jobs.terminal import OnTerminal, plain, show_facts
from studio.live.performing.curves import curves as curves_file
from studio.live.performing.live import Told
from studio.media.formats.whole import check_place


def main(
    source: Annotated[str, tyro.conf.Positional],
    curves: Path | None = None,
    out: Path | None = None,
    avatar: Path | None = None,
    background: str = "grey",
    animation: tuple[Path, ...] = (),
    vmc: str | None = None,
    livelink: str | None = None,
    other_hosts: bool = False,
    seconds: float | None = None,
    params: Annotated[Params, tyro.conf.arg(name="")] = Params(),  # noqa: B008
    json: bool = False,
) -> None:
    """Let whoever is seen perform: face, gaze, head, hands and body.

    Args:
        source: A film, of which every frame is performed; or a camera (/dev/video0, rtsp:// or
            http:// address), which is followed as it goes.
        curves: A table of the face, one row a frame: time_s, 52 ARKit weights, and the head's yaw,
            pitch and roll in degrees (to the person's own left, up, own left shoulder).
        out: A film of the avatar, without sound: .mp4; .webm or .mov, which keep transparency; or
            a folder of PNG pictures.
        avatar: A .glb, .gltf or .vrm with a skeleton and facial shapes that plays it; without, the
            starter avatar.
        background: What is behind the avatar in the film: grey, green, transparent, camera, blur
            (the camera, blurred), face (the avatar lies over the face in the camera's picture), a
            colour such as #204060, or a picture's path.
        animation: The performance as .glb (skin, bones and shapes), .bvh, .vrma or .csv; several
            may be named.
        vmc: Tell a program at HOST:PORT in the Virtual Motion Capture protocol, such as
            127.0.0.1:39539: bones, ARKit's 52 shapes and VRM's presets. An avatar that has shapes
            for both is told one kind alone by HOST:PORT/arkit or HOST:PORT/vrm.
        livelink: Tell a program at HOST:PORT as the Live Link Face app does, such as
            127.0.0.1:11111.
        other_hosts: Allow --vmc and --livelink to other computers.
        seconds: End a camera after so long; otherwise with Ctrl+C.
        params: What is looked for, and how it is shaped.
        json: Print one JSON object.
    """
    film = is_film(source)
    if film and seconds is not None:
        raise StudioError(
            "A film is performed to its end.", "Leave --seconds out, or cut the film."
        )
    written: list[Path] = []
    with ExitStack() as stack:
        told: list[Told] = []
        if curves is not None:
            check_place(curves, ".csv")
            row = stack.enter_context(curves_file(curves))
            told.append(lambda one, _: row(one))
            written.append(curves)
        if out is not None:
            filmed = Filming(
                out, "" if avatar is None else str(avatar), background, live=not film,
                mirrored=params.mirror,
            )  # fmt: skip
            told.append(stack.enter_context(closing(filmed)))
            written.append(out)
        if animation:
            told.append(stack.enter_context(to_animations(animation, avatar)))
            written += animation
        addresses = addresses_of(vmc, livelink)
        if addresses:
            programs = to_programs(addresses, other_hosts=other_hosts, paced=film)
            told.append(stack.enter_context(programs))
        if not told:
            raise StudioError(
                "Where is the performance to go?",
                "Give --out, --curves, --animation, --vmc or --livelink.",
            )
        if curves is not None and len(told) == 1:  # a table of the face alone needs no body
            params = params.model_copy(update={"body": False})
        context = stack.enter_context(OnTerminal("Perform", quiet=json))
        if film:
            result = take_film(Path(source), params, context, told)
        else:
            result = take_camera(source, params, context, told, seconds=seconds)
    facts = facts_of(result)
    if json:
        answer: dict[str, Any] = {
            **asdict(result),
            "written": [str(path) for path in written],
            "facts": [asdict(fact) for fact in facts],
        }
        print(json_module.dumps(plain(answer), ensure_ascii=False))
        return
    console = Console()
    show_facts(console, facts)
    if written:
        console.print(f"Written: {', '.join(map(str, written))}", soft_wrap=True)
