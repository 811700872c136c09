"""A face followed and understood: points, the head's turn, the gaze, and 52 facial actions."""
