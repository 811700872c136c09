"""Board: design a calibration board and print it true to size."""
