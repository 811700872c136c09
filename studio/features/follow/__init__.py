"""Follow live: people in front of a camera, as skeletons, at once, for the window and others."""
