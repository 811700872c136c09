"""The tailor: makes the starter set's garments, from a cut over the base mesh to a finished asset.

Cut out of a helper volume, draped by a cloth simulation over an average adult, unwrapped into
front and back, woven and stitched as pictures, bound to the base mesh.
"""
