"""Pictures and files: video in and out, takes, formats."""
