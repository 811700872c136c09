"""Detectors behind one protocol each."""
