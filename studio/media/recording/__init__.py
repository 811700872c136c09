"""Takes: what all live cameras saw, recorded so that nothing short of the disk can lose it."""
