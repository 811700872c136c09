"""Where a pose stream goes: ``osc://127.0.0.1:39540`` or ``json://127.0.0.1:39541``."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from studio.core.errors import StudioError

Kind = Literal["osc", "json"]
_HINT = "Write osc://127.0.0.1:39540 (OSC, UDP) or json://127.0.0.1:39541 (JSON lines, TCP)."


@dataclass(frozen=True)
class Address:
    """``osc``: the program that listens; ``json``: where Doppel listens for programs."""

    kind: Kind
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.kind}://{host}:{self.port}"


def address_of(text: str, other_hosts: bool = False) -> Address:
    """Read an address. Port 0 of ``json`` takes any that is free.

    Raises StudioError for what is none, and for another machine's unless ``other_hosts``.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise StudioError(f"“{text}” is no address: {error}.", _HINT) from error
    if parts.scheme not in ("osc", "json"):
        raise StudioError(f"“{text}” is no address of a pose stream.", _HINT)
    if not host or port is None or (port == 0 and parts.scheme == "osc"):
        raise StudioError(f"“{text}” lacks a host or a port.", _HINT)
    if parts.path.strip("/") or parts.query or parts.username:
        raise StudioError(f"“{text}” says more than a host and a port.", _HINT)
    if not other_hosts and not here(host):
        raise StudioError(
            f"“{host}” is not this computer.",
            "Poses stay on this computer unless you allow other hosts (--other-hosts).",
        )
    return Address("osc" if parts.scheme == "osc" else "json", host, port)


def here(host: str) -> bool:
    """Whether a host is this computer, by its name or address alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
