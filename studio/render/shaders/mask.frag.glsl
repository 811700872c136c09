#version 330
//FEATURES
//INCLUDE cutout.glsl
// Depth, and how much a surface covers (nothing, of what only stands in front).
uniform float opacity;
uniform sampler2D picture;
in vec2 texel;
out vec4 rgba;

void main() {
#ifdef CUT_OUT
    if (texture(picture, texel).a < threshold()) discard;
#endif
    float alpha = opacity;
#ifdef TEXTURE
    alpha *= texture(picture, texel).a;
#endif
    rgba = vec4(0.0, 0.0, 0.0, alpha);
}
