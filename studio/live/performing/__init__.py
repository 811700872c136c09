"""From the pictures of one camera to what a person does: face, gaze, head, hands and body."""
