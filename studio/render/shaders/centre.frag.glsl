#version 330
//INCLUDE fold.glsl
// The truth at the pixels' centres.
uniform vec3 eye;
uniform mat3 ray_from_sample;
uniform isampler2D truths;
uniform sampler2D facings;
uniform float scale;
layout(location = 0) out vec4 place;
layout(location = 1) out vec4 facing;
layout(location = 2) out ivec4 which;

void main() {
    ivec2 p = int(scale) * ivec2(gl_FragCoord.xy);
    ivec4 truth = texelFetch(truths, p, 0);
    float depth = intBitsToFloat(truth.g);
    vec3 n = unfold(texelFetch(facings, p, 0).xy);
    bool hit = truth.r != 0;
    float nothing = intBitsToFloat(0x7fc00000), far = intBitsToFloat(0x7f800000);
    place = hit ? vec4(eye + ray_from_sample * vec3(p, 1.0) * depth, depth)
                : vec4(vec3(nothing), far);
    facing = hit ? vec4(n, 0.0) : vec4(0.0);
    which = hit ? ivec4((truth.r >> 20) - 1, truth.r & 0xfffff, truth.ba)
                : ivec4(-1, -1, 0x7fc00000, 0x7fc00000);
}
