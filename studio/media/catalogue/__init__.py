"""Catalogues of things to try on: folders of models with a card each, and pages that serve them."""
