"""`python -m remint.stages STAGE@NAME…`: stages, one after another in one process, at the project's root, without DVC.

Nothing is looked up and nothing recorded in `dvc.lock`: who calls this knows what is to run. A line a stage, with the
seconds that it took, is printed when it is done.
"""

import signal
import sys
import time
from collections.abc import Sequence

from remint.environment import prepare_environment, quick_exit
from remint.errors import RemintError
from remint.lifeline import tie_to_named


def main(addresses: Sequence[str]) -> int:
    """Run stages; give the exit code: 0, 1 for a failure, 2 for a wrong declaration or call, 130 after Ctrl-C."""
    prepare_environment()
    tie_to_named()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        for address in addresses:
            _run(address)
        return 0
    except RemintError as error:
        print(f"remint: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("remint: interrupted; what was finished is kept", file=sys.stderr)
        return 130
    finally:
        quick_exit()


def _run(address: str) -> None:
    from remint.stages.run import run_stage

    began = time.monotonic()
    stage, _, name = address.partition("@")
    run_stage(stage, name)
    print(f"{address} {time.monotonic() - began:.1f} s", flush=True)


def _interrupt(_number: int, _frame: object) -> None:
    """Treat a request to end (SIGTERM) as Ctrl-C, so that everything is put in order first."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
