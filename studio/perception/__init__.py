"""Detectors behind one protocol: pictures in, keypoints with confidence out."""

from studio.perception.detector import Detector, Person2D

__all__ = ["Detector", "Person2D"]
