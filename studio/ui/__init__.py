"""The window: the only room below the features that knows Qt."""
