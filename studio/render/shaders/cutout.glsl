// Where a surface with holes begins: at one half at the pixels' centres, and at other shares at the
// samples between them, so that what is half there is neither whole nor gone.
uniform float spread;  // 1 with four samples a pixel, else 0

float threshold() {
    ivec2 q = ivec2(gl_FragCoord.xy) & 1;
    float t = q.x == 0 ? (q.y == 0 ? 0.5 : 0.62) : (q.y == 0 ? 0.36 : 0.44);
    return 0.5 + spread * (t - 0.5);
}
