// What every shader of surfaces knows.
uniform vec3 eye;
struct Surface {
    vec3 at, n, smooth_n;  // n with the relief, smooth_n without, both turned to the eye
    vec3 colour, scatter, dome;
    float roughness, metallic, sheen, specular, glow, open;  // open: not occluded nearby, 0 to 1
};

float hash(vec3 p) {
    p = fract(p * vec3(0.1031, 0.1030, 0.0973));
    p += dot(p, p.yxz + 33.33);
    return fract((p.x + p.y) * p.z);
}
