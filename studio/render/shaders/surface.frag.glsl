#version 330
//FEATURES
//INCLUDE common.glsl
//INCLUDE cutout.glsl
//INCLUDE matter.glsl
//INCLUDE light.glsl
// A surface that what lies behind shines through: shaded at once, blended over what is there.
out vec4 rgba;

void main() {
    float alpha;
    Surface s = matter(alpha);
    rgba = vec4(display(shade(s) * exposure), alpha);
}
