"""Clothed bodies and heads from one picture, by our own networks."""
