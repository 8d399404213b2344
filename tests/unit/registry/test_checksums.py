import os
import subprocess
import sys
from pathlib import Path

import pytest

from remint.errors import DataError
from remint.files import read_json, write_json
from remint.registry.checksums import CHECKSUMS, FILES, digest, verify
from remint.registry.predictor import load_predictor
from tests import served


@pytest.fixture
def folder(project: Path) -> Path:
    """The files of a model, its own copies."""
    linked = served.packaged("people-mlp")
    for file in linked.iterdir():
        content = file.read_bytes()
        file.unlink()
        file.write_bytes(content)
    return linked


def test_files_as_they_were_registered_are_loaded(folder: Path) -> None:
    assert {file.name for file in folder.iterdir()} == {CHECKSUMS, *FILES}
    verify(folder, digest((folder / CHECKSUMS).read_bytes()))
    load_predictor(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_refused_by_name(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match=f"{name} was changed"):
        load_predictor(folder)


def test_changed_checksums_are_refused(folder: Path) -> None:
    known = digest((folder / CHECKSUMS).read_bytes())
    (folder / "schema.json").write_text("{}")
    told = read_json(folder / CHECKSUMS)
    write_json(folder / CHECKSUMS, {**told, "schema.json": digest(b"{}")})
    with pytest.raises(DataError, match=f"{CHECKSUMS} was changed"):
        load_predictor(folder, known)


def test_a_model_without_checksums_must_be_registered_again(folder: Path) -> None:
    (folder / CHECKSUMS).unlink()
    with pytest.raises(DataError, match="register it again"):
        load_predictor(folder)


WITHOUT_PICKLE = """
import sys
events = []
def hook(event, arguments):
    if event == "pickle.find_class" or event.startswith("marshal.load") and armed:
        events.append((event, str(arguments)[:80]))
armed = False
sys.addaudithook(hook)
import torch, pandas
from pathlib import Path
from remint.registry.predictor import load_predictor
import remint.preprocessing.tabular, remint.models.mlp, remint.tasks.classification
def refuse(*a, **k):
    raise AssertionError("torch.load was called")
torch.load = torch.serialization.load = refuse
rows = pandas.read_parquet("data/raw/people/rows.parquet")
load_predictor(Path(sys.argv[1])).predict(rows.head(1))  # what is imported late comes now
import pickle
pickle.loads = pickle.load = refuse
events.clear()
armed = True
answer = load_predictor(Path(sys.argv[1])).predict(rows)
assert len(answer) == 300
print(events)
armed = False
import _pickle
_pickle.loads(b"cbuiltins\\nlen\\n.")
assert events, "the hook would have seen it"
"""


def test_loading_and_predicting_unpickles_nothing(folder: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_PICKLE, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
