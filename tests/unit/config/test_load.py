"""Each text is parsed once a process."""

from pathlib import Path

import pytest

from remint.config import load
from remint.config.load import read_yaml


def test_a_file_is_parsed_again_only_where_its_text_is_another(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    load._parsed.cache_clear()
    for text, times in (("a: {b: 1}", 1), ("a: {b: 1}", 1), ("a: {b: 2}", 2), ("a: {b: 1}", 2)):
        file.write_text(text)
        assert read_yaml(file) == {"a": {"b": int(text[-2])}}
        assert load._parsed.cache_info().misses == times


def test_who_changes_what_was_read_changes_it_for_nobody_else(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text("a: {b: 1}")
    read_yaml(file)["a"]["b"] = 2
    assert read_yaml(file) == {"a": {"b": 1}}


def test_a_file_that_does_not_parse_is_told_each_time(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("a: [")
    for _ in range(2):
        with pytest.raises(load.ConfigError, match="line 1"):
            read_yaml(tmp_path / "params.yaml")
