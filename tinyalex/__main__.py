"""``python -m tinyalex``: the same as the command `tinyalex`."""

from tinyalex.cli import main

if __name__ == "__main__":
    main()
