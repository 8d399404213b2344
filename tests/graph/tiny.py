"""A tiny pipeline in a real DVC repository: a chain and a diamond, whose stages note in a log that they ran."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PIPELINE = """\
stages:
  left:
    foreach: ${things}
    do:
      cmd: remint stage left ${key}
      deps: ["code/left.txt", "in/${key}.txt"]
      params: ["things.${key}.factor"]
      outs: ["out/left/${key}.txt"]
  right:
    foreach: ${things}
    do:
      cmd: remint stage right ${key}
      deps: ["code/right.txt", "in/${key}.txt"]
      outs: ["out/right/${key}"]
  join:
    foreach: ${things}
    do:
      cmd: remint stage join ${key}
      deps: ["code/join.txt", "out/left/${key}.txt", "out/right/${key}"]
      params: ["things.${key}.shift"]
      outs: ["out/join/${key}.txt"]
"""

COMMAND = """\
#!{python}
import sys
from pathlib import Path

def run(kind, name):
    import json
    params = json.loads(Path("params.yaml").read_text())["things"][name]
    with open("../ran.log", "a") as log:
        log.write(f"{{kind}}@{{name}}\\n")
    source = Path(f"in/{{name}}.txt").read_text()
    code = Path(f"code/{{kind}}.txt").read_text()
    if "fail" in code:
        sys.exit(f"{{kind}} fails")
    if kind == "left":
        target, text = Path(f"out/left/{{name}}.txt"), code + source * params["factor"]
    elif kind == "right":
        target, text = Path(f"out/right/{{name}}/text.txt"), code + source[:1]
    else:
        parts = Path(f"out/left/{{name}}.txt").read_text(), Path(f"out/right/{{name}}/text.txt").read_text()
        target, text = Path(f"out/join/{{name}}.txt"), code + "".join(parts) + str(params["shift"])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)

if __name__ == "__main__":
    run(*sys.argv[2:])
"""


def make(folder: Path) -> Path:
    """Make the pipeline under `folder`; give the repository's root."""
    root = folder / "repo"
    (folder / "bin").mkdir(parents=True)
    command = folder / "bin" / "remint"
    command.write_text(COMMAND.format(python=sys.executable))
    command.chmod(0o755)
    for name in ("in", "code"):
        (root / name).mkdir(parents=True)
    for name in ("a", "b"):
        (root / "in" / f"{name}.txt").write_text(name)
    for kind in ("left", "right", "join"):
        (root / "code" / f"{kind}.txt").write_text(kind)
    (root / "params.yaml").write_text('{"things": {"a": {"factor": 1, "shift": 1}, "b": {"factor": 1, "shift": 1}}}')
    (root / "dvc.yaml").write_text(PIPELINE)
    (root / ".gitignore").write_text("/out\n")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    dvc(root, "init", "-q")
    return root


def dvc(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run DVC's own command."""
    path = os.pathsep.join([str(root.parent / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "1"}
    environment.pop("DVC_STAGE", None)
    return subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def repro(root: Path) -> int:
    """Run `dvc repro`, in this process, which has DVC imported; give its exit code."""
    from dvc.cli import main

    here, before = Path.cwd(), os.environ["PATH"]
    os.environ["PATH"] = os.pathsep.join([str(root.parent / "bin"), before])
    os.chdir(root)
    try:
        return int(main(["repro", "--quiet"]))
    finally:
        os.environ["PATH"] = before
        os.chdir(here)


def ran(root: Path) -> list[str]:
    """Give the stages that ran since the last call."""
    log = root.parent / "ran.log"
    lines = log.read_text().split() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def copy(source: Path, folder: Path) -> Path:
    """Copy a pipeline with its cache; give the copy's root."""
    shutil.copytree(source.parent, folder, symlinks=True)
    return folder / "repo"
