"""How far a calibrated rig can be trusted: named gates, who is to blame, error bars."""
