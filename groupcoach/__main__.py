"""``python -m groupcoach``: the command line."""

from groupcoach.cli import main

if __name__ == "__main__":
    main()
