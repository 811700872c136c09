"""What somebody performed, kept, and written as an animation."""
