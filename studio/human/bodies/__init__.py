"""Bodies of real people from photographs: the parametric person fitted to what is seen."""
