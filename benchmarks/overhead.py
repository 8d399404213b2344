"""What remint costs beside the plain way: whole runs, runs with nothing to do, `--help`.

Three comparisons, each paired: in every round all its commands run once, in an order that rotates, and a ratio is that
of two times of one round. The tables show median (smallest–largest). The copies of the project declare the
starter group alone, so that `remint run` and `dvc repro` do the same.

cold: `remint run` of the starter, in a fresh copy of the project that has its raw files but no outputs, no MLflow store
  and no Prefect store, against `plain.py`, which does the same work in one process; beside it `remint run --jobs 2` and
  `dvc repro`. Goal: remint run ≤ 1.5 × plain.
idle: `remint run` with nothing to do against `dvc repro` with nothing to do. Goal: ≤ 1.5 ×.
help: `remint --help` against `python -c pass`. Goal: ≤ 0.3 s.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from common import DVC, PLAIN, REMINT, Copy, Spread, copy_project, fresh_copy, print_machine, print_table, tell

EXAMPLE = """\
examples:
  python benchmarks/overhead.py
  python benchmarks/overhead.py --only cold --rounds 3 --show
  python benchmarks/overhead.py --rounds 1 --epochs 1          quick, and says nothing about the goals
"""
LIBRARIES = ("torch", "pytorch_lightning", "mlflow", "great_expectations", "sklearn", "prefect", "dvc.repo")
COLD: dict[str, tuple[str, ...]] = {
    "plain.py": (sys.executable, str(PLAIN), "--project", "."),
    "remint run": (REMINT, "run"),
    "remint run --jobs 2": (REMINT, "run", "--jobs", "2"),
    "dvc repro": (DVC, "repro"),
}

Times = dict[str, list[float]]


def main() -> None:
    """Parse, measure, print a table a comparison."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=("cold", "idle", "help"), action="append", help="may be repeated")
    parser.add_argument("--rounds", type=int, default=5, help="of the whole runs (default 5)")
    parser.add_argument("--quick-rounds", type=int, default=15, help="of idle and help (default 15)")
    parser.add_argument("--epochs", type=int, help="train every network for so many (default: as in params.yaml)")
    parser.add_argument("--folder", type=Path, help="where to put the copies (default: the system's temporary folder)")
    parser.add_argument("--show", action="store_true", help="show on stderr what each whole run printed")
    options = parser.parse_args()
    wanted = options.only or ["cold", "idle", "help"]
    print_machine()
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        folder = Path(temporary)
        if "cold" in wanted:
            report(cold(folder, options.rounds, options.epochs, options.show), "plain.py", digits=1)
        if "idle" in wanted:
            report(idle(folder, options.quick_rounds, options.epochs), "dvc repro, nothing to do", digits=2)
        if "help" in wanted:
            report(help_page(folder, options.quick_rounds), "python -c pass", digits=3)


def cold(folder: Path, rounds: int, epochs: int | None, show: bool) -> Times:
    """Time the whole starter, each time in a fresh copy."""
    warm_file_cache(folder)

    def whole_run(command: tuple[str, ...]) -> float:
        with fresh_copy(folder / "cold", epochs) as copy:
            measured = copy.run(*command)
            check_did_it_all(command, copy)
        if show:
            tell(measured.output)
        return measured.seconds

    return rotate({name: lambda command=command: whole_run(command) for name, command in COLD.items()}, rounds)


def check_did_it_all(command: tuple[str, ...], copy: Copy) -> None:
    """Stop where a run of the pipeline left experiments without an evaluation."""
    trained = {path.parent.name for path in copy.root.glob("data/models/*/weights.safetensors")}
    evaluated = {path.parent.name for path in copy.root.glob("data/reports/evaluate/*/metrics.json")}
    if str(PLAIN) not in command and (not trained or trained != evaluated):
        sys.exit(f"{' '.join(command)} trained {sorted(trained)} and evaluated {sorted(evaluated)}")


def idle(folder: Path, rounds: int, epochs: int | None) -> Times:
    """Time both runners in one copy in which all is up to date."""
    copy = copy_project(folder / "idle", epochs)
    tell("idle: bringing a copy up to date")
    copy.run(REMINT, "run")

    def nothing(command: tuple[str, ...], sign: str) -> float:
        measured = copy.run(*command)
        if sign not in measured.output or " ran " in measured.output:
            sys.exit(f"{' '.join(command)} should have had nothing to do:\n{measured.output}")
        return measured.seconds

    commands = {
        "dvc repro, nothing to do": lambda: nothing((DVC, "repro"), "up to date"),
        "remint run, nothing to do": lambda: nothing((REMINT, "run"), "unchanged"),
    }
    for call in commands.values():
        call()
    return rotate(commands, rounds)


def help_page(folder: Path, rounds: int) -> Times:
    """Time the shortest commands."""
    copy = copy_project(folder / "help")
    commands = {
        "python -c pass": lambda: copy.run(sys.executable, "-c", "pass").seconds,
        "remint --help": lambda: copy.run(REMINT, "--help").seconds,
    }
    for call in commands.values():
        call()
    return rotate(commands, rounds)


def warm_file_cache(folder: Path) -> None:
    """Read the libraries once, so that the first command does not pay for the disk."""
    tell("cold: reading the libraries once")
    with fresh_copy(folder / "warm") as copy:
        copy.run(sys.executable, "-c", f"import {', '.join(LIBRARIES)}")


def rotate(commands: Mapping[str, Callable[[], float]], rounds: int) -> Times:
    """Call all commands once a round, another one first each time."""
    times: Times = {name: [] for name in commands}
    names = list(commands)
    for round_ in range(rounds):
        for name in (*names[round_ % len(names) :], *names[: round_ % len(names)]):
            times[name].append(commands[name]())
            tell(f"round {round_ + 1} of {rounds}: {name}: {times[name][-1]:.3f} s")
    return times


def report(times: Times, base: str, digits: int) -> None:
    """Print seconds, and how many times those of `base` they are, round by round."""
    rows = []
    for name, seconds in times.items():
        ratios = Spread(tuple(a / b for a, b in zip(seconds, times[base], strict=True)))
        rows.append((name, Spread(tuple(seconds)).text(digits), "1" if name == base else ratios.text()))
    print_table((f"median (min–max) of {len(times[base])} rounds", "seconds", f"× {base}"), rows)


if __name__ == "__main__":
    main()
