"""People, clothes, rooms and cameras that never were, with the truth about each picture."""
