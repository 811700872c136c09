"""One person in 3D from pictures of several calibrated cameras, by networks that learned it."""
