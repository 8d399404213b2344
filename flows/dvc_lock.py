"""The text of a `dvc.lock`: whether it is whole, and what is left of a torn one."""

import re

_HEAD = "schema: '2.0'\nstages:\n"
_OURS = re.compile("(ingest|validate|preprocess|baseline|train|evaluate)@")
"How the entries of stages begin that have outputs; a stage that a user adds may have none."
_STAGE = re.compile(r"^  (?=\S)", re.MULTILINE)


def is_whole(text: str) -> bool:
    """Tell whether the text of a `dvc.lock` ends where DVC ends one: after a file with all that is told of it.

    That is an output of a stage, where the stage is one of ours.
    """
    head, *stages = _STAGE.split(text)
    if not stages:
        return head.endswith("stages: {}\n")
    last = stages[-1]
    ended = last.endswith("\n") and not last.endswith(":\n")
    return ended and (_has_outputs(last) or (not _OURS.match(last) and _may_end(last)))


def mended(text: str, copy: str) -> str:
    """Give the whole stages of a torn `dvc.lock`, then those that only the copy has."""
    kept, known = _STAGE.split(text), _STAGE.split(copy)
    stages = {stage.partition("\n")[0]: stage for stage in kept[1:-1]}
    missing = [stage for stage in known[1:] if stage.partition("\n")[0] not in stages]
    together = [*stages.values(), *missing]
    return "".join((_HEAD, *(f"  {stage}" for stage in together))) if together else ""


def _has_outputs(stage: str) -> bool:
    return _file_is_whole(stage.partition("\n    outs:\n")[2].rpartition("- path: ")[2])


def _may_end(stage: str) -> bool:
    """Tell whether a stage that need not have outputs may end like this."""
    _, files, last = stage.rpartition("\n    - path: ")
    return "\n    cmd:" in stage and (not files or _file_is_whole(last))


def _file_is_whole(told: str) -> bool:
    """Tell whether a file or folder has all that is told of it; of a folder pushed to a versioned remote, each file."""
    _, files, last = told.rpartition("\n      - relpath: ")
    if files:
        return "\n        size: " in last or " version_id: " in last
    return "\n      size: " in told and (".dir\n" not in told or "\n      nfiles: " in told)
