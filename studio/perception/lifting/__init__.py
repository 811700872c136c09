"""From a person's 2D keypoints over time, in one camera, to 3D."""
