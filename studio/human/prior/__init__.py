"""What bodies do: poses as joint angles, motions of other skeletons brought to them, and a learned
density over both."""
