"""A small project in a git repository, in the working directory."""

import subprocess
from pathlib import Path

PARAMS = """\
experiments:
  small:
    dataset: people
    task: classification
    model: {family: linear}
    trainer: {lr: 0.1, threads: 1}
    seed: 1
    description: "%s"
"""
DATASETS = """\
datasets:
  people:
    modality: tabular
    source: {format: {kind: csv}}
    homepage: "%s"
"""
LOCK = """\
schema: '2.0'
stages:
  ingest@people:
    cmd: remint stage ingest people
    params:
      datasets.yaml:
        datasets.people.source:
          files:
            people.csv: {sha256: '%s'}
    outs:
    - path: data/raw/people
      md5: aaa.dir
  preprocess@people:
    cmd: remint stage preprocess people
    deps:
    - path: src/remint/models
      md5: ccc.dir
    outs:
    - path: data/prepared/people
      md5: %s.dir
  train@small:
    cmd: remint stage train small
    params:
      params.yaml:
        experiments.small.seed: 1
    outs:
    - path: data/models/small
      md5: ddd.dir
  evaluate@small:
    cmd: remint stage evaluate small
    outs:
    - path: data/reports/evaluate/small/metrics.json
      md5: '0123456789'
    - path: data/reports/evaluate/small/findings
      md5: abcdefabcdef.dir
"""


def git(*arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments], check=True, capture_output=True)


def write(file: str, text: str) -> None:
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text(text)


def commit(**changed: str) -> None:
    """Commit the project with some of its files changed."""
    files = {
        "params.yaml": PARAMS % "",
        "datasets.yaml": DATASETS % "",
        "dvc.lock": LOCK % ("5" * 64, "bbb"),
        "constraints.txt": "torch==2.13.0  # no GPU\nRich==15.0\n",
        "src/remint/models/linear.py": "A = 1\nB = 2\n",
        "src/remint/cli/main.py": "C = 1\n",
    }
    for file, text in {**files, **changed}.items():
        write(file, text)
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", "x")


def initialise() -> None:
    """Make the working directory a git repository with one commit."""
    git("init", "-q", "-b", "main")
    write(".gitignore", "mlruns/\n.dvc/\n.remint/\n")
    commit()
