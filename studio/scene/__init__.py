"""What is drawn in the viewport, without Qt (pyvista)."""

import os
import sys

if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
    # Without an X server VTK would try one first and complain.
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
