"""From 2D keypoints in several cameras to one person in 3D, with error bars."""
