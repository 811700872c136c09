"""Has a camera moved since it was calibrated? The person, and the still scene, tell."""
