"""Detectors behind one protocol, and networks of our own: pictures in, people out."""
