"""The command line; the only place that exits."""

import os
import sys

if (
    __name__ == "__main__"
    and not (sys.flags.isolated or getattr(sys.flags, "safe_path", False))
    and sys.path[0] != os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - not looked for yet
):
    # Python looks first where somebody stands: an addon there that is called `calendar` would be taken for Python's own.
    del sys.path[0]

import gc
import signal


def main() -> None:
    """Run the command line and exit with its code (errors.ExitCode); a missing dependency is said in a line."""
    if os.getpid() == 1:
        # In a container of its own: what nobody handles yet, the kernel keeps from the first process, and it would go on.
        for signum in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, lambda signum, _frame: os._exit(128 + signum))
    _open_standard_streams()
    # Pydantic looks for plugins among all installed packages: 40 ms, and nothing that a run should depend on.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # What is imported stays: to look for what of it could go takes a tenth of the imports' time. On again once all is here.
    gc.disable()
    try:
        from runner.cli.main import main_inner, say_a_defect  # noqa: PLC0415 - it needs what may be missing
    except ModuleNotFoundError as error:
        said = f"Error: the Python package {error.name} is missing. Use nox, without --no-venv, or:"
        print(f"{said} {sys.executable} -m pip install .", file=sys.stderr)
        sys.exit(2)
    try:
        code = main_inner(sys.argv[1:])
    except Exception:  # noqa: BLE001 - the last boundary: a defect must not look like a failed test (exit code 1)
        say_a_defect()
        code = 70
    sys.exit(code)


def _open_standard_streams() -> None:
    """Have 0, 1 and 2 open: where one is closed (`>&-`), the next file that is opened would be standard output to all."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest number that is free. Also for what this process starts: else it has the same trouble.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - for as long as this process
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115


if __name__ == "__main__":
    try:
        main()
    finally:
        # Python gives signals back their defaults while it ends: one more Ctrl+C would then replace the exit code.
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, signal.SIG_IGN)
