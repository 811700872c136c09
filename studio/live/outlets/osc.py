"""Open Sound Control 1.0: messages and bundles as bytes.

Source: the OSC 1.0 specification (Wright, 2002). Arguments are int (``i``), float (``f``) and str
(``s``).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

Argument = int | float | str
AT_ONCE = b"#bundle\0" + struct.pack(">Q", 1)
MOST_BYTES = 1400
"""What travels in one piece through a usual network."""


def message(address: str, *arguments: Argument) -> bytes:
    """One message. Raises TypeError for a bool, which OSC 1.0 has not."""
    tags, packed = [","], bytearray()
    for argument in arguments:
        if isinstance(argument, bool):
            raise TypeError("OSC 1.0 has no bool: send 0 or 1")
        if isinstance(argument, int):
            tags.append("i")
            packed += struct.pack(">i", argument)
        elif isinstance(argument, float):
            tags.append("f")
            packed += struct.pack(">f", argument)
        else:
            tags.append("s")
            packed += _text(argument)
    return _text(address) + _text("".join(tags)) + bytes(packed)


def bundle(messages: Sequence[bytes]) -> bytes:
    """Messages that belong together, to be acted on at once."""
    return AT_ONCE + b"".join(struct.pack(">i", len(one)) + one for one in messages)


def bundles(messages: Sequence[bytes], most: int = MOST_BYTES) -> list[bytes]:
    """Messages in as few bundles as hold them in order, none longer than ``most`` bytes if its
    messages allow."""
    found: list[list[bytes]] = []
    size = most
    for one in messages:
        size += 4 + len(one)
        if size > most:
            found.append([])
            size = len(AT_ONCE) + 4 + len(one)
        found[-1].append(one)
    return [bundle(some) for some in found]


def unpacked(packet: bytes) -> list[tuple[str, tuple[Argument, ...]]]:
    """The messages of a packet, those of bundles among them. Raises ValueError if it is damaged."""
    try:
        return _unpacked(packet)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"this is no OSC packet: {error}") from error


def _unpacked(packet: bytes) -> list[tuple[str, tuple[Argument, ...]]]:
    if not packet.startswith(b"#bundle\0"):
        return [_message(packet)]
    found: list[tuple[str, tuple[Argument, ...]]] = []
    at = 16
    while at < len(packet):
        (size,) = struct.unpack_from(">i", packet, at)
        inside = packet[at + 4 : at + 4 + size]
        if size <= 0 or len(inside) < size:
            raise ValueError("a bundle is cut short")
        found += _unpacked(inside)
        at += 4 + size
    return found


def _message(packet: bytes) -> tuple[str, tuple[Argument, ...]]:
    address, at = _read_text(packet, 0)
    tags, at = _read_text(packet, at)
    if not address.startswith("/") or not tags.startswith(","):
        raise ValueError("a message has no address or no types")
    found: list[Argument] = []
    for tag in tags[1:]:
        if tag == "s":
            text, at = _read_text(packet, at)
            found.append(text)
        elif tag in "if":
            found.append(struct.unpack_from(f">{tag}", packet, at)[0])
            at += 4
        else:
            raise ValueError(f"arguments of type “{tag}” are not understood")
    return address, tuple(found)


def _text(text: str) -> bytes:
    """Bytes that end with zeros, to a multiple of four."""
    raw = text.encode()
    return raw + bytes(4 - len(raw) % 4)


def _read_text(packet: bytes, at: int) -> tuple[str, int]:
    end = packet.index(b"\0", at) if b"\0" in packet[at:] else -1
    if end < 0:
        raise ValueError("a text does not end")
    return packet[at:end].decode(), end + 4 - end % 4
