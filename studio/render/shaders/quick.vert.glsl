#version 330
// A figure's skin, carried and lit already by pose.vert.glsl.
uniform mat4 clip_from_world;
in vec3 position;
in vec3 normal;
in vec3 lit;
in vec2 uv;
in vec4 tint;  // alpha: how open the place is to its surroundings
out vec3 world;
out vec3 facing;
out vec3 arriving;
out vec4 painted;
out vec2 texel;

void main() {
    world = position;
    facing = normal;
    arriving = lit;
    painted = tint;
    texel = uv;
    gl_Position = clip_from_world * vec4(world, 1.0);
}
