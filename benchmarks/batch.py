"""A million rows through `remint predict`: seconds and peak memory.

    python benchmarks/batch.py [MODEL] [ROWS ...]

Run at the root of a project whose model MODEL (`adult-mlp`) is registered. Its raw rows are drawn again and again, with
a fixed seed, until there are ROWS (100,000 and 1,000,000) of them, without the target.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from remint import paths
from remint.config.load import load_project


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="adult-mlp")
    parser.add_argument("rows", nargs="*", type=int, default=[100_000, 1_000_000])
    parser.add_argument("--suffixes", nargs="+", default=["csv", "parquet", "jsonl"])
    options = parser.parse_args()
    project = load_project()
    dataset = project.experiments[options.model].dataset
    raw = pd.read_parquet(paths.raw(dataset) / "rows.parquet").drop(columns=project.datasets[dataset].schema_.target)
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    for rows in options.rows:
        for suffix in options.suffixes:
            seconds, peak = _measure(options.model, raw, rows, suffix)
            print(f"{rows:>9,} rows  {suffix:<8} {seconds:6.1f} s  {rows / seconds:>9,.0f} rows/s  peak {peak:,.0f} MB")


def _measure(model: str, raw: pd.DataFrame, rows: int, suffix: str) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        inputs, output = Path(folder, f"in.{suffix}"), Path(folder, f"out.{suffix}")
        with ProcessPoolExecutor(1) as pool:  # a child's peak begins with its parent's, which must stay small
            pool.submit(_write, raw, rows, inputs).result()
        code = "import sys; from remint.cli.main import main; sys.exit(main(sys.argv[1:]))"
        command = [sys.executable, "-c", code, "predict", model, str(inputs), "-o", str(output)]
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        if status:
            sys.exit(f"remint predict failed: {os.waitstatus_to_exitcode(status)}")
        return seconds, _megabytes(usage)


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / 1024


def _write(raw: pd.DataFrame, count: int, path: Path) -> None:
    rows = raw.iloc[np.random.default_rng(0).integers(0, len(raw), count)]
    if path.suffix == ".csv":
        rows.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        rows.to_parquet(path, index=False)
    else:
        rows.to_json(path, orient="records", lines=True)


if __name__ == "__main__":
    main()
