#version 330
//FEATURES
//INCLUDE common.glsl
//INCLUDE fold.glsl
//INCLUDE cutout.glsl
//INCLUDE matter.glsl
// Everything about the surface at a sample: the truth, and what the light will need to know.
uniform int drawn;
uniform vec3 forward;
layout(location = 0) out ivec4 truth;
layout(location = 1) out vec4 facing;
layout(location = 2) out vec4 paint;
layout(location = 3) out vec4 kind;
layout(location = 4) out vec4 arriving;

void main() {
    float alpha;
    Surface s = matter(alpha);
#ifdef CLEAR
    if (alpha < 0.5) discard;
#endif
    truth = ivec4(((drawn + 1) << 20) | gl_PrimitiveID, floatBitsToInt(dot(world - eye, forward)),
                  floatBitsToInt(texel.x), floatBitsToInt(texel.y));
    facing = vec4(fold(s.smooth_n), fold(s.n));
    paint = vec4(sqrt(s.colour), s.roughness);
    kind = vec4(s.open, s.metallic, 0.0, 0.0);
#ifdef DOME
    arriving = vec4(s.dome, 1.0);
#endif
}
