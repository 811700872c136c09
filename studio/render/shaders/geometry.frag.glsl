#version 330
//FEATURES
// The truth at a pixel's centre: where, which way, which texel, which drawable and which face.
uniform int drawn;
uniform vec3 eye;
uniform sampler2D picture;
in vec3 world;
in vec3 world_normal;
in vec2 texel;
layout(location = 0) out vec4 place;
layout(location = 1) out vec4 facing;
layout(location = 2) out ivec2 which;

void main() {
#ifdef CUT_OUT
    if (texture(picture, texel).a < 0.5) discard;
#endif
    vec3 n = normalize(world_normal), flat_n = cross(dFdx(world), dFdy(world));
    flat_n *= sign(dot(flat_n, eye - world));
    place = vec4(world, texel.x);
    facing = vec4(dot(n, flat_n) < 0.0 ? -n : n, texel.y);
    which = ivec2(drawn + 1, gl_PrimitiveID);
}
