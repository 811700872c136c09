"""Calibration without a board: from a walking person."""
