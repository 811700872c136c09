"""Export: a person and its motion as files for other programs."""
