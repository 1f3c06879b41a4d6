"""Sphinx extensions of our own, one concern a module; `_config.yml` lists them."""
