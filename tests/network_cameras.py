"""Network cameras on 127.0.0.1 that stall, drop, change size, refuse, die and come back."""

from __future__ import annotations

import base64
import re
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction

import av
import cv2
import numpy as np


def jpeg(number: int, size_px: tuple[int, int] = (96, 64)) -> bytes:
    """A JPEG whose grey says its number (see ``clips.number_of``)."""
    width, height = size_px
    picture = np.full((height, width, 3), 5 + 5 * (number % 48), np.uint8)
    return cv2.imencode(".jpg", picture)[1].tobytes()


class _Camera(socketserver.ThreadingTCPServer):
    """Sends numbered frames at a rate while ``going``; it can be changed while it runs."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, handler: type[socketserver.BaseRequestHandler], port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.port = int(self.server_address[1])
        self.rate_hz = 50.0
        self.size_px = (96, 64)
        self.going = threading.Event()
        self.going.set()
        self.dead = threading.Event()
        self.sent = 0
        self._sockets: set[socket.socket] = set()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def beats(self) -> Iterator[int]:
        """The number of each frame when it is time to send it."""
        while not self.dead.is_set():
            if self.going.wait(0.05):
                yield self.sent
                self.sent += 1
                time.sleep(1 / self.rate_hz)

    def process_request(self, request: socket.socket, address: object) -> None:
        self._sockets.add(request)
        super().process_request(request, address)

    def shutdown_request(self, request: socket.socket) -> None:
        self._sockets.discard(request)
        super().shutdown_request(request)

    def die(self) -> None:
        """Switch off: connections break, new ones are refused."""
        self.dead.set()
        self.shutdown()
        for one in list(self._sockets):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self.server_close()

    def handle_error(self, request: object, address: object) -> None:
        """A client that goes is no error."""


class HttpCamera(_Camera):
    """MJPEG over HTTP."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(_Http, port)
        self.lengths = True
        self.boundary = "frame"
        self.content_type = ""
        self.login = ""
        self.status = 200
        self.silent = False
        self.stamps = False
        self.location = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/video"


class _Http(socketserver.BaseRequestHandler):
    server: HttpCamera

    def handle(self) -> None:
        camera = self.server
        request = self.request.recv(65536).decode("latin-1")
        if camera.silent:
            camera.dead.wait(30)
            return
        wanted = base64.b64encode(camera.login.encode()).decode()
        if camera.login and f"Basic {wanted}" not in request:
            self.request.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
            return
        if camera.location and camera.location not in request:
            head = f"HTTP/1.1 302 Found\r\nLocation: {camera.location}\r\n\r\n"
            self.request.sendall(head.encode())
            return
        if camera.status != 200:
            head = f"HTTP/1.1 {camera.status} No\r\nContent-Length: 0\r\n\r\n"
            self.request.sendall(head.encode())
            return
        kind = camera.content_type or f"multipart/x-mixed-replace; boundary={camera.boundary}"
        self.request.sendall(f"HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode())
        if camera.content_type:
            self.request.sendall(bytes(5000))
            return
        mark = camera.boundary if camera.boundary.startswith("--") else f"--{camera.boundary}"
        for number in camera.beats():
            body = jpeg(number, camera.size_px)
            head = f"{mark}\r\nContent-Type: image/jpeg\r\n"
            if camera.lengths:
                head += f"Content-Length: {len(body)}\r\n"
            if camera.stamps:
                head += f"X-Timestamp: {1000 + number / camera.rate_hz:.6f}\r\n"
            self.request.sendall(head.encode() + b"\r\n" + body + b"\r\n")


class RtspCamera(_Camera):
    """H.264 over RTSP, interleaved in its TCP connection (RFC 2326, RFC 6184)."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(_Rtsp, port)
        self.status = 200
        self.skip: set[int] = set()
        self.gop = 10

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/live"

    def encoder(self) -> av.VideoCodecContext:
        context = av.CodecContext.create("libx264", "w")
        context.width, context.height = self.size_px
        context.pix_fmt, context.time_base = "yuv420p", Fraction(1, 90_000)
        context.gop_size, context.max_b_frames = self.gop, 0
        context.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "10"}
        return context


class _Rtsp(socketserver.StreamRequestHandler):
    server: RtspCamera

    def handle(self) -> None:
        camera = self.server
        while line := self.rfile.readline().decode("latin-1"):
            if line.startswith("$"):
                continue
            method = line.partition(" ")[0]
            headers: dict[str, str] = {}
            while text := self.rfile.readline().decode("latin-1").strip():
                name, _, value = text.partition(":")
                headers[name.lower()] = value.strip()
            sequence = headers.get("cseq", "0")
            if camera.status != 200 and method == "DESCRIBE":
                self._answer(sequence, status=f"{camera.status} No")
                return
            if method == "DESCRIBE":
                sdp = (
                    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\n"
                    "m=video 0 RTP/AVP 96\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:96 H264/90000\r\n"
                    "a=fmtp:96 packetization-mode=1\r\na=control:track1\r\n"
                )
                self._answer(sequence, {"Content-Type": "application/sdp"}, sdp)
            elif method == "SETUP":
                transport = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1", "Session": "7"}
                self._answer(sequence, transport)
            elif method == "PLAY":
                self._answer(sequence, {"Session": "7", "Range": "npt=0.000-"})
                self._play()
                return
            else:
                self._answer(sequence, {"Public": "DESCRIBE, SETUP, PLAY, TEARDOWN"})

    def _answer(
        self, sequence: str, headers: dict[str, str] | None = None, body: str = "",
        status: str = "200 OK",
    ) -> None:  # fmt: skip
        lines = [f"RTSP/1.0 {status}", f"CSeq: {sequence}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.wfile.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())

    def _play(self) -> None:
        camera = self.server
        encoder = camera.encoder()
        sequence = 0
        width, height = camera.size_px
        for number in camera.beats():
            grey = np.full((height, width, 3), 5 + 5 * (number % 48), np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts = round(number * 90_000 / camera.rate_hz)
            for packet in encoder.encode(frame):
                if number in camera.skip:
                    continue
                units = [u for u in re.split(b"\0\0\0?\1", bytes(packet)) if u]
                for place, unit in enumerate(units):
                    for payload, last in _payloads(unit):
                        end = last and place == len(units) - 1
                        header = struct.pack(
                            ">BBHII", 0x80, 96 | (0x80 if end else 0), sequence & 0xFFFF,
                            frame.pts & 0xFFFFFFFF, 1234,
                        )  # fmt: skip
                        sequence += 1
                        data = header + payload
                        self.wfile.write(b"$\0" + struct.pack(">H", len(data)) + data)


def _payloads(unit: bytes, most: int = 1200) -> Iterator[tuple[bytes, bool]]:
    """RTP payloads of one NAL unit, and whether each is its last: whole, or in FU-A pieces."""
    if len(unit) <= most:
        yield unit, True
        return
    kind, rest = unit[0], unit[1:]
    pieces = [rest[at : at + most] for at in range(0, len(rest), most)]
    for place, piece in enumerate(pieces):
        first, last = place == 0, place == len(pieces) - 1
        flags = (0x80 if first else 0) | (0x40 if last else 0) | (kind & 0x1F)
        yield bytes([(kind & 0xE0) | 28, flags]) + piece, last


def until(true: Callable[[], object], wait_s: float = 90.0) -> None:
    """Wait until something is true; however busy the machine is, it has long enough."""
    end = time.monotonic() + wait_s
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.005)
