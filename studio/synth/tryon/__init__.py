"""Pairs from which the occluder learns: people as a camera sees them, items laid over them, and
what of the items is seen."""
