"""Live cameras: devices, network streams and files, all of one kind."""
