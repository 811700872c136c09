"""Where a stream goes: ``osc://127.0.0.1:39540``, ``json://127.0.0.1:39541``,
``vmc://127.0.0.1:39539`` or ``livelink://127.0.0.1:11111``."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import urlsplit

from studio.core.errors import StudioError

Kind = Literal["osc", "json", "vmc", "livelink"]
_KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
_HINT = (
    "Write osc://127.0.0.1:39540 (OSC, UDP), json://127.0.0.1:39541 (JSON lines, TCP), "
    "vmc://127.0.0.1:39539 (Virtual Motion Capture) or livelink://127.0.0.1:11111 (Live Link Face)."
)
POSES: tuple[Kind, ...] = ("osc", "json")
"""Where poses can be told; the others tell performances alone."""
_PARTS: dict[str, tuple[str, ...]] = {"vmc": ("arkit", "vrm")}


@dataclass(frozen=True)
class Address:
    """``json``: where Doppel listens for programs; all others: the program that listens. ``part``
    of ``vmc`` says which faces are sent: ``arkit``, ``vrm``, or both if it is empty."""

    kind: Kind
    host: str
    port: int
    part: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.kind}://{host}:{self.port}" + (f"/{self.part}" if self.part else "")


def address_of(
    text: str, other_hosts: bool = False, kinds: Sequence[Kind] = get_args(Kind)
) -> Address:
    """Read an address. Port 0 of ``json`` takes any that is free.

    Raises StudioError for what is none or not of ``kinds``, and for another machine's unless
    ``other_hosts``.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise StudioError(f"“{text}” is no address: {error}.", _HINT) from error
    if parts.scheme not in _KINDS:
        raise StudioError(f"“{text}” is no address of a pose stream.", _HINT)
    kind, part = _KINDS[parts.scheme], parts.path.strip("/")
    if kind not in kinds:
        raise StudioError(
            f"“{kind}” tells what a person performs, not where points are.",
            f"Use {' or '.join(f'{one}://' for one in kinds)} here, or “Puppet” for {kind}.",
        )
    if not host or port is None or (port == 0 and kind != "json"):
        raise StudioError(f"“{text}” lacks a host or a port.", _HINT)
    if (part and part not in _PARTS.get(kind, ())) or parts.query or parts.username:
        raise StudioError(f"“{text}” says more than a host and a port.", _HINT)
    if not other_hosts and not here(host):
        raise StudioError(
            f"“{host}” is not this computer.",
            "Allow other computers first; in a terminal, with --other-hosts.",
        )
    return Address(kind, host, port, part)


def here(host: str) -> bool:
    """Whether a host is this computer, by its name or address alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
