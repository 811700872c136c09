"""What of a virtual item is seen, and what is before it, by our own network."""
