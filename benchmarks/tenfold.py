"""Write `adult` with N times its rows, as the same kind of file: every row N times, ages and weights a little changed.

The copies differ from each other, so that expectations about duplicates and leakage still hold. For `memory.py`.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

EXAMPLE = """\
example:
  python benchmarks/tenfold.py .remint/downloads/a62262…f7976092c7 adult.csv.zip --times 10
"""


def main() -> None:
    """Parse, write, print how many rows."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, help="the raw file, a zipped CSV")
    parser.add_argument("target", type=Path, help="the file to write, a zipped CSV")
    parser.add_argument("--times", type=int, default=10, help="default 10")
    options = parser.parse_args()
    rows = pd.read_csv(options.source, compression="zip")
    many = repeat(rows, options.times)
    many.to_csv(
        options.target, index=False, compression={"method": "zip", "archive_name": "adult.csv", "compresslevel": 1}
    )
    print(f"| rows | of them new |\n| ---: | ---: |\n| {len(many):,} | {len(many.drop_duplicates()):,} |")


def repeat(rows: pd.DataFrame, times: int) -> pd.DataFrame:
    """Give the rows `times` times; in every copy but the first, weights grow a little and ages move by −1, 0 or 1."""
    random = np.random.default_rng(0)
    copies = [rows]
    for number in range(1, times):
        weight = rows["fnlwgt"] + random.integers(1, 1000, len(rows)) + 1000 * number
        age = (rows["age"] + random.integers(-1, 2, len(rows))).clip(17, 90)
        copies.append(rows.assign(fnlwgt=weight, age=age))
    return pd.concat(copies, ignore_index=True)


if __name__ == "__main__":
    main()
