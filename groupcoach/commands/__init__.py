"""The parts of the command line that have commands of their own below them; ``cli.py`` puts them together."""
