"""People designed by hand."""
