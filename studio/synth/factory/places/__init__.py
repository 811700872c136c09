"""Places to be filmed in: rooms and outdoor grounds, seen once all around, with their light."""
