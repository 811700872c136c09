"""Detect people: from the pixels of a take to 2D keypoints of body, hands and face."""
