"""Things to try on, beside the live picture: their pictures, where they come from, bringing in."""
