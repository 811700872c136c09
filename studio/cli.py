"""The command line: ``doppel`` opens the studio, ``doppel COMMAND`` does one job without it.

Every feature whose manifest names a ``command`` is a command of its own. Exit codes: 0, 1 with
one clear sentence, 130 on Ctrl+C, 141 where the reader of a pipe went away. What a defect leaves
behind goes to the log. With ``--json`` the only thing on standard output is one JSON object,
errors included.
"""

from __future__ import annotations

import importlib
import io
import json
import logging
import os
import select
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext, redirect_stderr
from functools import partial, wraps
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio import __version__
from studio.core.errors import Cancelled, StudioError
from studio.core.log import log_path, start_log
from studio.core.memory import keep_freed_memory
from studio.registry import Registry, discover, plugin_folders

if TYPE_CHECKING:
    from pydantic import ValidationError

_log = logging.getLogger(__name__)

Command = Callable[..., Any]

# name -> (what it does, module:function); imported only when called
BUILT_IN: dict[str, tuple[str, str]] = {
    "main-job": ("Several cameras to a moving avatar, headless.", "studio.journeys.main_job:main"),
    "evaluate": ("Measure: print the table of figures of NAME.", "studio.journeys.evaluate:main"),
    "convert": ("Convert a rig or a motion: convert rig A B.", "studio.journeys.convert:main"),
    "synth": ("Synthetic people: a sheet, or pictures and truth.", "studio.synth.command:main"),
    "train": ("Train a network of our own on synthetic people.", "studio.journeys.train:main"),
    "catalogue": ("Things to try on: list, add, page.", "studio.media.catalogue.commands:main"),
    "models": ("Networks: list, install, verify; card NAME.", "studio.weights.commands:main"),
    "doctor": ("Check this machine and say how to mend it.", "studio.doctor:main"),
    "selftest": ("Do the main job on a tiny take and compare.", "studio.journeys.selftest:main"),
}  # fmt: skip


def usage(registry: Registry) -> str:
    """The overview that ``doppel --help`` prints."""
    rows = [("(none)", "Open the studio; a project folder may follow, or --sample.")]
    rows += [
        (f.id.replace("_", "-"), f.manifest.summary)
        for f in registry.features.values()
        if f.manifest.command
    ]
    rows += [(name, text) for name, (text, _) in BUILT_IN.items()]
    width = max(len(name) for name, _ in rows)
    lines = [f"Doppel {__version__}", "", "usage: doppel [COMMAND] [options]", ""]
    lines += [f"  {name:<{width}}  {text}" for name, text in rows]
    lines += ["", "doppel COMMAND --help explains one. --json prints one JSON object."]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in arguments
    start_log(verbose="--verbose" in arguments)
    keep_freed_memory()
    arguments = [a for a in arguments if a != "--verbose"]
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
        return code
    except StudioError as error:
        return _fail(error, as_json)
    except (KeyboardInterrupt, Cancelled):
        print("doppel: cancelled", file=sys.stderr)
        return 130
    except Exception as defect:
        if isinstance(defect, BrokenPipeError) and _nobody_reads():
            return 141
        _log.exception("doppel %s failed", " ".join(arguments[:1]))
        what = f"Something went wrong in Doppel ({type(defect).__name__}: {defect})."
        return _fail(StudioError(what, f"The details are in {log_path()}"), as_json)


def _fail(error: StudioError, as_json: bool) -> int:
    if as_json:
        told = {**error.result, "error": error.message, "hint": error.hint}
        print(json.dumps(told, ensure_ascii=False))
    print(f"doppel: {error}", file=sys.stderr)
    return 1


def _nobody_reads() -> bool:
    """Whether the pipe behind standard output is closed, as by ``head``; the rest goes nowhere."""
    try:
        out = sys.stdout.fileno()
        broken = select.poll()
    except (AttributeError, OSError):  # not a file, or a system without poll
        return False
    broken.register(out, 0)
    if not broken.poll(0):
        return False
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, out)
    os.close(nowhere)
    return True


def _dispatch(arguments: list[str]) -> int:
    name = arguments[0] if arguments else ""
    if name in ("-h", "--help", "help"):
        print(usage(discover(plugin_folders())))
        return 0
    if name == "--version":
        print(f"doppel {__version__}")
        return 0
    if name in BUILT_IN:
        module, _, function = BUILT_IN[name][1].partition(":")
        return _call(getattr(importlib.import_module(module), function), name, arguments[1:])
    registry = discover(plugin_folders())
    feature = registry.features.get(name.replace("-", "_"))
    if feature is not None and feature.manifest.command:
        return _call(feature.load("command"), name, arguments[1:])
    if name and not name.startswith("-") and not Path(name).exists():
        raise StudioError(f"There is no command “{name}”.", "doppel --help lists them.")
    from studio.app import main as open_studio

    return open_studio(arguments)


def _call(function: Command, name: str, arguments: list[str]) -> int:
    """Let tyro make flags of the function's signature. A usage error exits with 1."""
    import tyro
    from pydantic import ValidationError

    told = io.StringIO()
    try:
        with redirect_stderr(told) if "--json" in arguments else nullcontext():
            call = tyro.cli(_later(function), prog=f"doppel {name}", args=arguments)
    except SystemExit as stop:
        if stop.code in (0, None):
            return 0
        if "--json" in arguments:
            raise StudioError(_in_a_line(told.getvalue()), f"See: doppel {name} --help") from None
        return 1
    except ValidationError as error:  # of params that are made of flags
        raise StudioError(_out_of_range(error), f"See: doppel {name} --help") from error
    try:
        result = call()
    except ValidationError as error:
        raise StudioError(_out_of_range(error), f"See: doppel {name} --help") from error
    return result if isinstance(result, int) else 0


def _later(function: Command) -> Callable[..., Callable[[], Any]]:
    """A function of the same signature that only remembers how it was called."""

    @wraps(function)
    def remember(*args: Any, **kwargs: Any) -> Callable[[], Any]:
        return partial(function, *args, **kwargs)

    return remember


def _in_a_line(box: str) -> str:
    """The usage error that tyro draws in a box, without the box and without its help."""
    lines = [line.strip("│╭╮╰╯ ") for line in box.splitlines()]
    told = list(takewhile(lambda line: line.strip("─"), lines[1:]))
    return " ".join(" ".join(told).split())


def _out_of_range(error: ValidationError) -> str:
    """What is wrong with the first value that is."""
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"]).replace("_", "-")
    why = first["msg"].removeprefix("Value error, ")
    return f"“{first['input']}” is not right for {name}: {why[:1].lower()}{why[1:]}."
