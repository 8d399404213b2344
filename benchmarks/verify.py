"""What `remint verify` takes beside the pipeline that it runs again.

Paired: in every round, in a fresh copy of the project that has its raw files but no outputs, the experiment is run
once from nothing by `remint run`, then its version is minted again, from its latest stage that can have its data (which
is `train`) and from `ingest`. A ratio is that of two times of one round. Goal: verify ≤ 1.3 × remint run.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from common import REMINT, fresh_copy, print_machine, starter, tell
from overhead import Times, report, warm_file_cache

EXAMPLE = """\
examples:
  python benchmarks/verify.py
  python benchmarks/verify.py adult-mlp --rounds 3
  python benchmarks/verify.py adult-logistic --rounds 1 --epochs 1     quick, and says nothing about the goal
"""
RUN = "remint run"
VERIFY = {"remint verify": (), "remint verify --from ingest": ("--from", "ingest")}


def main() -> None:
    """Parse, measure, print a table an experiment."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names, _ = starter()
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"experiments of the starter (default: {' '.join(names)})"
    )
    parser.add_argument("--rounds", type=int, default=5, help="of each experiment (default 5)")
    parser.add_argument("--epochs", type=int, help="train every network for so many (default: as in params.yaml)")
    parser.add_argument("--folder", type=Path, help="where to put the copies (default: the system's temporary folder)")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(names))
    if unknown:
        parser.error(f"{', '.join(unknown)}; allowed: {', '.join(names)}")
    print_machine()
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        folder = Path(temporary)
        warm_file_cache(folder)
        for name in options.names or names:
            times: Times = {word: [] for word in (RUN, *VERIFY)}
            for number in range(options.rounds):
                _round(folder / "copy", name, options.epochs, times)
                told = ", ".join(f"{word} {seconds[-1]:.1f} s" for word, seconds in times.items())
                tell(f"round {number + 1} of {options.rounds}: {name}: {told}")
            print(f"{name}\n")
            report(times, RUN, digits=1)


def _round(folder: Path, name: str, epochs: int | None, times: Times) -> None:
    """Run once, verify in each way; stop where a version does not come out the same."""
    with fresh_copy(folder, epochs) as copy:
        times[RUN].append(copy.run(REMINT, "run", name).seconds)
        for word, options in VERIFY.items():
            measured = copy.run(REMINT, "verify", f"{name}/1", *options)
            if "identical: " not in measured.output:
                sys.exit(f"{word} {name} should have said identical:\n{measured.output}")
            times[word].append(measured.seconds)


if __name__ == "__main__":
    main()
