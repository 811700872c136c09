"""Where somebody wears things: how their head and limbs stand before a camera, in metres."""
