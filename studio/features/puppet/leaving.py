"""Where a performance goes besides the screen: other programs, and animation files."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from studio.core.types import Frame
from studio.live.acting.body import body_of
from studio.live.acting.recorder import Recorder
from studio.live.acting.write import WRITERS, write_animation
from studio.live.avatar.finding import of_files
from studio.live.outlets.address import address_of
from studio.live.outlets.outlet import open_outlets
from studio.live.performance import Performance
from studio.live.performing.live import Told
from studio.media.formats.whole import check_place


def addresses_of(vmc: str | None, livelink: str | None) -> tuple[str, ...]:
    """Addresses of what was given as HOST:PORT, or as a whole address."""
    given = (("vmc", vmc), ("livelink", livelink))
    return tuple(
        text if text.startswith(f"{kind}://") else f"{kind}://{text}"
        for kind, text in given
        if text
    )


@contextmanager
def to_programs(
    addresses: Sequence[str], *, other_hosts: bool = False, paced: bool = False
) -> Generator[Told]:
    """Tells every performance to the programs at these addresses. ``paced``: no sooner than its
    own time, as a film's frames come faster than they were filmed.

    Raises StudioError for what is no address, or another computer's unless that is allowed.
    """
    outlets = open_outlets([address_of(text, other_hosts) for text in addresses])
    began_s: list[float] = []

    def tell(one: Performance, _: Frame) -> None:
        if paced:
            began_s[:] = began_s or [time.monotonic() - one.time_s]
            time.sleep(max(began_s[0] + one.time_s - time.monotonic(), 0.0))
        for outlet in outlets:
            outlet.tell(one)

    try:
        yield tell
    finally:
        for outlet in outlets:
            outlet.close()


@contextmanager
def to_animations(paths: Sequence[Path], avatar: Path | None = None) -> Generator[Told]:
    """Keeps every performance, and writes them all when the block ends well: on the ``avatar``, or
    as :func:`studio.live.acting.write.write_animation` does without one.

    Raises StudioError for a name that cannot be written, before anything is performed.
    """
    for path in paths:
        check_place(path, *WRITERS)
    body = None if avatar is None else body_of(of_files(str(avatar)))
    with closing(Recorder()) as recorder:
        yield lambda one, _: recorder.tell(one)
        acted = recorder.acted()
    for path in paths:
        write_animation(path, acted, body)
