"""Requests a second that `remint serve` answers, a row each, under wrk (Debian's package `wrk`).

    python benchmarks/serving.py [MODEL] [--connections 4 8] [--seconds 15] [--workers 2]

Run at the root of a project whose model MODEL (`adult-mlp`) is registered. The load comes from this very machine.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pandas as pd

from remint import paths
from remint.config.load import load_project

LUA = Path(__file__).with_suffix(".lua")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="adult-mlp")
    parser.add_argument("--connections", nargs="+", type=int, default=[4, 8])
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--port", type=int, default=8399)
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {options.workers} workers")
    code = "import sys; from remint.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "serve", options.model, "--port", str(options.port)]
    server = subprocess.Popen([*command, "--workers", str(options.workers)], stdout=subprocess.DEVNULL)
    try:
        _wait(options.port, server)
        with tempfile.TemporaryDirectory() as folder:
            bodies = Path(folder, "bodies")
            bodies.write_text(_bodies(options.model))
            for connections in (options.connections[0], *options.connections):  # the first warms up
                print(f"{connections} connections: {_wrk(options.port, connections, options.seconds, bodies)}")
    finally:
        server.terminate()
        server.wait()


def _bodies(model: str, rows: int = 1000) -> str:
    project = load_project()
    dataset = project.experiments[model].dataset
    raw = pd.read_parquet(paths.raw(dataset) / "rows.parquet").drop(columns=project.datasets[dataset].schema_.target)
    records = json.loads(raw.sample(rows, random_state=0).to_json(orient="records"))
    return "".join(json.dumps({"dataframe_records": [record]}) + "\n" for record in records)


def _wait(port: int, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        if server.poll() is not None:
            sys.exit("remint serve ended")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5):
                time.sleep(5)  # the other workers load, too
                return
        except OSError:
            time.sleep(0.1)
    sys.exit("remint serve did not answer")


def _wrk(port: int, connections: int, seconds: int, bodies: Path) -> str:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(LUA), f"http://127.0.0.1:{port}"]
    done = subprocess.run(
        command, env={**os.environ, "REMINT_BODIES": str(bodies)}, capture_output=True, text=True, check=True
    )
    [result] = [line.removeprefix("RESULT ") for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    found = json.loads(result)
    rate = found["requests"] / found["seconds"]
    return f"{rate:,.0f} requests/s, p50 {found['p50_ms']} ms, p99 {found['p99_ms']} ms, {found['errors']} errors"


if __name__ == "__main__":
    main()
