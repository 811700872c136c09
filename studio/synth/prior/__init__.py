"""Poses and motions drawn from the learned pose prior, put on the floor and looked over."""
