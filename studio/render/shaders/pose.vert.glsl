#version 330
// A figure's skin at a moment: bones carry each vertex once, and light from around falls on it.
uniform sampler2D bones;  // three texels a bone: the rows of what carries it from rest
uniform vec3 harmonic[9];
in vec3 position;
in vec3 normal;
in vec4 joints;
in vec4 weights;
out vec3 world;
out vec3 facing;
out vec3 arriving;

vec4 row(int bone, int k) { return texelFetch(bones, ivec2(3 * bone + k, 0), 0); }

void main() {
    vec4 a = vec4(0.0), b = vec4(0.0), c = vec4(0.0);
    for (int k = 0; k < 4; ++k) {
        int bone = int(joints[k]);
        a += weights[k] * row(bone, 0);
        b += weights[k] * row(bone, 1);
        c += weights[k] * row(bone, 2);
    }
    vec4 p = vec4(position, 1.0);
    world = vec3(dot(a, p), dot(b, p), dot(c, p));
    vec3 n = normalize(vec3(dot(a.xyz, normal), dot(b.xyz, normal), dot(c.xyz, normal)));
    facing = n;
    arriving = max(harmonic[0] + harmonic[1] * n.y + harmonic[2] * n.z + harmonic[3] * n.x
        + harmonic[4] * (n.x * n.y) + harmonic[5] * (n.y * n.z)
        + harmonic[6] * (3.0 * n.z * n.z - 1.0) + harmonic[7] * (n.x * n.z)
        + harmonic[8] * (n.x * n.x - n.y * n.y), 0.0);
}
