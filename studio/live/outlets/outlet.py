"""Telling other programs what is found, without ever waiting for them."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from studio.core.errors import StudioError
from studio.live.moment import Moment
from studio.live.outlets.address import Address
from studio.live.outlets.livelink import LiveLink
from studio.live.outlets.messages import layout_line, layouts_of, packets, pose_line
from studio.live.outlets.performed import performance_line, performance_packets
from studio.live.outlets.vmc import Vmc
from studio.live.performance import Performance
from studio.live.relay import Lane

ACCEPT_S = 0.2
PATIENCE_S = 5.0
"""A program that has taken nothing for so long is gone."""


Told = Moment | Performance
"""What there is to tell: who was seen and where, or what a person does."""
Encoder = Callable[[Told], Sequence[bytes]]


class Outlet(Protocol):
    """Somebody who is told every moment or performance; the newest wins, and telling never waits.

    What an outlet's kind has no words for is left unsaid: ``vmc`` and ``livelink`` tell
    performances alone.
    """

    @property
    def address(self) -> Address: ...

    @property
    def listeners(self) -> int: ...

    def tell(self, told: Told) -> None: ...

    def close(self) -> None: ...


def open_outlets(addresses: Sequence[Address]) -> tuple[Outlet, ...]:
    """Open them all. Raises StudioError if one cannot be, and then opens none."""
    opened: list[Outlet] = []
    try:
        for address in addresses:
            outlet = JsonOutlet(address) if address.kind == "json" else UdpOutlet(address)
            opened.append(outlet)
    except StudioError:
        for one in opened:
            one.close()
        raise
    return tuple(opened)


def _osc(told: Told) -> Sequence[bytes]:
    return packets(told) if isinstance(told, Moment) else performance_packets(told)


def _encoder(address: Address) -> Encoder:
    """How an address that is sent to wants things said."""
    if address.kind == "osc":
        return _osc
    speak = LiveLink().packets if address.kind == "livelink" else Vmc(address.part).packets
    return lambda told: speak(told) if isinstance(told, Performance) else ()


class UdpOutlet:
    """Sends packets by UDP; whether anybody hears them cannot be known. ``sent`` counts what was
    told: moments, or performances."""

    def __init__(self, address: Address) -> None:
        """Raises StudioError if there is no such host."""
        self.address = address
        self.sent = 0
        try:
            where = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)[0]
        except OSError as error:
            raise StudioError(f"“{address.host}” is not known.", "Give 127.0.0.1.") from error
        self._encode = _encoder(address)
        self._to = where[4]
        self._socket = socket.socket(where[0], socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._lane: Lane[Told] = Lane(f"{address.kind} {address.port}", self._send)

    @property
    def listeners(self) -> int:
        return 1

    def tell(self, told: Told) -> None:
        """Send this next, unless a newer one comes first."""
        self._lane.put(told)

    def close(self) -> None:
        """Send nothing any more."""
        self._lane.close()
        self._socket.close()

    def _send(self, told: Told) -> None:
        for packet in self._encode(told):
            with contextlib.suppress(OSError):  # nobody there, or no room: the next one is near
                self._socket.sendto(packet, self._to)
        self.sent += 1


@dataclass(eq=False)
class _Client:
    """One program that listens: its socket, the lane that writes to it, and what it knows."""

    socket: socket.socket
    lane: Lane[Told] | None
    layouts: set[str]


class JsonOutlet:
    """Lets programs connect by TCP, and writes a line for all that is told to all of them.

    Each has a lane of its own: one that reads slowly misses moments and holds nobody up, one that
    takes nothing for five seconds is let go.
    """

    def __init__(self, address: Address) -> None:
        try:
            family = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0][0]
            self._server = socket.create_server((address.host, address.port), family=family)
        except OSError as error:
            raise StudioError(
                f"No program can be let in at {address}: {error.strerror or error}.",
                "Choose another port; this one may be taken by another program.",
            ) from error
        self._server.settimeout(ACCEPT_S)
        self.address = Address("json", address.host, self._server.getsockname()[1])
        self._clients: tuple[_Client, ...] = ()
        self._guard = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._let_in, name="json stream", daemon=True)
        self._thread.start()

    @property
    def listeners(self) -> int:
        return len(self._clients)

    def tell(self, told: Told) -> None:
        """Write this next to everybody who has caught up."""
        for client in self._clients:
            if client.lane is not None:
                client.lane.put(told)

    def close(self) -> None:
        """Let nobody in any more, and everybody go."""
        self._ending.set()
        self._thread.join(2.0)
        self._server.close()
        for client in self._clients:
            self._let_go(client)

    def _let_in(self) -> None:
        while not self._ending.is_set():
            try:
                there, _ = self._server.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            there.settimeout(PATIENCE_S)
            there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client = _Client(there, None, set())
            client.lane = Lane("json listener", lambda m, c=client: self._write(c, m))
            with self._guard:
                self._clients = (*self._clients, client)

    def _write(self, client: _Client, told: Told) -> None:
        lines: list[bytes] = []
        for layout in layouts_of(told) if isinstance(told, Moment) else ():
            if layout.name not in client.layouts:
                client.layouts.add(layout.name)
                lines.append(layout_line(layout))
        lines.append(pose_line(told) if isinstance(told, Moment) else performance_line(told))
        try:
            client.socket.sendall(b"".join(lines))
        except OSError:
            self._let_go(client)

    def _let_go(self, client: _Client) -> None:
        with self._guard:
            self._clients = tuple(one for one in self._clients if one is not client)
        with contextlib.suppress(OSError):
            client.socket.shutdown(socket.SHUT_RDWR)
        client.socket.close()
        if client.lane is not None:
            client.lane.close()
