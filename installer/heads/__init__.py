"""What makes the head's part of the starter wardrobe (see ``make_heads.py``)."""
