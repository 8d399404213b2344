import pytest
import torch
from torch import nn

from remint.config.experiment import EarlyStoppingConfig
from remint.errors import ConfigError
from remint.training.watch import BestWeights, EarlyStopping

KNOWN = {"train_loss": False, "val_loss": False, "val_accuracy": True}


def _stops_at(values: list[float], **config: object) -> int | None:
    stopping = EarlyStopping(EarlyStoppingConfig.model_validate(config), KNOWN)
    monitor = str(config.get("monitor", "val_loss"))
    return next((i for i, value in enumerate(values) if stopping.stops_after({monitor: value})), None)


def test_stops_when_patience_is_used_up():
    assert _stops_at([3, 2, 2.5, 2.4, 2.1], patience=2) == 3
    assert _stops_at([3, 2, 2.5, 1.9, 2.1, 1.8], patience=2) is None


def test_an_improvement_must_exceed_min_delta():
    assert _stops_at([3, 2.95, 2.9], patience=2, min_delta=0.2) == 2
    assert _stops_at([3, 2.95, 2.9], patience=2) is None


def test_higher_is_better_for_accuracy():
    assert _stops_at([0.5, 0.6, 0.7, 0.8], monitor="val_accuracy", patience=1) is None
    assert _stops_at([0.8, 0.7], monitor="val_accuracy", patience=1) == 1


def test_an_unknown_figure_is_told():
    with pytest.raises(
        ConfigError, match=r'trainer.early_stopping.monitor is "val_acc"; allowed: train_loss, val_accuracy, val_loss'
    ):
        EarlyStopping(EarlyStoppingConfig(monitor="val_acc"), KNOWN)


def test_best_weights_are_a_copy_of_the_epoch_with_the_lowest_validation_loss():
    layer, best = nn.Linear(1, 1, bias=False), BestWeights()
    for value, loss in ((1.0, 3.0), (2.0, 1.0), (3.0, 1.0), (4.0, 2.0)):
        with torch.no_grad():
            layer.weight.fill_(value)
        best.note({"val_loss": loss}, layer)
    assert best.weights["weight"].item() == 2.0
