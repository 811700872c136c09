"""glTF 2.0 binary (GLB): https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html."""

from studio.media.formats.gltf.character import Built, build, write_glb

__all__ = ["Built", "build", "write_glb"]
