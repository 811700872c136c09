"""People who move, as points alone: millions of moments without a picture."""
