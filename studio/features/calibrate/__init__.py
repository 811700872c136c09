"""From pictures of a board to a rig of cameras that can be trusted, or a named reason why not."""
