"""Heads as neural surfaces: signed distances and colours learned from many heads at once, fitted
to the photographs of a new one."""
