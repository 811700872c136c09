"""The light on a face, told by a network that knows how skins differ."""
