#version 330
//FEATURES
// One surface, lit at once; colours are squared instead of taken to the power of 2.2.
uniform vec3 eye;
uniform vec3 base;
uniform float roughness;
uniform vec3 key_towards;
uniform vec3 key_radiance;
uniform float opacity;
uniform sampler2D picture;
in vec3 world;
in vec3 facing;
in vec3 arriving;
in vec4 painted;
in vec2 texel;
out vec4 rgba;

void main() {
    vec4 colour = vec4(base, 1.0);
#ifdef TEXTURE
    colour *= texture(picture, texel);
#endif
#ifdef CUT_OUT
    if (colour.a < 0.12) discard;
#endif
    vec3 albedo = colour.rgb * colour.rgb * painted.rgb;
    vec3 view = normalize(eye - world);
    vec3 n = normalize(facing);
    if (dot(n, view) < -0.2) n = -n;
    float open = painted.a;
    // What is hidden from the light around keeps its hue (Jimenez et al. 2016).
    vec3 dim = max(vec3(open), open * ((2.04 * albedo - 0.33) * open * open
        - (4.80 * albedo - 0.64) * open + (2.76 * albedo + 0.69)));
    float nl = dot(n, key_towards), nv = max(dot(n, view), 0.05);
    vec3 lit = arriving * dim;
    lit += key_radiance * clamp((nl + 0.15) / 1.15, 0.0, 1.0) * mix(open, 1.0, 0.4);
    float gloss = 1.0 - roughness;
    float power = exp2(1.0 + 8.0 * gloss);
    float shine = pow(max(dot(n, normalize(view + key_towards)), 0.0), power);
    float grazing = 1.0 - nv;
    grazing = grazing * grazing * grazing;
    vec3 mirrored = 0.04 * (power + 2.0) * 0.125 * shine * max(nl, 0.0) * key_radiance;
    mirrored += (0.02 + 0.25 * grazing * gloss) * arriving * open;
    vec3 sum = albedo * lit + mirrored;
    sum = min(sum, vec3(0.7)) + 0.3 * (1.0 - exp(-max(sum - 0.7, 0.0) / 0.3));
    float a = opacity;
#if defined(CLEAR) || defined(CUT_OUT)
    a *= colour.a;
#endif
    rgba = vec4(sqrt(sum) * a, a);
}
