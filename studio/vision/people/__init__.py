"""Who is who: several people in several cameras, matched, followed in 3D, and told apart."""
