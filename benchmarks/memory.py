"""Peak memory and seconds of every stage, for the starter and for `adult` with N times the rows.

Each stage runs in a process of its own (`remint stage`), so its figures hold the interpreter and all imports. Peak
memory is the largest resident set that the system saw of the process. "A row more" is what a row adds once the fixed
part is paid: (large − starter) ÷ added rows. Goal: 10 times the rows need at most 10 times the memory and 11 times
the time. The larger `adult` holds every row N times with ages and weights a little changed (`tenfold.py`); what
`datasets.yaml` expects of the number of rows is widened in the copy.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from common import (
    DOWNLOADS,
    REMINT,
    ROOT,
    Copy,
    Measured,
    copy_project,
    print_machine,
    print_table,
    sha256,
    starter,
    tell,
)
from ruamel.yaml import YAML

EXAMPLE = """\
examples:
  python benchmarks/memory.py
  python benchmarks/memory.py --times 3 --epochs 1          quick, and says nothing about the goals
"""
DATASET_STAGES = ("ingest", "validate", "preprocess", "baseline")
EXPERIMENT_STAGES = ("train", "evaluate")
LARGE = "adult"
MEGABYTE = 2**20
PREPARE = "from remint.tracking.store import prepare_store; prepare_store()"

Figures = dict[str, Measured]


def main() -> None:
    """Parse, measure, print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=10, help="how many times the rows (default 10)")
    parser.add_argument("--rounds", type=int, default=1, help="of which the medians are shown (default 1)")
    parser.add_argument("--epochs", type=int, help="train every network for so many (default: as in params.yaml)")
    parser.add_argument("--folder", type=Path, help="where to put the copies (default: the system's temporary folder)")
    options = parser.parse_args()
    print_machine()
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        small, large = (copy_project(Path(temporary) / name, options.epochs) for name in ("starter", "large"))
        for copy in (small, large):
            copy.run(sys.executable, "-c", PREPARE)
        enlarge(large, options.times)
        addresses = stages()
        of_large = [address for address in addresses if belongs_to(address, LARGE)]
        small_figures = run_stages(small, addresses, options.rounds)
        large_figures = run_stages(large, of_large, options.rounds)
        added = (options.times - 1) * rows(small)
    report(small_figures, large_figures, options.times, added)


def stages() -> list[str]:
    """Give the addresses of all stages of the starter, in an order in which they can run."""
    experiments, datasets = starter()
    first = [f"{stage}@{name}" for name in datasets for stage in DATASET_STAGES]
    return first + [f"{stage}@{name}" for name in experiments for stage in EXPERIMENT_STAGES]


def belongs_to(address: str, dataset: str) -> bool:
    """Tell whether a stage works on a dataset."""
    stage, _, name = address.partition("@")
    if stage in DATASET_STAGES:
        return name == dataset
    return YAML(typ="safe").load(ROOT / "params.yaml")["experiments"][name]["dataset"] == dataset


def enlarge(copy: Copy, times: int) -> None:
    """Give a copy the larger dataset, and widen what is expected of its number of rows."""
    tell(f"writing {LARGE} with {times} times the rows")
    dataset = YAML(typ="safe").load(ROOT / "datasets.yaml")["datasets"][LARGE]
    ((name, source),) = dataset["source"]["files"].items()
    file = copy.root / ".remint" / name
    script = Path(__file__).resolve().parent / "tenfold.py"
    copy.run(
        sys.executable, str(script), str(copy.root / DOWNLOADS / source["sha256"]), str(file), "--times", str(times)
    )

    def change(content: Any) -> None:
        declared = content["datasets"][LARGE]
        alternatives = [{"kind": "file", "path": str(file.relative_to(copy.root))}]
        declared["source"]["files"] = {name: {"sha256": sha256(file), "from": alternatives}}
        limits = declared["expectations"]["rows"]
        for end in limits:
            limits[end] *= times

    copy.edit("datasets.yaml", change)


def run_stages(copy: Copy, addresses: list[str], rounds: int) -> Figures:
    """Run stages one after the other, several times; give the medians."""
    found: dict[str, list[Measured]] = {address: [] for address in addresses}
    for _ in range(rounds):
        for address in addresses:
            measured = copy.run(REMINT, "stage", *address.split("@"))
            found[address].append(measured)
            tell(f"{copy.root.name}: {address}: {measured.peak / MEGABYTE:.0f} MB, {measured.seconds:.1f} s")
    return {address: middle(several) for address, several in found.items()}


def middle(several: list[Measured]) -> Measured:
    """Give the medians of several measurements."""
    seconds, peak = (statistics.median(values) for values in zip(*((m.seconds, m.peak) for m in several), strict=True))
    return Measured(seconds, int(peak), "")


def rows(copy: Copy) -> int:
    """Read from the validation report how many rows the dataset has."""
    return int(YAML(typ="safe").load(copy.root / "data" / "reports" / "validate" / LARGE / "report.json")["rows"])


def report(small_figures: Figures, large: Figures, times: int, added: int) -> None:
    """Print a row a stage."""
    header = ("stage", "MB", "s", f"{times} × rows: MB", "s", "MB ratio", "s ratio", "a row more: KB", "ms")
    lines = []
    for address, small in small_figures.items():
        line = [address, f"{small.peak / MEGABYTE:.0f}", f"{small.seconds:.1f}"]
        if address in large:
            big = large[address]
            line += [f"{big.peak / MEGABYTE:.0f}", f"{big.seconds:.1f}"]
            line += [f"{big.peak / small.peak:.1f}", f"{big.seconds / small.seconds:.1f}"]
            line += [
                f"{(big.peak - small.peak) / added / 1024:.2f}",
                f"{(big.seconds - small.seconds) / added * 1000:.3f}",
            ]
        lines.append(line + ["–"] * (len(header) - len(line)))
    print_table(header, lines)


if __name__ == "__main__":
    main()
