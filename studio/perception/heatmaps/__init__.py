"""133 points of a body, two hands and a face, by our own network."""
