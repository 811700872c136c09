"""Things to try on, made by rule: parametric makers, one a kind, and all their variants.

Everything is modelled in metres in the frames of :mod:`studio.core.items`, for the reference sizes
of :mod:`studio.human.anchors`. What they make is in the public domain (CC0).
"""
