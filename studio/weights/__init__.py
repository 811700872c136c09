"""Pre-trained networks: find, verify, install, load; device choice."""
