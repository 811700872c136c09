"""Sessions whose truth is known, healthy or with a planted fault, and what is told of them."""
