"""Cameras that were not started together, brought onto one clock."""
