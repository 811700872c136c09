"""Live cameras: opened, watched, recorded into takes."""
