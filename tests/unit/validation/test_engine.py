"""Great Expectations is quiet, sends nothing, keeps nothing, and never passes over a rule."""

import gc
import logging
import socket
import sys
import warnings
from dataclasses import replace
from subprocess import run

import numpy as np
import pandas as pd
import pytest

from remint.config.dataset import ExpectationsConfig
from remint.data.raw import RawData
from remint.validation.derive import derive
from remint.validation.engine import check as run_rules
from remint.validation.suite import suite
from tests.unit.validation.people import SPLIT, check, people, planted, schema

ALONE = """
import logging, warnings
logging.basicConfig(level=logging.DEBUG)
shown = warnings.showwarning
from tests.unit.validation.people import check, planted
check(planted("age", {3: "old"}))
assert warnings.showwarning is shown
"""


def test_nothing_is_printed_or_logged_from_import_to_result() -> None:
    done = run([sys.executable, "-c", ALONE], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_importing_the_package_does_not_import_great_expectations() -> None:
    code = "import remint.validation.run, remint.stages.validate, sys; assert 'great_expectations' not in sys.modules"
    assert run([sys.executable, "-c", code], timeout=120, check=False).returncode == 0


def test_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **_: object) -> None:
        raise AssertionError(f"connection to {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert check(people()).success


def test_loggers_and_warnings_are_left_as_they_were() -> None:
    logger = logging.getLogger("great_expectations")
    before = (list(logger.handlers), logger.propagate, warnings.showwarning, list(warnings.filters))
    check(people())
    assert (logger.handlers, logger.propagate, warnings.showwarning, list(warnings.filters)) == before


def test_no_table_is_kept() -> None:
    n = 5003
    rows = pd.DataFrame({"id": np.arange(n), "age": 1, "income": 1.0 * np.arange(n), "job": "baker", "member": True})
    check(rows.assign(note=["n"] * n, rich=["no", "yes"] * (n // 2) + ["no"]))
    del rows
    gc.collect()
    assert not [o for o in gc.get_objects() if isinstance(o, pd.DataFrame) and len(o) == n]


def test_rule_that_great_expectations_does_not_take_is_an_error() -> None:
    tables = derive(RawData(people()), schema(), SPLIT, ExpectationsConfig())
    sound = suite("tabular", schema(), SPLIT, ExpectationsConfig())[0]
    arguments = {"column": "note", "min_value": 1}
    wrong = replace(sound, rule="expect_column_values_to_be_between", arguments=arguments)
    with pytest.raises(RuntimeError, match="could not check"):
        run_rules((sound, wrong), tables, people())


def test_rows_are_numbered_by_place_whatever_the_index() -> None:
    rows = planted("age", {150: 130}).iloc[100:]
    assert [found.row for found in check(rows).failures[0].first] == [50]
