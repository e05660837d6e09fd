"""The exercises: one TOML file each, read and checked by ``catalogue.py``. Adding an exercise = adding a file."""
