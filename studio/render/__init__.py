"""Pictures of meshes: a rasteriser that needs no screen, and the lens and sensor before it."""
