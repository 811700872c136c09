"""Calibration of a rig of cameras from what they saw of a target: solve, and how far to trust it.

``solve`` is the entry; the modules below it each hold one idea: the lens and its derivatives,
planar poses with their twins, the pair graph, bundle adjustment, held-out error.
"""
