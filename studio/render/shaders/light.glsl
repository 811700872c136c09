// What a lit surface sends to the eye.
uniform vec3 key_towards;
uniform vec3 key_radiance;
uniform float key_soft;
uniform mat4 key_from_world;
uniform float tile_px;
uniform float shadow_texel;
uniform float shadow_bias;
uniform sampler2D shadows;
uniform vec3 fill;
uniform vec3 harmonic[9];
uniform float exposure;

vec3 display(vec3 c) {
    c = c * (2.51 * c + 0.03) / (c * (2.43 * c + 0.59) + 0.14);
    c = clamp(c, 0.0, 1.0);
    vec3 a = sqrt(c), b = sqrt(a), d = sqrt(b);  // sRGB within 0.4 of 255 levels, without powers
    return 0.662002687 * a + 0.684122060 * b - 0.323583601 * d - 0.0225411470 * c;
}

// The surroundings seen along n, their harmonics of degree 1 and 2 weakened so much.
vec3 around(vec3 n, float first, float second) {
    return max(harmonic[0]
        + first * (harmonic[1] * n.y + harmonic[2] * n.z + harmonic[3] * n.x)
        + second * (harmonic[4] * (n.x * n.y) + harmonic[5] * (n.y * n.z)
                    + harmonic[6] * (3.0 * n.z * n.z - 1.0) + harmonic[7] * (n.x * n.z)
                    + harmonic[8] * (n.x * n.x - n.y * n.y)), 0.0);
}

// How much of the key light arrives: percentage-closer filtering on a disc turned per pixel.
float lit(vec3 at, vec3 n) {
    vec3 s = (key_from_world * vec4(at + n * (0.006 + 1.5 * shadow_texel), 1.0)).xyz;
    if (any(greaterThan(abs(s), vec3(0.999)))) return 1.0;
    float angle = 6.2831853 * hash(vec3(gl_FragCoord.xy, 1.0));
    mat2 disc = tile_px * key_soft * mat2(cos(angle), sin(angle), -sin(angle), cos(angle));
    vec2 centre = (s.xy * 0.5 + 0.5) * tile_px;
    float depth = s.z * 0.5 + 0.5 - shadow_bias;
    vec2 low = vec2(1.0), high = vec2(tile_px - 2.0);
#define TAP(x, y) \
    step(depth, texelFetch(shadows, ivec2(clamp(centre + disc * vec2(x, y), low, high)), 0).r)
    return (TAP(0.25, 0.0) + TAP(-0.32, 0.29) + TAP(0.05, -0.56) + TAP(0.40, 0.53)
            + TAP(-0.74, -0.13) + TAP(0.70, -0.45) + TAP(-0.23, 0.87)) / 7.0;
}

float square(float x) { return x * x; }

float fifth(float x) { return square(square(x)) * x; }

vec3 shade(Surface s) {
    vec3 view = normalize(eye - s.at);
    vec3 diffuse = s.colour * (1.0 - s.metallic);
    vec3 ambient = fill + s.dome * (0.75 + 0.25 * dot(s.n, s.smooth_n));
    float nv = max(dot(s.n, view), 0.001);
    float nl = dot(s.n, key_towards);
    vec3 f0 = mix(vec3(0.08 * s.specular), s.colour, s.metallic);
    float grazing = fifth(1.0 - nv);
    vec3 mirrored = 0.25 * s.dome;
#ifdef AMBIENT
    ambient += around(s.n, 2.0 / 3.0, 0.25);
    mirrored += around(reflect(-view, s.n), mix(1.0, 2.0 / 3.0, s.roughness),
                       mix(1.0, 0.25, s.roughness));
#endif
    // Light between surfaces of one colour: what is occluded keeps its hue (Jimenez et al. 2016).
    vec3 open = max(vec3(s.open), s.open * ((2.04 * s.colour - 0.33) * s.open * s.open
        - (4.80 * s.colour - 0.64) * s.open + (2.76 * s.colour + 0.69)));
    vec3 sum = diffuse * ambient * open;
    sum += s.open * (f0 + (1.0 - f0) * grazing * (1.0 - s.roughness)) * mirrored;
    vec3 wrapped = clamp((vec3(nl) + s.scatter) / (1.0 + s.scatter), 0.0, 1.0);
    if (wrapped.r > 0.0) {
        vec3 middle = normalize(view + key_towards);
        float a2 = square(square(max(s.roughness, 0.05)));
        float nh = max(dot(s.n, middle), 0.0);
        float d = nh * nh * (a2 - 1.0) + 1.0;
        float gloss = a2 / (d * d) * 0.25 / (mix(nv, 1.0, s.roughness) + 0.05);
        vec3 fresnel = f0 + (1.0 - f0) * fifth(1.0 - max(dot(view, middle), 0.0));
        vec3 arriving = key_radiance * lit(s.at, s.smooth_n);
        sum += arriving * (diffuse * wrapped + fresnel * gloss * max(nl, 0.0));
    }
    sum += s.colour * s.sheen * square(1.0 - nv) * (1.0 - nv) * (fill * 4.0 + sum);
    return sum + s.colour * s.glow;
}
