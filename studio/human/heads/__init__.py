"""Heads of real people: the parametric head fitted to what photographs show."""
