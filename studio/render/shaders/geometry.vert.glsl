#version 330
uniform mat4 clip_from_world;
in vec3 position;
in vec3 normal;
in vec2 uv;
out vec3 world;
out vec3 world_normal;
out vec2 texel;

void main() {
    world = position;
    world_normal = normal;
    texel = uv;
    gl_Position = clip_from_world * vec4(position, 1.0);
}
