from pathlib import Path

import pandas as pd
import pytest

from remint import paths
from remint.data.raw import read_raw
from remint.registry.predictor import load_predictor
from tests import served


@pytest.mark.parametrize("experiment", ["people-mlp", "houses-linear", "digits-cnn", "notes-net", "tides-net"])
def test_the_test_rows_get_the_predictions_of_the_training_bit_for_bit(project: Path, experiment: str) -> None:
    table, raw = served.expected(experiment), read_raw(paths.raw(served.EXPERIMENTS[experiment]))
    model = load_predictor(Path("served", experiment))
    if experiment == "tides-net":  # a row needs its history
        answers = model.predict(raw.rows).loc[table["row"]]
    else:
        answers = model.predict(raw.rows.loc[table["row"]] if raw.images is None else raw.images[table["row"]])
    wanted = table[[name for name in table if name.startswith(("p_", "prediction"))]]
    pd.testing.assert_frame_equal(answers.reset_index(drop=True), wanted, check_exact=True)


def test_a_language_model_scores_as_it_was_evaluated_and_writes_on(project: Path) -> None:
    table, raw = served.expected("poems-net"), read_raw(paths.raw("poems")).rows
    model = load_predictor(Path("served/poems-net"))
    rows = raw.loc[table["row"]]
    answers = model.predict(rows.head(3))
    assert list(answers) == ["prediction", "bits_per_character"]
    scores = model.score(rows)
    assert set(scores) == {"nats", "tokens"}
    assert (scores["tokens"] == table["tokens"]).all()
