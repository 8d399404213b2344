import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from rich.cells import cell_len

from remint.files import json_text, write_json
from remint.registry.card import write_card
from remint.registry.cards.content import card_content
from remint.registry.cards.figures import amount, figure, interval, level, percent
from remint.registry.cards.findings import read_findings
from remint.registry.cards.markdown import escape, markdown
from remint.registry.cards.quality import rivals
from tests.unit.registry.card_fixture import EXAMPLES, Example, adult, chinese, diamonds, poems, weather

NUMBER = re.compile(r"(?<![\w.,])[−]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?")
FILES = sorted(set(adult().files) - {"evaluation/metrics.json"})
NOT_SHOWN = (
    "/decision.json/version",
    "/decision.json/gates/*/value",
    "/evaluation/findings/intervals.json/metrics/*/value",
    "/evaluation/findings/robustness.json/corruptions/*/levels/0/level",
)
"A version's number is About's, a gate's figure is in its sentence, a value is that of metrics.json, level 0 is none."


def written(example: Example, folder: Path) -> tuple[str, str]:
    """Write a card; give its Markdown and its HTML."""
    write_card(example.write(folder), example.about)
    return (folder / "card.md").read_text(), (folder / "card.html").read_text()


def rendered(folder: Path, example: Example) -> str:
    """Give the Markdown without writing it."""
    return markdown(card_content(read_findings(folder), example.about))


def visible(page: str) -> str:
    """Give the text of a page."""
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", body))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give each leaf of nested content with its path."""
    if isinstance(value, dict | list | tuple):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in items:
            yield from leaves(part, f"{path}/{key}")
    else:
        yield path, value


def forms(value: float) -> set[str]:
    """Give all that a number may read as in a card."""
    shown = {figure(value), figure(float(value)), level(value), percent(value), amount(value, ""), str(value)}
    return {token for text in shown for token in NUMBER.findall(text)}


def allowed_numbers(example: Example) -> set[str]:
    """Give every number in a version's files and About, in each of its forms, and those within texts."""
    found: set[str] = set()
    for path, leaf in leaves([example.files, vars(example.about)]):
        found |= set(re.findall(r"\d+(?:\.\d+)?", f"{path} {leaf if isinstance(leaf, str) else ''}"))
        if isinstance(leaf, int | float) and not isinstance(leaf, bool):
            found |= forms(leaf)
        elif isinstance(leaf, str):
            found |= set(NUMBER.findall(leaf))
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_number_of_a_card_stands_in_its_files(tmp_path: Path, name: str) -> None:
    example = EXAMPLES[name]()
    text, page = written(example, tmp_path)
    for shown in (text, visible(page)):
        assert len(NUMBER.findall(shown)) > 20
        assert set(NUMBER.findall(shown)) - allowed_numbers(example) == set()


def numbers_of(example: Example) -> list[tuple[str, tuple[str, ...], Any]]:
    """Give file, keys and value of each number that a card has to show."""
    found = []
    for file, content in example.files.items():
        for path, leaf in leaves(content):
            pattern = re.sub(r"(?<=gates/)\d+|(?<=metrics/)\w+|(?<=corruptions/)\w+", "*", f"/{file}{path}")
            shown = pattern not in NOT_SHOWN and not ("/bins/" in path and "calibration" in example.plots)
            shown = shown and not ("/val_in_train/" in path and example.about.task == "forecasting")
            if isinstance(leaf, int | float) and not isinstance(leaf, bool) and shown:
                found.append((file, tuple(path.split("/")[1:]), leaf))
    return found


def replaced(content: Any, keys: tuple[str, ...], value: Any) -> Any:
    """Give nested content with another leaf."""
    if not keys:
        return value
    if isinstance(content, list):
        return [replaced(part, keys[1:], value) if str(i) == keys[0] else part for i, part in enumerate(content)]
    return {**content, keys[0]: replaced(content[keys[0]], keys[1:], value)}


@pytest.mark.parametrize("make", [adult, chinese, diamonds, weather])
def test_a_number_changed_in_a_file_changes_in_the_card(tmp_path: Path, make: Any) -> None:
    example = make()
    example.write(tmp_path)
    before = rendered(tmp_path, example)
    for file, keys, value in numbers_of(example):
        marker = 77_731 if isinstance(value, int) else 0.77731
        (tmp_path / file).write_text(json_text(replaced(example.files[file], keys, marker)))
        after = rendered(tmp_path, example)
        (tmp_path / file).write_text(json_text(example.files[file]))
        new = set(NUMBER.findall(after)) - set(NUMBER.findall(before))
        assert forms(marker) & new, f"{file}: {'.'.join(keys)} is not shown"


def test_what_is_declared_is_shown(tmp_path: Path) -> None:
    example = adult()
    for shown in written(example, tmp_path):
        about = example.about
        texts = (*about.limits, about.license, about.homepage, about.fingerprint, about.commit, about.dataset_digest)
        for text in (
            *texts,
            about.description,
            about.dataset_description,
            "31,662",
            "lr: 0.0015",
            "remint run adult-mlp",
        ):
            assert str(text) in shown


def test_limits_are_drawn_from_the_findings(tmp_path: Path) -> None:
    text, _ = written(adult(), tmp_path)
    limits = text.split("## Limits")[1].split("\n## ")[0]
    assert "Beaten by gradient-boosting: accuracy 0.8698 against 0.8517." in limits
    assert "linear" not in limits
    assert "Worst on age = 45–54 (1,672 rows): accuracy 0.7781 [0.7660, 0.7906], against 0.8517 overall." in limits
    assert "Too few test rows to judge, fewer than 50: race = Other (31)." in limits
    assert "Most harmed by missing: at 0.4 share of values, accuracy goes from 0.8514 to 0.7964." in limits
    assert "Groups of sex are treated unlike: demographic parity difference 0.1821 [0.1690, 0.1956]." in limits
    assert "Stated confidence is off by 0.0213" in limits
    assert "Of 0.232 % of the test rows" in limits


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_missing_is_said_to_be(tmp_path: Path, file: str) -> None:
    example = adult()
    example.write(tmp_path)
    (tmp_path / file).unlink()
    text = rendered(tmp_path, example)
    assert (f"`{file}`" in text) == ("intervals" not in file)
    assert ("no interval was computed" in text) == ("intervals" in file)
    assert text.count("Not evaluated: ") == ("intervals" not in file)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_card_of_no_file_at_all(tmp_path: Path, name: str) -> None:
    example = EXAMPLES[name]()
    write_card(tmp_path, example.about)
    text = (tmp_path / "card.md").read_text()
    calibrated = example.about.task == "classification"
    assert text.count("Not evaluated: ") == 8 + 2 * calibrated
    assert "Never evaluated: parts of the data" in text


def test_pictures_are_beside_the_text_and_inside_the_page(tmp_path: Path) -> None:
    example = adult()
    text, page = written(example, tmp_path)
    linked = re.findall(r"!\[\w+\]\((plots/\w+\.png)\)", text)
    assert sorted(linked) == [f"plots/{name}.png" for name in sorted(example.plots)]
    assert all((tmp_path / path).is_file() for path in linked)
    assert len(re.findall(r'src="data:image/png;base64,[^"]{60,}"', page)) == len(example.plots)


def test_the_page_needs_no_network_and_no_script(tmp_path: Path) -> None:
    _, page = written(adult(), tmp_path)
    assert re.findall(r'(?:src|srcset|href)="(?!data:)([^"]*)"', page) == [adult().about.homepage]
    assert re.search(r"<script|<link|@import|url\(|\son\w+=", page) is None


def test_names_are_shown_as_they_are(tmp_path: Path) -> None:
    text, page = written(chinese(), tmp_path)
    assert "&lt;b&gt;差评&lt;/b&gt;" in page
    assert "<b>差评" not in page
    shown = html.unescape(re.sub(r"<(?!b>|/b>)[^>]*>", "", MarkdownIt("commonmark").enable("table").render(text)))
    for name in ("好评|*很好*", "<b>差评</b>", "网上书店的评论。"):
        assert name in shown
        assert name in html.unescape(page)


@pytest.mark.parametrize(
    "text",
    [
        "# no heading",
        "1. no list",
        "- no list",
        ">50K",
        "+ no list",
        "*a* _b_ __c__",
        "[a](https://b.c)",
        "![a](b.png)",
        "[a]: https://b.c",
        "<script>a</script>",
        "<https://b.c>",
        "&lt; a",
        "~~a~~",
        "back\\slash",
        "macro_f1",
        "a ` b",
        "<=50K",
    ],
)
def test_a_text_means_nothing_to_markdown(text: str) -> None:
    from remint.registry.cards.blocks import Bullets, Card, Section, Text

    card = Card("t", "s", None, (), (Section("h", (Text(text), Bullets((text,)))),))
    page = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown(card))
    assert f"<p>{html.escape(text)}</p>" in page.replace("&#x27;", "'")
    assert f"<li>{html.escape(text)}</li>" in page


def test_markdown_tables_line_up(tmp_path: Path) -> None:
    for make in EXAMPLES.values():
        text, _ = written(make(), tmp_path / make.__name__)
        for table in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
            assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
            assert len({cell_len(line) for line in table.splitlines()}) == 1


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    assert written(adult(), tmp_path / "one") == written(adult(), tmp_path / "two")


def test_what_is_no_class_has_no_calibration(tmp_path: Path) -> None:
    for make in (diamonds, weather, poems):
        text, _ = written(make(), tmp_path / make.__name__)
        assert "probabilities" not in text
        assert "groups" not in text


def test_a_language_model_shows_how_it_goes_on(tmp_path: Path) -> None:
    text, page = written(poems(), tmp_path)
    for shown in (text, page):
        assert "碧原開霧隰， ▏綺嶺峻霞城。 煙峰高下翠" in shown


def test_every_card_is_held_against_a_constant_guess(tmp_path: Path) -> None:
    found = read_findings(adult().write(tmp_path))
    assert list(rivals(found, adult().about)) == ["constant guess", "linear", "gradient-boosting"]
    assert rivals(found, adult().about)["constant guess"]["accuracy"] == 0.7539
    unlooked = replace(found, sanity=None)
    assert rivals(unlooked, adult().about)["constant guess"] == {"accuracy": 0.7538}


def test_forecasts_are_told_to_come_in_blocks(tmp_path: Path) -> None:
    text, _ = written(weather(), tmp_path)
    assert "drawn in blocks of 192" in text
    assert "Duplicates were not looked for" in text


@pytest.mark.parametrize("promoted", [True, False])
def test_the_decision_is_seen_first(tmp_path: Path, promoted: bool) -> None:
    example = adult()
    example.write(tmp_path)
    write_json(tmp_path / "decision.json", {**example.files["decision.json"], "promoted": promoted})
    write_card(tmp_path, example.about)
    head = (tmp_path / "card.md").read_text().split("## ")[0]
    assert ("**promoted to champion**" in head, "**not promoted**" in head) == (promoted, not promoted)
    assert f'class="verdict {"good" if promoted else "bad"}"' in (tmp_path / "card.html").read_text()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"commit": None}, "trained outside git"),
        ({"dirty": True}, "The work tree differed from this commit"),
        ({"splits": {"test": 1, "val": 2, "train": 3}}, "train 3 · val 2 · test 1"),
    ],
)
def test_where_a_version_comes_from(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    example = adult()
    found = read_findings(example.write(tmp_path))
    assert said not in markdown(card_content(found, example.about))
    assert said in markdown(card_content(found, replace(example.about, **change)))


def test_a_reason_is_told_where_no_gate_tells_it(tmp_path: Path) -> None:
    example = adult()
    found = read_findings(example.write(tmp_path))
    sentence = found.decision["gates"][0]["sentence"]
    assert markdown(card_content(found, example.about)).count(sentence) == 1
    by_hand = replace(found, decision={**found.decision, "reason": "the old one is biased"})
    assert "The old one is biased." in markdown(card_content(by_hand, example.about))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0.0000"),
        (0.85171, "0.8517"),
        (-0.85171, "−0.8517"),
        (0.00012345, "0.000123"),
        (121.3768, "121.38"),
        (1234567.8, "1.23e+06"),
        (9045, "9,045"),
        (1000.0, "1,000"),
        (1.0, "1.0000"),
    ],
)
def test_figures(value: float | None, text: str) -> None:
    assert figure(value) == text


def test_intervals_and_amounts() -> None:
    assert interval({"value": 0.5, "low": 0.25, "high": 0.75}) == "0.5000 [0.2500, 0.7500]"
    assert interval({"value": 0.5, "low": None, "high": None}) == "0.5000"
    assert interval(None) == "–"
    assert (amount(2.9318, "ms"), amount(1234.5, "s")) == ("2.93 ms", "1,234 s")
    assert escape("a|b") == "a\\|b"
