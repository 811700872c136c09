"""Reconstructed bodies as avatars: unwrapped, painted by photographs, rigged."""
