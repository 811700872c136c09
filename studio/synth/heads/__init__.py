"""Heads of real people, dressed in what photographs show of them."""
