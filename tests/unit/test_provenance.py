import hashlib
import json
import os
from pathlib import Path

import pytest

from remint.models.base import model_config
from remint.provenance import PACKAGES, code_closure, environment, fingerprint, processor, section_of

SECTION = {
    "dataset": "people",
    "model": {"family": "mlp"},
    "trainer": {"epochs": 3, "precision": "32", "threads": 2},
    "seed": 7,
}


def test_every_part_of_the_fingerprint_is_visible_and_decides_it(tmp_path: Path) -> None:
    data, code = tmp_path / "data.bin", code_closure("remint.seeds")
    data.write_bytes(b"x")
    written = fingerprint([data], SECTION, code)
    parts = written["parts"]
    assert set(parts) == {"data", "parameters", "seed", "precision", "code", "environment"}
    assert parts["data"] == {data.as_posix(): hashlib.sha256(b"x").hexdigest()}
    assert parts["parameters"] == {"dataset": "people", "model": {"family": "mlp"}, "trainer": {"epochs": 3}}
    assert (parts["seed"], parts["precision"], parts["environment"]["threads"]) == (7, "32", 2)
    assert "seeds.py" in parts["code"]
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert written["fingerprint"] == hashlib.sha256(canonical).hexdigest()
    others = [
        {**SECTION, "seed": 8},
        *({**SECTION, "trainer": {**SECTION["trainer"], **key}} for key in ({"threads": 1}, {"precision": "bf16"})),
    ]
    assert len({fingerprint([data], section, code)["fingerprint"] for section in (SECTION, *others)}) == 4


def test_the_section_comes_back_whole() -> None:
    before = json.dumps(SECTION)
    parts = json.loads(json.dumps(fingerprint([], SECTION, [])["parts"]))
    assert section_of(parts) == SECTION
    assert json.dumps(SECTION) == before


def test_the_fingerprint_names_the_packages_of_the_family() -> None:
    packages = model_config("x", {"family": "bert"}).packages
    plain, with_family = (fingerprint([], SECTION, [], named) for named in ((), packages))
    assert set(packages).isdisjoint(PACKAGES)
    added = set(with_family["parts"]["environment"]) - set(plain["parts"]["environment"])
    assert added == {"transformers"}
    assert plain["fingerprint"] != with_family["fingerprint"]


def test_a_package_that_is_not_installed_is_absent() -> None:
    assert environment(["no-such-package"])["no-such-package"] == "absent"


def test_the_environment_tells_what_changes_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MKL_CBWR", raising=False)
    plain = environment()
    assert {"python", "libc", "machine", "instructions", *PACKAGES} <= set(plain)
    assert processor() not in plain.values()
    assert plain["machine"] == os.uname().machine
    assert "MKL_CBWR" not in plain
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    assert environment() == {**plain, "MKL_CBWR": "COMPATIBLE"}
