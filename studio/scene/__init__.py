"""What is drawn in the viewport, without Qt (pyvista)."""
