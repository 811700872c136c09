"""Stateless numerics: cameras, triangulation, filters, kinematics."""
