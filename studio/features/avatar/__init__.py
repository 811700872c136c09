"""The avatar: the parametric person fitted to a motion, live and then as a whole."""
