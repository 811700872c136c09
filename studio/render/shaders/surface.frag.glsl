#version 330
//CUT_OUT
uniform vec3 eye;
uniform vec4 base;
uniform float roughness;
uniform float metallic;
uniform vec3 scatter;
uniform float sheen;
uniform float specular;
uniform float grain;
uniform float bump;
uniform vec3 grain_frequency;
uniform float glow;
uniform bool textured;
uniform sampler2D picture;

uniform vec3 key_towards;
uniform vec3 key_radiance;
uniform float key_soft;
uniform mat4 key_from_world;
uniform float tile_px;
uniform float shadow_texel;
uniform float shadow_bias;
uniform sampler2D shadows;
uniform vec3 fill;
uniform float exposure;

in vec3 world;
in vec3 world_normal;
in vec3 own;
in vec3 tint;
in vec2 texel;
in vec3 dome;
out vec4 rgba;

float hash(vec3 p) {
    p = fract(p * vec3(0.1031, 0.1030, 0.0973));
    p += dot(p, p.yxz + 33.33);
    return fract((p.x + p.y) * p.z);
}

float noise(vec3 p) {
    vec3 i = floor(p), f = fract(p);
    f = f * f * (3.0 - 2.0 * f);
    return mix(
        mix(mix(hash(i), hash(i + vec3(1, 0, 0)), f.x),
            mix(hash(i + vec3(0, 1, 0)), hash(i + vec3(1, 1, 0)), f.x), f.y),
        mix(mix(hash(i + vec3(0, 0, 1)), hash(i + vec3(1, 0, 1)), f.x),
            mix(hash(i + vec3(0, 1, 1)), hash(i + vec3(1, 1, 1)), f.x), f.y), f.z);
}

vec3 linear(vec3 c) {
    return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c));
}

vec3 display(vec3 c) {
    c = c * (2.51 * c + 0.03) / (c * (2.43 * c + 0.59) + 0.14);
    c = clamp(c, 0.0, 1.0);
    return mix(c * 12.92, 1.055 * pow(c, vec3(1.0 / 2.4)) - 0.055, step(0.0031308, c));
}

// How much of the key light arrives: percentage-closer filtering on a disc turned per pixel.
float lit(vec3 n) {
    vec3 s = (key_from_world * vec4(world + n * (0.006 + 1.5 * shadow_texel), 1.0)).xyz;
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

void main() {
    vec4 colour = vec4(linear(tint), 1.0) * vec4(linear(base.rgb), base.a);
    if (textured) {
        vec4 t = texture(picture, texel);
        colour *= vec4(linear(t.rgb), t.a);
    }
#ifdef CUT_OUT
    if (colour.a < 0.5) discard;
#endif
    vec3 view = normalize(eye - world);
    vec3 n = normalize(world_normal);
    vec3 flat_normal = normalize(cross(dFdx(world), dFdy(world)));
    flat_normal *= sign(dot(flat_normal, view));
    if (dot(n, flat_normal) < 0.0) n = -n;

    if (grain > 0.0 || bump > 0.0) {
        vec3 p = own * grain_frequency;
        float fade = clamp(1.2 - 1.5 * length(fwidth(p)), 0.0, 1.0);
        float h = noise(p) * 0.65 + noise(p * 2.13 + 7.7) * 0.35 - 0.5;
        colour.rgb *= 1.0 + grain * 2.0 * h * fade;
        vec3 dx = dFdx(world), dy = dFdy(world);
        vec3 r1 = cross(dy, n), r2 = cross(n, dx);
        float det = dot(dx, r1);
        vec3 slope = (dFdx(h) * r1 + dFdy(h) * r2) * sign(det);
        n = normalize(abs(det) * n - bump * fade * slope);
    }

    vec3 diffuse = colour.rgb * (1.0 - metallic);
    vec3 sum = diffuse * (fill + dome * (0.75 + 0.25 * dot(n, normalize(world_normal))));
    float nv = max(dot(n, view), 0.001);
    float nl = dot(n, key_towards);
    vec3 f0 = mix(vec3(0.08 * specular), colour.rgb, metallic);
    float grazing = pow(1.0 - nv, 5.0);
    sum += (f0 + (1.0 - f0) * grazing * (1.0 - roughness)) * 0.25 * dome;
    vec3 wrapped = clamp((vec3(nl) + scatter) / (1.0 + scatter), 0.0, 1.0);
    if (wrapped.r > 0.0) {
        vec3 middle = normalize(view + key_towards);
        float a2 = pow(max(roughness, 0.05), 4.0);
        float nh = max(dot(n, middle), 0.0);
        float d = nh * nh * (a2 - 1.0) + 1.0;
        float gloss = a2 / (d * d) * 0.25 / (mix(nv, 1.0, roughness) + 0.05);
        vec3 fresnel = f0 + (1.0 - f0) * pow(1.0 - max(dot(view, middle), 0.0), 5.0);
        vec3 arriving = key_radiance * lit(flat_normal);
        sum += arriving * (diffuse * wrapped + fresnel * gloss * max(nl, 0.0));
    }
    sum += colour.rgb * sheen * pow(1.0 - nv, 3.0) * (fill * 4.0 + sum);
    sum += colour.rgb * glow;
    rgba = vec4(display(sum * exposure), colour.a);
}
