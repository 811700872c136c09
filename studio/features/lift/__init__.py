"""Lift: from the 2D keypoints of one camera to one person in 3D."""
