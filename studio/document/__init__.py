"""The document: one immutable value, edited in one place, kept in a folder."""
