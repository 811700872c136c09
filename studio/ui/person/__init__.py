"""Widgets with which people are designed: sliders with pins, swatches, galleries, a gaze pad."""
