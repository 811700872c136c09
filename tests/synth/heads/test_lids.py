"""Colours of lids, which no photograph of open eyes shows."""

from __future__ import annotations

import numpy as np

from studio.synth.atlas import skin_atlas
from studio.synth.heads.baking import _bent, _off_lids


def test_lids_have_the_colour_of_skin_not_that_of_brows() -> None:
    atlas = skin_atlas(256)
    off = np.full((256, 256), np.inf)
    off[atlas.covered] = _off_lids(atlas.xyz_m[atlas.covered])
    lids, brows = off < 0.012, (off > 0.02) & (off < 0.028)
    assert min(lids.sum(), brows.sum()) > 20
    under = np.full((256, 256, 3), 100.0, np.float32)
    found = np.where(brows[..., None], 30.0, 140.0).astype(np.float32) * np.ones(3, np.float32)
    sure = (atlas.covered & ~lids & (off < 0.2)).astype(np.float32)
    told = _bent(under, found, sure)[lids]
    assert np.abs(told - 140).max() < 8
