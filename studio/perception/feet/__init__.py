"""Feet without a body, by our own network."""
