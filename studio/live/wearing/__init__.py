"""Somebody before a camera wears things: followed, drawn, hidden by what is before, blended."""
