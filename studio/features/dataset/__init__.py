"""Pose dataset: what several cameras agree on is the truth that one camera learns from."""
