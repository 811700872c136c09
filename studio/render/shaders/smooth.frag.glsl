#version 330
// A picture of twice the size, made smaller: a tent over each pixel, whose centre is a sample.
uniform sampler2D fine;
uniform float scale;
out vec4 rgba;

void main() {
    if (scale < 1.5) {
        rgba = texelFetch(fine, ivec2(gl_FragCoord.xy), 0);
        return;
    }
    vec2 size = vec2(textureSize(fine, 0)), at = scale * floor(gl_FragCoord.xy) + 0.5;
    rgba = 0.25 * (texture(fine, (at + vec2(-0.5, -0.5)) / size)
                   + texture(fine, (at + vec2(0.5, -0.5)) / size)
                   + texture(fine, (at + vec2(-0.5, 0.5)) / size)
                   + texture(fine, (at + vec2(0.5, 0.5)) / size));
}
