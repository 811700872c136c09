"""The pose stream: what is found, told to other programs."""
