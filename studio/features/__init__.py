"""One folder a feature. Features are strangers: they meet through the document and jobs."""
