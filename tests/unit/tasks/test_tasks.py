import numpy as np
import pytest
import torch
from torch.nn import functional

from remint.errors import ConfigError
from remint.tasks.base import task
from tests.prepared import CLASSES, DIGITS, NUMBER, NUMBERS, TOKENS


def test_classification_loss_is_cross_entropy():
    outputs, target = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    loss = task("classification", DIGITS).loss(outputs, target)
    expected = -functional.log_softmax(outputs, dim=1)[torch.arange(6), target].mean()
    torch.testing.assert_close(loss, expected)


def test_classification_predicts_probabilities_in_double():
    found = task("classification", DIGITS).predict(torch.tensor([[0.0, 0.0, np.log(2.0)]]))["probabilities"]
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, [[0.25, 0.25, 0.5]], atol=1e-7)


def test_regression_works_on_the_standardised_target():
    regression = task("regression", NUMBER)
    loss = regression.loss(torch.tensor([[1.0], [0.0]]), torch.tensor([60.0, 70.0]))
    assert loss.item() == pytest.approx((0.0 + 4.0) / 2)
    np.testing.assert_allclose(regression.predict(torch.tensor([[1.0], [-0.5]]))["value"], [60.0, 45.0])


def test_epoch_metrics_are_in_raw_units():
    regression, classification = task("regression", NUMBER), task("classification", CLASSES)
    outputs, target = torch.tensor([[1.0], [0.0]]), torch.tensor([60.0, 54.0])
    found = regression.epoch_figures(
        [regression.sums(outputs[:1], target[:1]), regression.sums(outputs[1:], target[1:])]
    )
    assert found == pytest.approx({"loss": 0.08, "rmse": np.sqrt(8.0)})
    found = classification.epoch_figures(
        [classification.sums(torch.tensor([[1.0, 2.0], [3.0, 0.0]]), torch.tensor([1, 1]))]
    )
    assert found["accuracy"] == 0.5


@pytest.mark.parametrize("name", ["classification", "regression"])
def test_losses_of_half_precision_outputs_are_computed_in_full(name: str):
    outputs, target = (DIGITS, torch.tensor([2])) if name == "classification" else (NUMBER, torch.tensor([50.0]))
    assert task(name, outputs).loss(torch.zeros(1, outputs.size, dtype=torch.bfloat16), target).dtype == torch.float32


@pytest.mark.parametrize(("name", "outputs"), [("classification", NUMBER), ("regression", CLASSES)])
def test_outputs_of_another_kind_are_refused(name: str, outputs):
    with pytest.raises(ConfigError, match=f'task "{name}", but the target is a'):
        task(name, outputs)


def test_forecasting_works_on_the_standardised_target():
    forecasting = task("forecasting", NUMBERS)
    outputs, target = torch.tensor([[1.0, 0.0, -1.0]]), torch.tensor([[12.0, 10.0, 10.0]])
    assert forecasting.loss(outputs, target).item() == pytest.approx(1 / 3)
    np.testing.assert_allclose(forecasting.predict(outputs)["values"], [[12.0, 10.0, 8.0]])
    assert forecasting.epoch_figures([forecasting.sums(outputs, target)])["rmse"] == pytest.approx(np.sqrt(4 / 3))


def test_language_modelling_counts_no_padding():
    modelling, outputs = task("language_modelling", TOKENS), torch.randn(2, 3, 24)
    target = torch.tensor([[5, 6, 7], [8, 0, 0]])
    rows = torch.cat([outputs[0], outputs[1, :1]])
    expected = functional.cross_entropy(rows, torch.tensor([5, 6, 7, 8]))
    torch.testing.assert_close(modelling.loss(outputs, target), expected)
    found = modelling.predict(outputs, target)
    assert found["tokens"].tolist() == [3.0, 1.0]
    assert found["nats"].sum() == pytest.approx(4 * expected.item(), rel=1e-6)
    assert modelling.epoch_figures([modelling.sums(outputs, target)])["loss"] == pytest.approx(expected.item())


def test_label_smoothing_spreads_a_share_of_the_target_over_all_classes():
    outputs, target = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    smoothed = task("classification", DIGITS).loss(outputs, target, 0.3)
    shares = functional.one_hot(target, 3) * 0.7 + 0.1
    torch.testing.assert_close(smoothed, -(shares * functional.log_softmax(outputs, dim=1)).sum(1).mean())


@pytest.mark.parametrize(("name", "outputs"), [("regression", NUMBER), ("forecasting", NUMBERS)])
def test_label_smoothing_of_numbers_is_refused(name: str, outputs):
    with pytest.raises(ConfigError, match=r"trainer\.label_smoothing is 0\.1"):
        task(name, outputs).loss(torch.zeros(2, outputs.size), torch.zeros(2, outputs.size), 0.1)
