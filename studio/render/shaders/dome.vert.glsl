#version 330
// What the dome of weak lights gives to a vertex: once a scene, for all cameras.
#define MAX_LIGHTS 12
uniform vec3 scatter;
in vec3 position;
in vec3 normal;
uniform int lights;
uniform vec3 towards[MAX_LIGHTS];
uniform vec3 radiance[MAX_LIGHTS];
uniform float soft[MAX_LIGHTS];
uniform mat4 shadow_from_world[MAX_LIGHTS];
uniform vec2 tile[MAX_LIGHTS];
uniform float tile_px;
uniform float shadow_texel;
uniform float shadow_bias;
uniform sampler2D shadows;
out vec3 dome;

float tap(int k, vec3 s, vec2 shift) {
    vec2 place = tile[k] + (s.xy * 0.5 + 0.5 + shift) * tile_px;
    place = clamp(place, tile[k] + 1.0, tile[k] + tile_px - 2.0);
    return step(s.z * 0.5 + 0.5 - shadow_bias, texelFetch(shadows, ivec2(place), 0).r);
}

float lit(int k, vec3 n) {
    vec3 s = (shadow_from_world[k] * vec4(position + n * (0.008 + 1.5 * shadow_texel), 1.0)).xyz;
    if (any(greaterThan(abs(s), vec3(0.999)))) return 1.0;
    float r = soft[k];
    return 0.2 * (tap(k, s, vec2(0.0)) + tap(k, s, vec2(r, 0.4 * r)) + tap(k, s, vec2(-0.4 * r, r))
                  + tap(k, s, vec2(-r, -0.4 * r)) + tap(k, s, vec2(0.4 * r, -r)));
}

void main() {
    vec3 n = normalize(normal), sum = vec3(0.0);
    for (int k = 1; k < lights; ++k) {
        vec3 wrapped = (vec3(dot(n, towards[k])) + scatter + 0.12) / (1.12 + scatter);
        sum += radiance[k] * clamp(wrapped, 0.0, 1.0) * lit(k, n);
    }
    dome = sum;
}
