"""What files hold that tells when cameras saw the same thing: light, movement, sound."""
