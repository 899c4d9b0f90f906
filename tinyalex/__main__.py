"""The command `tinyalex`, and ``python -m tinyalex``."""

from tinyalex.commands import interrupt


def main() -> None:
    """Load the commands, which takes a quarter of a second, and run the command line."""
    interrupt.ends_the_process()
    from tinyalex import cli

    cli.main()


if __name__ == "__main__":
    main()
