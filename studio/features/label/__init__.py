"""Label pictures: people paint what a network shall learn."""
