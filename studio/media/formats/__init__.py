"""File formats, one module each; every unit and axis goes through core.frames."""
