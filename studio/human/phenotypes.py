"""The names of the shape parameters, known without loading the person."""

from __future__ import annotations

PHENOTYPES = (
    "gender", "age", "muscle", "weight", "height", "proportions", "cupsize", "firmness",
    "african", "asian", "caucasian",
)  # fmt: skip
"""Shape parameters, each 0..1, 0.5 the middle; gender 0 is male, 1 female; age 0.66 is 25 years."""
