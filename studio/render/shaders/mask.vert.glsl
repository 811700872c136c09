#version 330
uniform mat4 clip_from_world;
in vec3 position;
in vec2 uv;
out vec2 texel;

void main() {
    texel = uv;
    gl_Position = clip_from_world * vec4(position, 1.0);
}
