"""The command line; the only place that exits."""

import sys


def main() -> None:
    """Run the command line and exit with its code (errors.ExitCode); a missing dependency is said in a line."""
    try:
        from .cli import main_inner  # noqa: PLC0415 - it needs what may be missing
    except ModuleNotFoundError as error:
        print(f"Error: the Python package {error.name} is missing. Use nox, or: python -m pip install .", file=sys.stderr)
        sys.exit(2)
    sys.exit(main_inner(sys.argv[1:]))


if __name__ == "__main__":
    main()
