"""Synthetic people, scenes and cameras with ground truth."""
