"""GLSL that replaces parts of VTK's polydata shaders.

Three looks: *strokes* (round, anti-aliased lines and discs of a width in metres with a minimum
in pixels), *surface* (three lights, baked occlusion, filmic tone) and *floor* (an endless metre
grid). Actors have no transform of their own, so model coordinates are world coordinates.
"""

from __future__ import annotations

from typing import Any

from vtkmodules.vtkRenderingCore import vtkActor
from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLActor

STROKE_VERTEX = {
    "//VTK::Color::Dec": """//VTK::Color::Dec
in vec3 other;   // the far end of this stroke
in vec4 brush;   // side, radius here, radius there (metres), minimum px (negative at the end)
out vec2 strokeUV;
out vec3 strokeShape;  // length, radius at the start, radius at the end (pixels)
""",
    "//VTK::PositionVC::Impl": """
vec4 here = MCDCMatrix * vertexMC;
vec4 there = MCDCMatrix * vec4(other, 1.0);
float least = 0.01;
if (here.w < least && there.w > least)
  here = mix(here, there, (least - here.w) / (there.w - here.w));
if (there.w < least && here.w > least)
  there = mix(there, here, (least - there.w) / (here.w - there.w));
vec2 p = here.xy / here.w * 0.5 * viewport;
vec2 q = there.xy / there.w * 0.5 * viewport;
float span = length(q - p);
bool start = brush.w > 0.0;
vec2 along = span > 1e-3 ? (q - p) / span : vec2(start ? 1.0 : -1.0, 0.0);
vec2 across = vec2(-along.y, along.x);
float thin = abs(brush.w) * ratio;
float r = max(brush.y * metrePx / here.w, thin);
float s = max(brush.z * metrePx / there.w, thin);
float pad = max(r, s) + 1.0;
vec2 corner = p - along * pad + across * brush.x * pad;
strokeUV = start ? vec2(-pad, brush.x * pad) : vec2(span + pad, -brush.x * pad);
strokeShape = start ? vec3(span, r, s) : vec3(span, s, r);
gl_Position = here.w < least && there.w < least
  ? vec4(2.0, 2.0, 2.0, 1.0)
  : vec4(corner / (0.5 * viewport), here.z / here.w, 1.0);
""",
}
STROKE_FRAGMENT = {
    "//VTK::Color::Dec": """//VTK::Color::Dec
in vec2 strokeUV;
in vec3 strokeShape;
""",
    "//VTK::Light::Impl": """
float u = clamp(strokeUV.x, 0.0, strokeShape.x);
float radius = mix(strokeShape.y, strokeShape.z, strokeShape.x > 0.0 ? u / strokeShape.x : 0.0);
float distancePx = length(vec2(strokeUV.x - u, strokeUV.y));
float cover = clamp(radius - distancePx + 0.5, 0.0, 1.0);
if (cover <= 0.0) discard;
float x = clamp(distancePx / max(radius, 1.0), 0.0, 1.0);
float bulge = mix(1.0, mix(0.72, 1.06, sqrt(1.0 - x * x)), smoothstep(1.5, 4.0, radius));
if (hollow == 1) {
  float rim = smoothstep(radius - 2.5, radius - 1.0, distancePx);
  fragOutput0 = vec4(diffuseColor, opacity * cover * mix(0.16, 0.75, rim));
} else {
  fragOutput0 = vec4(min(diffuseColor * bulge, vec3(1.0)), opacity * cover);
}
""",
}

SURFACE_VERTEX = {
    "//VTK::Normal::Dec": """//VTK::Normal::Dec
in vec2 light;  // ambient occlusion, share of the key light (1 open, 0 hidden)
out vec2 lightVS;
out vec3 normalWS;
out vec3 positionWS;
""",
    "//VTK::Normal::Impl": """//VTK::Normal::Impl
lightVS = light;
normalWS = normalMC;
positionWS = vertexMC.xyz;
""",
}
SURFACE_FRAGMENT = {
    "//VTK::Normal::Dec": """//VTK::Normal::Dec
in vec2 lightVS;
in vec3 normalWS;
in vec3 positionWS;
vec3 filmic(vec3 x) {  // Narkowicz 2015, fit of the ACES curve
  x *= 0.74;
  return clamp(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0.0, 1.0);
}
""",
    "//VTK::Light::Impl": """
vec3 base = diffuseColor;
vec3 n = normalize(normalWS);
if (mode == 1) n = normalize(cross(dFdx(positionWS), dFdy(positionWS)));
vec3 view = normalize(eye - positionWS);
if (dot(n, view) < 0.0 && (mode == 1 || !gl_FrontFacing)) n = -n;
float facing = clamp(dot(n, view), 0.0, 1.0);
//SURFACE::Texture
if (mode == 2) {
  fragOutput0 = vec4(n * 0.5 + 0.5, 1.0);
} else if (mode == 3) {
  float edge = pow(1.0 - facing, 1.6);
  fragOutput0 = vec4(mix(base, vec3(1.0), 0.35 * edge), mix(0.10, 0.80, edge) * opacity);
} else {
  vec3 albedo = pow(base, vec3(2.2));
  vec3 key = normalize(keyLight);
  vec3 scatter = 0.10 + 0.45 * albedo * (1.0 - metallic);
  vec3 lit = clamp((dot(n, key) + scatter) / (1.0 + scatter), 0.0, 1.0);
  float open = lightVS.x;
  vec3 bounce = mix(albedo * open, vec3(open), open);
  vec3 sky = mix(vec3(0.30, 0.27, 0.25), vec3(0.62, 0.68, 0.78), n.z * 0.5 + 0.5);
  vec3 side = normalize(vec3(-key.x, key.y * 0.6, 0.25));
  float fill = clamp(dot(n, side) * 0.5 + 0.5, 0.0, 1.0);
  vec3 shade = vec3(1.16, 1.07, 0.95) * lit * mix(0.12, 1.0, lightVS.y)
             + sky * 0.50 * open * (0.6 + 0.4 * bounce)
             + vec3(0.42, 0.50, 0.62) * fill * fill * open
             + vec3(0.30) * facing * open;
  vec3 halfway = normalize(key + view);
  float shine = exp2(10.0 * (1.0 - roughness) + 1.0);
  float fresnel = 0.04 + 0.96 * pow(1.0 - clamp(dot(halfway, view), 0.0, 1.0), 5.0);
  vec3 gloss = mix(vec3(fresnel), albedo, metallic);
  vec3 spec = gloss * pow(clamp(dot(n, halfway), 0.0, 1.0), shine) * (shine + 8.0) * 0.12
            * max(dot(n, key), 0.0) * lightVS.y;
  float rim = pow(1.0 - facing, 3.5) * (0.35 + 0.65 * clamp(0.5 + 0.5 * n.z, 0.0, 1.0));
  vec3 colour = albedo * (1.0 - 0.8 * metallic) * shade + 0.8 * spec
              + rim * open * vec3(0.40, 0.46, 0.56) * (0.25 + albedo);
  fragOutput0 = vec4(pow(filmic(colour), vec3(1.0 / 2.2)), opacity);
}
""",
}
SURFACE_TEXTURE = """
vec4 texel = texture(actortexture, tcoordVCVSOutput);
base *= texel.rgb;
opacity *= texel.a;
if (cutout == 1 && texel.a < 0.25) discard;
"""

FLOOR_VERTEX = {
    "//VTK::Color::Dec": "//VTK::Color::Dec\nout vec3 positionWS;\n",
    "//VTK::PositionVC::Impl": "//VTK::PositionVC::Impl\npositionWS = vertexMC.xyz;\n",
}
FLOOR_FRAGMENT = {
    "//VTK::Color::Dec": """//VTK::Color::Dec
in vec3 positionWS;
float grid(vec2 p, float width) {
  vec2 pixel = fwidth(p);
  vec2 away = abs(fract(p - 0.5) - 0.5) / max(pixel, vec2(1e-6));
  vec2 line = clamp(width + 0.5 - away, 0.0, 1.0) * (1.0 - smoothstep(0.25, 0.6, pixel));
  return max(line.x, line.y);
}
""",
    "//VTK::Light::Impl": """
vec2 p = positionWS.xy;
float fade = 1.0 - smoothstep(reach * 0.25, reach, length(p));
float strength = max(0.34 * grid(p, 0.35), 0.11 * grid(p * 10.0, 0.25));
vec3 ink = diffuseColor;
vec2 away = abs(p) / max(fwidth(p), vec2(1e-6));
float onX = clamp(1.2 - away.y, 0.0, 1.0);
float onY = clamp(1.2 - away.x, 0.0, 1.0);
ink = mix(ink, axisX, onX);
ink = mix(ink, axisY, onY);
strength = max(strength, 0.75 * max(onX, onY));
vec3 ray = normalize(eye - positionWS);
fragOutput0 = vec4(ink, strength * fade * smoothstep(0.0, 0.12, abs(ray.z)));
""",
}


def dress(
    actor: vtkActor, vertex: dict[str, str], fragment: dict[str, str], texture: bool = False
) -> tuple[Any, Any]:
    """Replace shader parts of a VTK actor; its vertex and fragment custom uniforms."""
    if not isinstance(actor, vtkOpenGLActor):
        raise TypeError("VTK was built without OpenGL")
    prop = actor.GetShaderProperty()
    for place, code in vertex.items():
        prop.AddVertexShaderReplacement(place, True, code, False)
    for place, code in fragment.items():
        code = code.replace("//SURFACE::Texture", SURFACE_TEXTURE if texture else "")
        prop.AddFragmentShaderReplacement(place, True, code, False)
    if texture:
        prop.AddFragmentShaderReplacement("//VTK::TCoord::Impl", True, "", False)
    return prop.GetVertexCustomUniforms(), prop.GetFragmentCustomUniforms()
