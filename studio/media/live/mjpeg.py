"""HTTP cameras: phones and network cameras that send JPEG after JPEG."""

from __future__ import annotations

import base64
import http.client
import re
import socket
import ssl
from contextlib import suppress
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from studio.core.errors import StudioError
from studio.media.live.demux import open_network, unfulfilled
from studio.media.live.source import Source, check_url
from studio.media.live.stream import Encoding, Raw, Session, Stream, jpeg_size

MOST_BYTES = 64_000_000
_REDIRECTS = 3


def open_http(source: Source, session: Session) -> Stream:
    """An HTTP camera: MJPEG, or any video stream that PyAV understands. Raises StudioError."""
    check_url(source.place)
    connection, response = _get(source, url := source.place, session.open_s)
    for _ in range(_REDIRECTS):
        if response.status not in (301, 302, 303, 307, 308):
            break
        response.close()
        connection.close()
        url = urljoin(url, response.getheader("Location") or "")
        connection, response = _get(source, url, session.open_s)
    kind = (response.getheader("Content-Type") or "").lower()
    if response.status == 200 and kind.startswith("multipart/"):
        return _Mjpeg(source, session, connection, response)
    response.close()
    connection.close()
    if response.status != 200:
        raise _refused(source, response.status)
    if kind.startswith(("text/", "application/json")):
        raise StudioError(
            f"{source.name} sends a web page, not a stream.",
            "Give the stream's own address: for “IP Webcam” add /video, for most cameras "
            f"/mjpeg or /video.mjpg. Address: {source.shown_place}",
        )
    if kind.startswith("image/"):
        raise StudioError(
            f"{source.name} sends one picture, not a stream.",
            f"Give the address of its video stream. Address: {source.shown_place}",
        )
    return open_network(source, session, {})


def _get(
    source: Source, url: str, open_s: float
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    parts = urlsplit(url)
    make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=open_s)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET", path, headers=_login(parts))
        return connection, connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise _unreachable(source, error, open_s) from error


def _login(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}


def _unreachable(source: Source, error: Exception, open_s: float) -> StudioError:
    name, place = source.name, f"Address: {source.shown_place}"
    if isinstance(error, TimeoutError):
        return StudioError(
            f"{name} did not answer within {open_s:.0f} s.",
            f"Is it switched on and in the same network? {place}",
        )
    if isinstance(error, ConnectionRefusedError):
        return StudioError(f"{name} refuses connections.", f"Start its streaming app. {place}")
    if isinstance(error, ssl.SSLCertVerificationError):
        return StudioError(
            f"{name} shows a certificate that nobody vouches for.",
            f"Use http:// inside your own network. {place}",
        )
    if isinstance(error, socket.gaierror):
        return StudioError(f"There is no “{urlsplit(source.place).hostname}”.", f"{place}")
    if isinstance(error, http.client.HTTPException):
        return StudioError(f"{name} does not speak HTTP.", f"Check the port. {place}")
    reason = getattr(error, "strerror", None) or str(error)
    return StudioError(f"{name} cannot be reached: {reason}.", place)


def _refused(source: Source, status: int) -> StudioError:
    place = f"Address: {source.shown_place}"
    if status in (401, 403):
        return StudioError(
            f"{source.name} wants a user name and a password, or refuses those given.",
            "Write them into the address: http://USER:PASSWORD@ADDRESS/...",
        )
    if status == 404:
        return StudioError(
            f"{source.name} is there, but has no stream at this path.",
            f"Look up the path in its manual or app. {place}",
        )
    if status == 503:
        return StudioError(f"{source.name} is busy.", f"Close other programs that show it. {place}")
    return StudioError(f"{source.name} answers with error {status}.", place)


class _Mjpeg:
    """Parts of a multipart/x-mixed-replace stream, with or without Content-Length."""

    rate_hz = 0.0

    def __init__(
        self,
        source: Source,
        session: Session,
        connection: http.client.HTTPConnection,
        response: http.client.HTTPResponse,
    ) -> None:
        self._name, self._session, self._response = source.name, session, response
        self._connection = connection
        self._socket: socket.socket | None = connection.sock or _socket_of(response)
        if self._socket is not None:
            self._socket.settimeout(session.silence_s)
        kind = response.getheader("Content-Type") or ""
        found = re.search(r'boundary="?([^";\s]+)', kind, re.I)
        self._mark = b"--" + (found[1] if found else "").lstrip("-").encode("latin-1")
        self._buffer = bytearray()
        self._encoding: Encoding | None = None
        self.notes = unfulfilled(source)

    def read(self) -> Raw | None:
        """The next JPEG; parts that hold none are left out."""
        while not self._session.stopping.is_set():
            head = self._header()
            jpeg = self._body(head)
            start = jpeg.find(b"\xff\xd8")
            end = jpeg.rfind(b"\xff\xd9")
            if start < 0 or end < start:
                continue
            jpeg = jpeg[start : end + 2]
            size = jpeg_size(jpeg)
            if size is None:
                continue
            if self._encoding is None or self._encoding.size_px != size:
                self._encoding = Encoding.of_jpeg(jpeg)
            stamp = re.search(rb"^x-timestamp:\s*([\d.]+)", head, re.I | re.M)
            return Raw(jpeg, encoding=self._encoding, stamp_s=float(stamp[1]) if stamp else None)
        return None

    def _header(self) -> bytes:
        """The lines between a boundary and its part."""
        start = self._until(self._mark, 0)
        line = self._until(b"\n", start + len(self._mark))
        end = line + 1
        while True:
            stop = self._until(b"\n", end)
            blank = not self._buffer[end:stop].strip()
            end = stop + 1
            if blank:
                break
        head = bytes(self._buffer[line + 1 : end])
        del self._buffer[:end]
        return head

    def _body(self, head: bytes) -> bytes:
        length = re.search(rb"^content-length:\s*(\d+)", head, re.I | re.M)
        size = int(length[1]) if length else -1
        if 0 < size <= MOST_BYTES:
            while len(self._buffer) < size:
                self._more()
        else:
            size = self._until(self._mark, 0)
        body = bytes(self._buffer[:size])
        del self._buffer[:size]
        return body

    def _until(self, what: bytes, start: int) -> int:
        """Where ``what`` begins in the buffer, read on until it is there."""
        while True:
            at = self._buffer.find(what, start)
            if at >= 0:
                return at
            start = max(start, len(self._buffer) - len(what) + 1)
            self._more()

    def _more(self) -> None:
        try:
            data = self._response.read1(262_144)
        except TimeoutError as error:
            raise StudioError(
                f"{self._name} fell silent.", "Check its battery and its network."
            ) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise self._gone() from error
        if not data:
            raise self._gone()
        self._buffer += data
        if len(self._buffer) > MOST_BYTES:
            raise StudioError(
                f"What {self._name} sends is not a stream of pictures.", "Choose MJPEG."
            )

    def _gone(self) -> StudioError:
        return StudioError(
            f"{self._name} has ended its stream.",
            "Check its app and its network; it comes back by itself.",
        )

    def interrupt(self) -> None:
        """Wake up a read from another thread."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the connection."""
        self._response.close()
        self._connection.close()


def _socket_of(response: http.client.HTTPResponse) -> socket.socket | None:
    """The socket under a response that closes its connection."""
    raw = getattr(response.fp, "raw", None)
    return getattr(raw, "_sock", None)
