"""The command line: ``taximeter``."""

import sys

from taximeter.errors import InputError, TaximeterError


def main() -> None:
    """Run the command line; an error is one sentence, and exit code 2 means that the input is at fault."""
    from taximeter.cli.app import app  # noqa: PLC0415 - a broken installation is told like any other error

    try:
        app()
    except TaximeterError as error:
        sys.stderr.write(f"taximeter: {error}\n")
        sys.exit(2 if isinstance(error, InputError) else 1)
