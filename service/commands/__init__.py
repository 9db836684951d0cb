"""The commands: `python -m service …`, each in the module of its first word."""
