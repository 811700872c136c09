"""One kind of drawable a module."""
