#version 330
uniform int number;
uniform bool textured;
uniform sampler2D picture;
uniform float base_alpha;
in vec3 world;
in vec3 world_normal;
in vec2 texel;
layout(location = 0) out vec4 xyz_id;
layout(location = 1) out vec4 normal_depth;

void main() {
    if (base_alpha * (textured ? texture(picture, texel).a : 1.0) < 0.5) discard;
    xyz_id = vec4(world, float(number));
    normal_depth = vec4(normalize(world_normal), 1.0);
}
