"""Jobs that cross features: each drives steps through the registry, without Qt."""
