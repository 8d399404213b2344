"""Mistakes in declarations and data of texts, series, ratings and images: one clear message each."""

import copy
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from remint.config.load import load_project, load_section, read_yaml
from remint.errors import ConfigError, DataError, RemintError
from remint.files import read_json
from remint.stages.run import stage_module
from tests.conftest import ROOT, use_file
from tests.flows.modalities import write_modalities, write_yaml
from tests.store import migrated_database, store  # noqa: F401


def run_stage(stage: str, name: str) -> None:
    module = stage_module(stage)
    module.run(name, load_section(module.FILE, module.TOP, name, module.Section))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small datasets, ingested and preprocessed."""
    folder = tmp_path_factory.mktemp("mistakes")
    root = folder / "project"
    root.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        write_modalities(root, folder / "sources")
        for dataset in ("reviews", "tales", "power", "ratings", "digits"):
            run_stage("ingest", dataset)
            (root / "data/reports/validate" / dataset).mkdir(parents=True)
            run_stage("preprocess", dataset)
    return root


@pytest.fixture
def project(store: Path, prepared: Path) -> Path:  # noqa: F811
    """A copy of them, with a store, which is the working directory."""
    shutil.copytree(prepared, store, dirs_exist_ok=True)
    return store


def declare(file: str, key: str, value: Any) -> None:
    """Set one key of a file, such as `datasets.power.split`."""
    content = copy.deepcopy(read_yaml(Path(file)))
    *path, last = key.split(".")
    place = content
    for part in path:
        place = place[part]
    place[last] = value
    write_yaml(Path(file), content)


def refused(error: type[RemintError], *addresses: str) -> str:
    """Run stages, the last of which must fail with one message; give it."""
    load_project()
    *before, last = (address.split("@") for address in addresses)
    for stage, name in before:
        run_stage(stage, name)
    with pytest.raises(error) as found:
        run_stage(*last)
    return str(found.value)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("reviews.preprocessing.history", 3, "history is not a known key; allowed: tokenizer, lowercase, vocabulary"),
        ("power.preprocessing.tokenizer", "words", "tokenizer is not a known key; allowed: time, group, step, history"),
        ("ratings.preprocessing.length", 9, "length is not a known key; allowed: log"),
        ("digits.preprocessing.log", ["x"], "log is not a known key"),
        ("reviews.preprocessing.tokenizer", "word", 'is "word"; allowed: "words", "characters", "subwords" or'),
        (
            "tales.preprocessing.tokenizer",
            "words",
            'is "words"; allowed where the target is the text: "characters", "s',
        ),
        ("tales.preprocessing", {}, 'tokenizer is "words"; allowed where the target is the text: "characters", "subwo'),
        ("tales.preprocessing.tokenizer", "pretrained", 'is "pretrained"; allowed where the target is the text: "cha'),
        ("tales.preprocessing.lowercase", True, "lowercase is true; allowed where the target is the text: false"),
        ("reviews.preprocessing.length", 2, "length is 2; allowed: greater than or equal to 4"),
        ("power.preprocessing", {}, "preprocessing.time is missing"),
        ("reviews.cleaning.duplicates", "remove", 'duplicates is "remove"; allowed: "keep" or "drop"'),
        ("reviews.baselines.tfidf-svm.estimator", "svm", 'estimator is "svm"; allowed: "constant", "linear"'),
        ("reviews.expectations.texts.longest", 3, "texts.longest is not a known key"),
        ("reviews.evaluation.corruptions", {"blur": [1]}, 'corruptions names "blur"; allowed for text: typos'),
        (
            "power.evaluation.slices",
            {"a": {"column": "tows"}},
            'evaluation.slices.a.column is "tows"; allowed: hour, si',
        ),
        ("power.evaluation.slices", {"a": {}}, "names none or both of column and measure; allowed: one of them"),
        ("power.evaluation.slices", {"a": {"measure": "length"}}, 'measure is "length"; allowed: or a column'),
        ("ratings.evaluation.slices", {"a": {"column": "rating", "edges": [2, 1]}}, "edges are [2.0, 1.0]; allowed: r"),
        ("power.evaluation.sensitive", ["site"], "evaluation.sensitive is for a target that is a category"),
        ("reviews.evaluation.sensitive", ["sex"], 'evaluation.sensitive.0 is "sex"; allowed: '),
        ("reviews.evaluation.positive", "maybe", 'evaluation.positive is "maybe"; allowed: '),
        ("digits.evaluation.corruptions", {"noise": []}, "corruptions.noise is []; allowed: "),
        ("digits.evaluation.replicates", 10, "replicates is 10; allowed: greater than or equal to 100"),
    ],
)
def test_a_wrong_key_of_a_dataset(project: Path, key: str, value: Any, expected: str) -> None:
    declare("datasets.yaml", f"datasets.{key}", value)
    with pytest.raises(ConfigError) as error:
        load_project()
    assert str(error.value).startswith(f"datasets.yaml: datasets.{key.partition('.')[0]}")
    assert expected in str(error.value)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("tales-gpt.task", "classification", '"language_modelling", as the target of tales is its text'),
        ("reviews-transformer.task", "language_modelling", '"classification", as the target of reviews is a category'),
        ("power-gru.task", "regression", 'task is "regression"; allowed: "forecasting", as power is a series'),
        ("reviews-transformer.trainer.label_smoothing", 1.5, "label_smoothing is 1.5; allowed: less than 1"),
        ("digits-resnet.trainer.augmentation.flop", 0.5, "flop is not a known key; allowed: flip, shift, rotation"),
        ("digits-resnet.trainer.augmentation.rotation", 200, "rotation is 200; allowed: less than or equal to 180"),
        (
            "power-gru.trainer.early_stopping",
            {"patiense": 3},
            "patiense is not a known key",
        ),
        ("power-gru.trainer.accumulate", 0, "accumulate is 0; allowed: greater than 0"),
        ("power-gru.trainer.calibration", "platt", 'calibration is "platt"; allowed: "none" or "temperature"'),
        (
            "power-gru.gates",
            {"a": {}},
            "asks nothing; allowed: min, max, better_than, max_regression, max_gap",
        ),
        ("power-gru.gates", {"a": {"min": 1}}, "metric is missing; allowed: a metric of the experiment's task"),
        ("power-gru.gates", {"a": {"metric": "rmse", "max_size_mb": 1}}, "metric is rmse, of which nothing is asked"),
        ("power-gru.gates", {"a": {"max_gap": 0.1}}, "max_gap and fairness go together"),
        ("power-gru.gates", {"a": {"metric": "rmse", "max": 1, "margin": 0.1}}, "margin is there without better_than"),
        ("power-gru.gates", {"a": {"max_ece": 0.1}}, "gates.a.max_ece is there; allowed for forecasting: other condi"),
        (
            "power-gru.gates",
            {"a": {"metric": "rmse", "max": 1, "corruption": "blur"}},
            'is "blur"; allowed: what datasets.yaml declares in evaluation.corruptions (noise, missing, any)',
        ),
        (
            "ratings-mf.gates",
            {"a": {"metric": "rmse", "max": 1, "over": "worst-slice"}},
            "gates.a is about slices; allowed: what datasets.yaml declares in evaluation.slices (none)",
        ),
        (
            "power-gru.gates",
            {"a": {"fairness": "equalized_odds_difference", "max_gap": 0.1}},
            "gates.a.fairness is equalized_odds_difference; allowed: what datasets.yaml declares in evaluation.sensi",
        ),
    ],
)
def test_a_wrong_key_of_an_experiment(project: Path, key: str, value: Any, expected: str) -> None:
    declare("params.yaml", f"experiments.{key}", value)
    with pytest.raises(ConfigError) as error:
        load_project()
    assert str(error.value).startswith(f"params.yaml: experiments.{key}")
    assert expected in str(error.value)


def test_a_series_that_is_not_split_by_time(project: Path) -> None:
    declare("datasets.yaml", "datasets.power.split", {"kind": "hash"})
    assert refused(ConfigError, "validate@power") == (
        'datasets.yaml: datasets.power.split.kind is "hash", but modality is "series"; allowed: "time"'
    )


@pytest.mark.parametrize(
    ("dataset", "key", "value", "error", "expected"),
    [
        ("reviews", "tokenizer", "pretrained", DataError, "preprocessing.tokenizer is pretrained, but the dataset's"),
        ("power", "time", "day", DataError, 'column "day" is missing; found: hour, site, load, wind'),
        ("power", "group", "town", DataError, 'column "town" is missing; found: hour, site, load, wind'),
        ("power", "group", None, DataError, "preprocessing.group tells series apart"),
        ("power", "step", "soon", ConfigError, 'preprocessing.step is "soon"; allowed: a time as pandas writes it'),
    ],
)
def test_preprocessing_that_the_data_do_not_allow(
    project: Path, dataset: str, key: str, value: Any, error: type[RemintError], expected: str
) -> None:
    declare("datasets.yaml", f"datasets.{dataset}.preprocessing.{key}", value)
    assert expected in refused(error, f"preprocess@{dataset}")


@pytest.mark.parametrize(
    ("dataset", "baseline", "expected"),
    [
        ("reviews", {"estimator": "tfidf-svm", "parameters": {"gamma": 1}}, "gamma is not a known key; allowed:"),
        ("reviews", {"estimator": "linear", "parameters": {"analyser": "char"}}, 'did you mean "analyzer"?'),
        ("ratings", {"estimator": "linear", "parameters": {"alpah": 1}}, "alpah is not a parameter of Ridge; allowed:"),
        ("tales", {"estimator": "linear"}, 'estimator is "linear"; allowed for modality text with the text as target'),
        ("tales", {"estimator": "n-gram", "parameters": {"order": 0}}, "order is 0; allowed: greater than 0"),
        (
            "power",
            {"estimator": "seasonal-naive", "parameters": {"period": 99}},
            "period 99 is longer than the history",
        ),
        ("power", {"estimator": "tfidf-svm"}, 'allowed for modality series with the steps that follow as target: "co'),
    ],
)
def test_a_baseline_that_cannot_be(project: Path, dataset: str, baseline: dict[str, Any], expected: str) -> None:
    declare("datasets.yaml", f"datasets.{dataset}.baselines", {"odd": baseline})
    said = refused(ConfigError, f"baseline@{dataset}")
    assert said.startswith(f"datasets.yaml: datasets.{dataset}.baselines.odd")
    assert expected in said


@pytest.mark.parametrize(
    ("experiment", "key", "value", "expected"),
    [
        ("ratings-mf", "trainer.label_smoothing", 0.1, "trainer.label_smoothing is 0.1; allowed for numbers: 0"),
        ("power-gru", "trainer.label_smoothing", 0.1, "trainer.label_smoothing is 0.1; allowed for numbers: 0"),
        ("ratings-mf", "trainer.augmentation", {"flip": 0.5}, "flip is 0.5; allowed for data without images: 0"),
        ("reviews-transformer", "trainer.augmentation", {"cutout": 4}, "cutout is 4; allowed for data without images"),
        ("tales-gpt", "trainer.early_stopping", {"monitor": "val_accuracy"}, "allowed: train_loss, val_loss"),
        ("reviews-transformer", "model.bigrams", -3, "model.bigrams is -3; allowed: greater than or equal to 0"),
        ("reviews-transformer", "model.bigram", 64, "bigram is not a known key"),
        ("reviews-transformer", "model", {"family": "recurrent", "bigrams": 64}, "model.bigrams is not a known key"),
        ("reviews-transformer", "model.heads", 3, "width 16 is not divisible by heads 3; allowed: a multiple of heads"),
        ("reviews-transformer", "model", {"family": "gpt"}, 'family "gpt" predicts texts; found inputs text, target'),
        ("reviews-transformer", "model", {"family": "resnet"}, 'takes images, and the dataset\'s modality is "text"'),
        ("reviews-transformer", "model", {"family": "bert"}, "preprocessing.tokenizer: pretrained"),
        (
            "digits-resnet",
            "model",
            {"family": "recurrent"},
            "classifies texts and forecasts series; found inputs image",
        ),
        ("power-gru", "model", {"family": "factorisation"}, "takes a table of two category columns, not series"),
    ],
)
def test_a_training_that_does_not_fit_its_data(
    project: Path, experiment: str, key: str, value: Any, expected: str
) -> None:
    declare("params.yaml", f"experiments.{experiment}.{key}", value)
    said = refused(ConfigError, f"train@{experiment}")
    assert said.startswith(f"params.yaml: experiments.{experiment}")
    assert expected in said
    assert not Path("data/models", experiment).exists()


@pytest.mark.parametrize("key", ["history", "horizon"])
def test_windows_that_no_split_has_room_for(project: Path, key: str) -> None:
    declare("datasets.yaml", f"datasets.power.preprocessing.{key}", 170)
    said = refused(DataError, "preprocess@power")
    assert said.startswith("datasets.yaml: datasets.power: rows of split train: ")
    assert said.endswith("a shorter preprocessing.history or preprocessing.horizon, or a larger split, would help")


@pytest.mark.parametrize("column", ["category", "text"])
def test_a_text_with_a_feature_beside_it(project: Path, column: str) -> None:
    declare("datasets.yaml", "datasets.reviews.schema.columns.title", {"type": column})
    with pytest.raises(ConfigError) as error:
        load_project()
    assert str(error.value) == (
        f'datasets.yaml: datasets.reviews: modality is "text", features: text (text), title ({column}); '
        "allowed: one feature of type text, or a text as target"
    )


def test_a_text_as_target_is_read_alone(project: Path) -> None:
    declare("datasets.yaml", "datasets.tales.schema.columns.title", {"type": "text"})
    assert load_project().datasets["tales"].schema_.text == "text"


def _declare_texts(texts: list[str], **column: Any) -> None:
    """Add a dataset `blank` of these texts, half of them of either class, in a split of their own making."""
    splits = ("train", "train", "train", "val", "test")
    rows = [f'"{text}",{"ab"[i % 2]},{splits[i % 5]}' for i, text in enumerate(texts)]
    Path("blank.csv").write_text("\n".join(["text,label,split", *rows]), encoding="utf-8")
    content = read_yaml(Path("datasets.yaml"))
    source: dict[str, Any] = {"format": {"kind": "csv", "missing": ["NA"]}}
    use_file(source, "blank.csv", Path("blank.csv"))
    columns = {"text": {"type": "text", **column}, "label": {"type": "category"}}
    content["datasets"]["blank"] = {
        **content["datasets"]["reviews"],
        "source": source,
        "schema": {"target": "label", "columns": columns},
        "split": {"kind": "column", "column": "split"},
        "expectations": {"duplicates": 1.0, "split_overlap": 1.0, "texts": {"beyond": 1.0}},
        "cleaning": {},
        "preprocessing": {},
        "baselines": {"tfidf-svm": {"estimator": "tfidf-svm"}},
        "evaluation": {},
    }
    write_yaml(Path("datasets.yaml"), content)


def test_texts_that_are_missing(project: Path) -> None:
    texts = [text for i in range(30) for text in ("NA", f"well said, number {i}")]
    _declare_texts(texts)
    said = refused(DataError, "ingest@blank", "validate@blank")
    assert "30 of 60 rows (50 %) fail: row 0: missing" in said
    _declare_texts(texts, missing=0.6)
    said = refused(DataError, "ingest@blank", "validate@blank", "preprocess@blank")
    assert said.startswith('column "text", row 0, is ')
    assert said.endswith("; allowed: a text")


def test_texts_without_a_word(project: Path) -> None:
    _declare_texts(["  "] * 60)
    declare("datasets.yaml", "datasets.blank.expectations.texts", {})
    said = refused(DataError, "ingest@blank", "validate@blank")
    assert 'every text has at least 1 character: 60 of 60 rows (100 %) fail: row 0: characters 0, text "  "' in said
    declare("datasets.yaml", "datasets.blank.expectations.texts", {"beyond": 1.0})
    said = refused(ConfigError, "validate@blank", "preprocess@blank", "baseline@blank")
    assert "datasets.blank.baselines.tfidf-svm cannot be fitted: empty vocabulary" in said


def test_chinese_texts_are_told_as_they_are(project: Path) -> None:
    """In a message on a terminal without a locale, too, and in the report."""
    declare("datasets.yaml", "datasets.reviews.expectations", {"duplicates": 1, "texts": {"min": 11}})
    declare("datasets.yaml", "datasets.reviews.schema.columns.label.values", ["好评"])
    shutil.copy(ROOT / "dvc.yaml", "dvc.yaml")
    code = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    program = "import sys; from remint.cli.main import main; sys.exit(main(['stage', 'validate', 'reviews']))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": code, "LC_ALL": "C"},
        capture_output=True,
        check=False,
    )
    said = done.stderr.decode("utf-8")
    assert done.returncode == 1, said
    assert "Traceback" not in said
    assert 'row 110: "差评"' in said
    assert 'characters 10, text "这书' in said
    first = [o for o in read_json(Path("data/reports/validate/reviews/report.json"))["expectations"] if o["failed"]]
    assert any("差评" in str(outcome["first"]) for outcome in first)


def test_the_small_datasets_are_valid_themselves(project: Path) -> None:
    assert set(load_project().datasets) == {"reviews", "tales", "power", "ratings", "digits"}
    run_stage("validate", "reviews")
