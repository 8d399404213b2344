"""`remint`: the command line. Each command's work is imported when it is called, so that `--help` is quick."""

import argparse
import signal
import sys
from collections.abc import Sequence

from remint.cli.parsers import pipeline, registry, serving
from remint.environment import prepare_environment, quick_exit
from remint.errors import RemintError

EPILOG = """\
examples:
  remint run                        bring the starter experiments up to date, register, promote
  remint run adult-mlp --force      train one again
  remint why adult-mlp              what would run, and why
  remint verify adult-mlp           mint the champion again, and prove that it is the same
  remint ui                         compare runs in MLflow, watch flows in Prefect
  dvc repro evaluate@adult-mlp      the same stages without Prefect
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; give the exit code: 0, 1 for a failure, 2 for a wrong declaration or call, 130 after Ctrl-C."""
    prepare_environment()
    signal.signal(signal.SIGTERM, _interrupt)
    options = parser().parse_args(arguments)
    try:
        return int(options.call(options) or 0)
    except RemintError as error:
        print(f"remint: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"remint: interrupted; {options.interrupted}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    finally:
        quick_exit()


def parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    root = argparse.ArgumentParser(
        prog="remint",
        description="Train, compare and register models that can be minted again, bit for bit.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.set_defaults(interrupted="what was finished is kept, the same command goes on from there")
    commands = root.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for group in (pipeline, registry, serving):
        group.add_commands(commands)
    return root


def _interrupt(_number: int, _frame: object) -> None:
    """Treat a request to end (SIGTERM) as Ctrl-C, so that everything is put in order first."""
    raise KeyboardInterrupt
