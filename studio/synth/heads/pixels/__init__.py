"""The parametric head fitted to pixels: shading, colours and outlines of skin."""
