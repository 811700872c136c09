"""GL programs of the live canvas: pictures, and round anti-aliased strokes over them."""

from __future__ import annotations

import math

import cv2
import numpy as np
from vispy import gloo

PICTURE_VERTEX = """
attribute vec2 corner;
uniform vec2 window;
uniform vec3 place;    // scale, x, y of the top-left corner, in window pixels
uniform vec2 size;
uniform float mirrored;
varying vec2 uv;
void main() {
  vec2 at = place.yz + corner * size * place.x;
  gl_Position = vec4(at / window * vec2(2.0, -2.0) + vec2(-1.0, 1.0), 0.0, 1.0);
  uv = vec2(mix(corner.x, 1.0 - corner.x, mirrored), corner.y);
}
"""
PICTURE_FRAGMENT = """
uniform sampler2D picture;
uniform vec2 texels;
uniform float zebra;    // stripes over what is burnt out, others over what is black
uniform float peaking;  // sharp edges are painted
varying vec2 uv;
float light(vec2 at) { return dot(texture2D(picture, at).rgb, vec3(0.299, 0.587, 0.114)); }
void main() {
  vec3 ink = texture2D(picture, uv).rgb;
  float top = max(ink.r, max(ink.g, ink.b));
  if (peaking > 0.5) {
    vec2 step = 1.0 / texels;
    float here = dot(ink, vec3(0.299, 0.587, 0.114));
    float edge = abs(light(uv + vec2(step.x, 0.0)) + light(uv - vec2(step.x, 0.0))
                   + light(uv + vec2(0.0, step.y)) + light(uv - vec2(0.0, step.y)) - 4.0 * here);
    ink = mix(vec3(here * 0.75), vec3(1.0, 0.35, 0.1), smoothstep(0.16, 0.26, edge));
  }
  if (zebra > 0.5) {
    float rising = mod(gl_FragCoord.x + gl_FragCoord.y, 10.0);
    float falling = mod(gl_FragCoord.x - gl_FragCoord.y, 10.0);
    if (top > 0.978) ink = rising < 5.0 ? vec3(0.85, 0.1, 0.1) : vec3(1.0);
    else if (top < 0.02) ink = falling < 5.0 ? vec3(0.2, 0.45, 0.95) : vec3(0.0);
  }
  gl_FragColor = vec4(ink, 1.0);
}
"""
STROKE_VERTEX = """
attribute vec4 ends;    // from, to (picture pixels)
attribute vec2 corner;  // end 0/1, side -1/1
attribute vec4 colour;
attribute float radius; // window pixels
uniform vec2 window;
uniform vec3 place;
uniform float width;    // of a mirrored picture; 0 where it is not mirrored
varying vec4 ink;
varying vec2 uv;
varying vec2 shape;
vec2 seen(vec2 at) {
  return place.yz + vec2(width > 0.0 ? width - at.x - 0.5 : at.x + 0.5, at.y + 0.5) * place.x;
}
void main() {
  vec2 p = seen(ends.xy);
  vec2 q = seen(ends.zw);
  float span = length(q - p);
  vec2 along = span > 0.001 ? (q - p) / span : vec2(1.0, 0.0);
  float pad = radius + 1.0;
  float u = mix(-pad, span + pad, corner.x);
  uv = vec2(u, corner.y * pad);
  shape = vec2(span, radius);
  vec2 at = p + along * u + vec2(-along.y, along.x) * uv.y;
  gl_Position = vec4(at / window * vec2(2.0, -2.0) + vec2(-1.0, 1.0), 0.0, 1.0);
  ink = colour;
}
"""
STROKE_FRAGMENT = """
varying vec4 ink;
varying vec2 uv;
varying vec2 shape;
void main() {
  float away = length(vec2(uv.x - clamp(uv.x, 0.0, shape.x), uv.y));
  float cover = clamp(shape.y - away + 0.5, 0.0, 1.0);
  gl_FragColor = vec4(ink.rgb, ink.a * cover);
}
"""
_CORNERS = np.array([[0, -1], [0, 1], [1, 1], [1, -1]], np.float32)
_DTYPE = np.dtype(
    [("ends", np.float32, 4), ("corner", np.float32, 2), ("colour", np.float32, 4),
     ("radius", np.float32)]
)  # fmt: skip


def halvings(scale: float) -> int:
    """How often a picture can be halved and still have a pixel for each of the screen's."""
    return max(0, math.floor(-math.log2(max(scale, 1e-3)) + 1e-6))


class Picture:
    """One video's texture, updated in place.

    ``mirrored`` swaps left and right; ``zebra`` and ``peaking`` are the aids for exposure and
    focus.
    """

    def __init__(self) -> None:
        self.mirrored = self.zebra = self.peaking = False
        self.size: tuple[int, int] | None = None
        self.halvings = 0
        self._texture: gloo.Texture2D | None = None
        self._program = gloo.Program(PICTURE_VERTEX, PICTURE_FRAGMENT)
        self._program["corner"] = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32)

    def upload(self, rgb: np.ndarray, scale: float = 1.0) -> None:
        """Take a picture that is to be seen at this scale; one seen small is halved first, which
        costs less than moving it whole and looks better."""
        self.size = (rgb.shape[1], rgb.shape[0])
        self.halvings = halvings(scale)
        for _ in range(self.halvings):
            half = (max(rgb.shape[1] // 2, 1), max(rgb.shape[0] // 2, 1))
            rgb = cv2.resize(rgb, half, interpolation=cv2.INTER_AREA)
        rgb = np.ascontiguousarray(rgb)
        if self._texture is None or self._texture.shape != rgb.shape:
            self._texture = gloo.Texture2D(rgb, internalformat="rgb8", interpolation="linear")
            self._program["picture"] = self._texture
            self._program["texels"] = (rgb.shape[1], rgb.shape[0])
        else:
            self._texture.set_data(rgb)
        self._program["size"] = self.size

    def draw(
        self, window: tuple[int, int], place: tuple[float, float, float], exact: bool = False
    ) -> None:
        """Draw it at ``place`` (scale, x, y); ``exact`` shows pixels as squares from 1:1 on."""
        if self._texture is None:
            return
        squares = place[0] >= (0.999 if exact else 2)
        self._texture.interpolation = "nearest" if squares else "linear"
        self._program["window"] = window
        self._program["place"] = place
        for aid in ("mirrored", "zebra", "peaking"):
            self._program[aid] = float(getattr(self, aid))
        self._program.draw("triangle_strip")


class Overlay:
    """Strokes over one video, in its pixels."""

    def __init__(self) -> None:
        self._program = gloo.Program(STROKE_VERTEX, STROKE_FRAGMENT)
        self._buffer: gloo.VertexBuffer | None = None
        self._index: gloo.IndexBuffer | None = None
        self._count = 0

    def update(self, ends_px: np.ndarray, rgba: np.ndarray, radius_px: np.ndarray) -> None:
        """Draw segments (n, 4: from, to), colours (n, 4) and radii (n,); NaN ones are left out."""
        good = np.isfinite(ends_px).all(1)
        ends_px, rgba, radius_px = ends_px[good], rgba[good], radius_px[good]
        count = len(ends_px)
        if count == 0:
            self._count = 0
            return
        data = np.empty((count, 4), _DTYPE)
        data["ends"] = ends_px[:, None]
        data["corner"] = _CORNERS
        data["colour"] = rgba[:, None]
        data["radius"] = radius_px[:, None]
        if self._buffer is None or self._index is None or count != self._count:
            self._buffer = gloo.VertexBuffer(data.ravel())
            self._program.bind(self._buffer)
            first = np.arange(count, dtype=np.uint32)[:, None] * 4
            self._index = gloo.IndexBuffer(
                (first + np.array([0, 1, 2, 0, 2, 3], np.uint32)).ravel()
            )
            self._count = count
        else:
            self._buffer.set_data(data.ravel())

    def draw(
        self, window: tuple[int, int], place: tuple[float, float, float], mirror_px: int = 0
    ) -> None:
        """Draw them; ``mirror_px`` is the width of the picture if that is shown mirrored."""
        if self._count:
            self._program["width"] = float(mirror_px)
            self._program["window"] = window
            self._program["place"] = place
            self._program.draw("triangles", self._index)
