"""Checks of the built site, one module for each kind; `docs/check_site.py` runs them all."""
