"""Pairs for bodies from photographs: clothed people of the factory, posed, seen by a camera."""
