"""People and their parts, cut out of pictures by our own network."""
