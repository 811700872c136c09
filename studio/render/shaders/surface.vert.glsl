#version 330
uniform mat4 clip_from_world;
in vec3 position;
in vec3 normal;
in vec3 coat;
in vec3 colour;
in vec2 uv;
in vec3 from_dome;
out vec3 world;
out vec3 world_normal;
out vec3 own;
out vec3 tint;
out vec2 texel;
out vec3 dome;

void main() {
    world = position;
    world_normal = normal;
    own = coat;
    tint = colour;
    texel = uv;
    dome = from_dome;
    gl_Position = clip_from_world * vec4(position, 1.0);
}
