"""Whole-body pose in 2D and 3D of several people: bodies, hands and faces by regions and anchor
poses. Sources: US 11494932 (distillation of part experts), LCR-Net (Rogez et al. 2017)."""
