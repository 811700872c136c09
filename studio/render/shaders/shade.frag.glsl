#version 330
//FEATURES
// Lights what the geometry pass left, each sample once, however small the triangles were.
//INCLUDE common.glsl
//INCLUDE fold.glsl
//INCLUDE light.glsl
uniform vec4 background;
uniform mat3 ray_from_sample;
uniform isampler2D truths;
uniform sampler2D facings;
uniform sampler2D paints;
uniform sampler2D kinds;
uniform sampler2D arrivings;
uniform sampler2D finishes;  // a row a drawable: scatter and sheen, specular and glow
out vec4 rgba;

#ifdef CONTACT
uniform float contact;  // metres
uniform float sample_m;  // how many samples one metre covers at a depth of one metre

// How open a place is to its surroundings: what rises above it nearby hides them ("The Alchemy
// screen-space ambient obscurance algorithm", McGuire et al., HPG 2011).
float openness(ivec2 p, vec3 at, vec3 n, float depth) {
    float turn = 6.2831853 * hash(vec3(p, 2.0)), closed = 0.0;
    ivec2 last = textureSize(truths, 0) - 1;
    for (int k = 0; k < 10; ++k) {
        float r = sqrt((float(k) + 0.5) / 10.0), angle = turn + 2.399963 * float(k);
        vec2 shift = r * contact * sample_m / depth * vec2(cos(angle), sin(angle));
        ivec2 q = clamp(p + ivec2(round(shift)), ivec2(0), last);
        ivec4 other = texelFetch(truths, q, 0);
        vec3 v = eye + ray_from_sample * vec3(q, 1.0) * intBitsToFloat(other.g) - at;
        float away = dot(v, v);
        float near = max(1.0 - away / (2.0 * contact * contact), 0.0);
        float rise = max(dot(v, n) - 0.002 * depth - 0.02 * contact, 0.0);
        closed += other.r == 0 ? 0.0 : near * rise * inversesqrt(away + 1e-6);
    }
    return clamp(1.0 - 2.2 * closed / 10.0, 0.0, 1.0);
}
#endif

void main() {
    ivec2 p = ivec2(gl_FragCoord.xy);
    ivec4 truth = texelFetch(truths, p, 0);
    vec4 facing = texelFetch(facings, p, 0), paint = texelFetch(paints, p, 0);
    vec4 kind = texelFetch(kinds, p, 0);
    int row = max((truth.r >> 20) - 1, 0);
    vec4 soft = texelFetch(finishes, ivec2(0, row), 0);
    vec4 hard = texelFetch(finishes, ivec2(1, row), 0);
    Surface s;
    s.at = eye + ray_from_sample * vec3(p, 1.0) * intBitsToFloat(truth.g);
    s.n = unfold(facing.zw);
    s.smooth_n = unfold(facing.xy);
    s.colour = paint.rgb * paint.rgb;
    s.roughness = paint.a;
    s.open = kind.r;
#ifdef CONTACT
    s.open *= openness(p, s.at, s.smooth_n, intBitsToFloat(truth.g));
#endif
    s.metallic = kind.g;
    s.scatter = soft.rgb;
    s.sheen = soft.a;
    s.specular = hard.r;
    s.glow = hard.g;
#ifdef DOME
    s.dome = texelFetch(arrivings, p, 0).rgb;
#else
    s.dome = vec3(0.0);
#endif
    vec4 seen = vec4(display(shade(s) * exposure), 1.0);
    rgba = truth.r == 0 ? background : seen;
}
