"""The factory: endless pictures of synthetic people with perfect truth, from one seed."""
