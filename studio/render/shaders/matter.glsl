// What a surface is made of at a pixel: colour, normal and the rest.
uniform vec4 base;  // linear
uniform float roughness;
uniform float metallic;
uniform vec3 scatter;
uniform float sheen;
uniform float specular;
uniform float grain;
uniform float bump;
uniform vec3 grain_frequency;
uniform float glow;
uniform sampler2D picture;
uniform sampler2D relief;
uniform sampler2D orm;

in vec3 world;
in vec3 world_normal;
in vec3 own;
in vec3 tint;
in vec2 texel;
in vec3 dome;

float noise(vec3 p) {
    vec3 i = floor(p), f = fract(p);
    f = f * f * (3.0 - 2.0 * f);
    return mix(
        mix(mix(hash(i), hash(i + vec3(1, 0, 0)), f.x),
            mix(hash(i + vec3(0, 1, 0)), hash(i + vec3(1, 1, 0)), f.x), f.y),
        mix(mix(hash(i + vec3(0, 0, 1)), hash(i + vec3(1, 0, 1)), f.x),
            mix(hash(i + vec3(0, 1, 1)), hash(i + vec3(1, 1, 1)), f.x), f.y), f.z);
}

Surface matter(out float alpha) {
    vec4 colour = base;
#ifdef TINT
    colour.rgb *= tint;
#endif
#ifdef TEXTURE
    colour *= texture(picture, texel);
#endif
#ifdef CUT_OUT
    if (colour.a < threshold()) discard;
#endif
    vec3 dx = dFdx(world), dy = dFdy(world);
    Surface s;
    s.at = world;
    vec3 flat_n = cross(dx, dy);
    flat_n *= sign(dot(flat_n, eye - world));
    s.smooth_n = normalize(world_normal);
    if (dot(s.smooth_n, flat_n) < 0.0) s.smooth_n = -s.smooth_n;
    s.n = s.smooth_n;
    s.roughness = roughness;
    s.metallic = metallic;
    s.open = 1.0;
#ifdef ORM_MAP
    vec3 maps = texture(orm, texel).rgb;
    s.open = maps.r;
    s.roughness *= maps.g;
    s.metallic *= maps.b;
#endif
    vec3 r1 = cross(dy, s.n), r2 = cross(s.n, dx);
    float det = dot(dx, r1);
#ifdef NORMAL_MAP
    // The frame of the texture, from how it runs across the screen: no tangents are stored.
    vec2 ux = dFdx(texel), uy = dFdy(texel);
    vec3 t = (r1 * ux.x + r2 * uy.x) * sign(det), b = (r1 * ux.y + r2 * uy.y) * sign(det);
    float unit = inversesqrt(max(max(dot(t, t), dot(b, b)), 1e-30));
    vec3 m = texture(relief, texel).xyz * (255.0 / 127.0) - (128.0 / 127.0);
    s.n = normalize(mat3(t * unit, b * unit, s.n) * m);
#endif
#ifdef GRAIN
    vec3 p = own * grain_frequency;
    float fade = clamp(1.2 - 1.5 * length(fwidth(p)), 0.0, 1.0);
    float h = noise(p) * 0.65 + noise(p * 2.13 + 7.7) * 0.35 - 0.5;
    colour.rgb *= 1.0 + grain * 2.0 * h * fade;
    vec3 slope = (dFdx(h) * r1 + dFdy(h) * r2) * sign(det);
    s.n = normalize(abs(det) * s.n - bump * fade * slope);
#endif
    s.colour = colour.rgb;
    s.scatter = scatter;
    s.sheen = sheen;
    s.specular = specular;
    s.glow = glow;
#ifdef DOME
    s.dome = dome;
#else
    s.dome = vec3(0.0);
#endif
    alpha = colour.a;
    return s;
}
