"""Bring in footage: videos, pictures, calibrations and detections become items of a project."""
