"""A training that is cut off and goes on in another network gives the bits of one that was not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from remint.config.experiment import TrainerConfig
from remint.data.module import PreparedDataModule
from remint.data.prepared import Prepared
from remint.models.base import build_network, model_config
from remint.training.checkpoint import Checkpoint, Checkpoints, read_checkpoint
from remint.training.fit import FitResult, fit
from remint.training.interval import Interval
from tests.prepared import FAMILIES, bits, dataset_for, table, task_of, texts

MLP = {**FAMILIES["mlp"], "dropout": 0.3}
CNN = {**FAMILIES["cnn"], "dropout": 0.3}
BATCHES = 7
"Of an epoch: 200 rows, 32 a batch."
EVERY_KIND = {"shift": 1, "rotation": 9, "scaling": 0.1, "cutout": 2, "flip": 0.5}


class CutOff(Exception):  # noqa: N818
    """What kills a training in these tests."""


class Dying(Checkpoints):
    """Lets the training die after its n-th checkpoint, and notes where that was."""

    dies_after = 1

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.saved: list[tuple[int, int]] = []

    def save(self, checkpoint: Checkpoint) -> None:
        super().save(checkpoint)
        self.saved.append((checkpoint.position.epoch, checkpoint.position.batch))
        if len(self.saved) == self.dies_after:
            raise CutOff


def _fit(prepared: Prepared, model: dict[str, Any], checkpoints: Checkpoints | None, **trainer: Any) -> FitResult:
    settings = TrainerConfig.model_validate({"threads": 1, "batch_size": 32, "epochs": 2, **trainer})
    network = build_network(model_config("test", model), prepared.spec, 1)
    data = PreparedDataModule(prepared, settings.batch_size, 1, settings.workers)
    return fit(data, network, task_of(prepared), settings, 1, checkpoints=checkpoints)


def _checkpoints(file: Path, kind: type[Checkpoints] = Checkpoints, steps: float = np.inf) -> Any:
    kept = read_checkpoint(file, "f1")
    return kind(file, "f1", Interval(np.inf, steps), lambda: ("r1", 1.0), kept.checkpoint if kept else None)


def _assert_goes_on(prepared: Prepared, model: dict[str, Any], step: int, **trainer: Any) -> tuple[int, int]:
    """Cut a training off after a step of its optimizer, let it go on, and compare; give where it was cut off."""
    expected, file = _fit(prepared, model, None, **trainer), prepared.folder / "checkpoint.pt"
    file.unlink(missing_ok=True)
    dying = _checkpoints(file, Dying, step)
    with pytest.raises(CutOff):
        _fit(prepared, model, dying, **trainer)
    torch.manual_seed(step)
    found = _fit(prepared, model, _checkpoints(file), **trainer)
    assert bits(found) == bits(expected)
    assert found.history == expected.history
    assert found.temperature == expected.temperature
    return dying.saved[0]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_goes_on_mid_epoch(tmp_path: Path, family: str):
    model, prepared = {**FAMILIES[family], "dropout": 0.3}, dataset_for(family, tmp_path / "d", train=150)
    if "dropout" not in type(model_config("test", FAMILIES[family])).model_fields:
        del model["dropout"]
    assert _assert_goes_on(prepared, model, 7)[0] == 1


@pytest.mark.parametrize(
    ("model", "step", "place", "settings"),
    [
        (MLP, 3, (0, 3), {"optimizer": "momentum", "l1": 0.001, "l2": 0.01, "gradient_clip": 1.0}),
        (MLP, BATCHES, (1, 0), {"schedule": {"name": "one-cycle"}, "optimizer": "adamw"}),
        (MLP, 5, (1, 2), {"accumulate": 2, "batch_size": 25, "precision": "bf16-mixed"}),
        (MLP, 7, (2, 3), {"accumulate": 3, "batch_size": 23, "schedule": {"name": "cosine"}, "epochs": 3}),
        (MLP, 40, (0, 40), {"batch_size": 2, "epochs": 1, "calibration": "temperature"}),
        (MLP, 32, (0, 32), {"batch_size": 2, "epochs": 1}),
        (
            MLP,
            30,
            (4, 2),
            {"early_stopping": {"monitor": "train_loss", "patience": 5, "min_delta": 10.0}, "epochs": 20},
        ),
        (CNN, 9, (1, 2), {"augmentation": EVERY_KIND, "channels_last": True}),
        (CNN, 9, (1, 2), {"precision": "bf16-mixed", "channels_last": True, "optimizer": "momentum", "threads": 2}),
    ],
)
def test_every_setting_goes_on(tmp_path: Path, model: dict, step: int, place: tuple[int, int], settings: dict):
    prepared = dataset_for(model["family"], tmp_path / "d")
    assert _assert_goes_on(prepared, model, step, **settings) == place


def test_the_best_weights_of_before_are_kept(tmp_path: Path):
    prepared = table(tmp_path / "d", train=40, rest=200)
    settings = {"keep": "best", "lr": 0.05, "epochs": 12}
    losses = [row["val_loss"] for row in _fit(prepared, FAMILIES["mlp"], None, **settings).history]
    assert np.argmin(losses) < 9, "the network is meant to overfit"
    assert _assert_goes_on(prepared, FAMILIES["mlp"], 21, **settings) == (10, 1)


@pytest.mark.slow
def test_workers_go_on(tmp_path: Path):
    prepared, settings = table(tmp_path / "d"), {"workers": 1, "batch_size": 2, "epochs": 2}
    assert _assert_goes_on(prepared, MLP, 140, **settings) == (1, 40)
    assert bits(_fit(prepared, MLP, None, **settings)) == bits(_fit(prepared, MLP, None, **{**settings, "workers": 0}))


def test_a_frozen_part_goes_on(tmp_path: Path):
    assert _assert_goes_on(texts(tmp_path / "d"), {**FAMILIES["bert"], "frozen": True}, 9) == (1, 2)


def test_a_training_goes_on_as_often_as_it_is_cut_off(tmp_path: Path):
    prepared, file = table(tmp_path / "d"), tmp_path / "checkpoint.pt"
    expected, places = _fit(prepared, MLP, None), []
    for _ in range(4):
        dying = _checkpoints(file, Dying, 3)
        with pytest.raises(CutOff):
            _fit(prepared, MLP, dying)
        places += dying.saved
    assert places == [(0, 3), (0, 6), (1, 2), (1, 5)]
    found = _fit(prepared, MLP, _checkpoints(file))
    assert (bits(found), found.history) == (bits(expected), expected.history)


def test_checkpoints_change_nothing_and_only_new_rows_are_told(tmp_path: Path):
    prepared = table(tmp_path / "d")
    every_step = _checkpoints(tmp_path / "checkpoint.pt", steps=1)
    assert bits(_fit(prepared, MLP, every_step)) == bits(_fit(prepared, MLP, None))
    rows: list[dict[str, float]] = []
    settings, kept = TrainerConfig(threads=1, batch_size=32, epochs=2), _checkpoints(tmp_path / "checkpoint.pt")
    assert (kept.start.position.epoch, kept.start.position.batch) == (1, BATCHES - 1)
    network = build_network(model_config("test", MLP), prepared.spec, 1)
    fit(PreparedDataModule(prepared, 32, 1), network, task_of(prepared), settings, 1, rows.append, kept)
    assert [row["epoch"] for row in rows] == [2]


def test_a_datamodule_that_went_on_begins_anew(tmp_path: Path):
    prepared, settings = table(tmp_path / "d"), TrainerConfig(threads=1, batch_size=32, epochs=2)
    with pytest.raises(CutOff):
        _fit(prepared, MLP, _checkpoints(tmp_path / "checkpoint.pt", Dying, 3))
    data = PreparedDataModule(prepared, 32, 1)
    found = [
        fit(data, build_network(model_config("test", MLP), prepared.spec, 1), task_of(prepared), settings, 1, **kept)
        for kept in ({"checkpoints": _checkpoints(tmp_path / "checkpoint.pt")}, {})
    ]
    assert bits(found[0]) == bits(found[1])
