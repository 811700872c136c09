"""When cameras that were not started together saw the same things: lags, offsets, clock drift."""
