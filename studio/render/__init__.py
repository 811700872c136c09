"""The camera's eye: rasterising meshes into pictures and maps."""
