"""What happens while a camera is on: lanes that overlap, what is found, and who is told."""
