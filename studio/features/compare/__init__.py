"""Compare with truth: how far a motion and an avatar are from what is known."""
