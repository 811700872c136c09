"""Widgets of the live stage: layers, expressions, the clean output."""
