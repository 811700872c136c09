"""The ground floor: frozen types with units, the world frame, errors, settings, log."""
