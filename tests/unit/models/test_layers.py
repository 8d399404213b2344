import numpy as np
import pytest
import torch

from remint.config.specs import CategorySpec, TabularSpec
from remint.models import layers
from remint.models.layers import PixelLinear, TabularLinear
from tests.prepared import IMAGES, TABLE


def _batch(rows: int = 40) -> dict[str, torch.Tensor]:
    random = np.random.default_rng(0)
    codes = np.stack([random.integers(0, 4, rows), random.integers(0, 6, rows)], axis=1)
    return {
        "numeric": torch.from_numpy(random.normal(size=(rows, 3)).astype(np.float32)),
        "codes": torch.from_numpy(codes),
    }


def _one_hot(batch: dict[str, torch.Tensor]) -> torch.Tensor:
    jobs, towns = (torch.eye(size)[batch["codes"][:, i]][:, 1:] for i, size in enumerate((4, 6)))
    return torch.cat([batch["numeric"], jobs, towns], dim=1)


def test_a_table_goes_through_one_linear_layer_over_one_hot_columns():
    layer, batch = TabularLinear(TABLE, 5), _batch()
    torch.testing.assert_close(layer(batch), layer.linear(_one_hot(batch)))


def test_looking_up_is_the_same_as_multiplying(monkeypatch: pytest.MonkeyPatch):
    layer, batch = TabularLinear(TABLE, 5), _batch()
    multiplied = layer(batch)
    multiplied.square().sum().backward()
    gradients = [p.grad.clone() for p in layer.parameters()]
    layer.zero_grad()
    monkeypatch.setattr(layers, "DENSE_UP_TO", 0)
    looked_up = layer(batch)
    looked_up.square().sum().backward()
    torch.testing.assert_close(looked_up, multiplied)
    for parameter, gradient in zip(layer.parameters(), gradients, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)


@pytest.mark.parametrize("dense_up_to", [0, 1024])
def test_an_unseen_value_adds_nothing(monkeypatch: pytest.MonkeyPatch, dense_up_to: int):
    monkeypatch.setattr(layers, "DENSE_UP_TO", dense_up_to)
    layer = TabularLinear(TABLE, 5)
    batch = {"numeric": torch.zeros(1, 3), "codes": torch.zeros(1, 2, dtype=torch.int64)}
    torch.testing.assert_close(layer(batch)[0], layer.linear.bias)


@pytest.mark.parametrize("dense_up_to", [0, 1024])
@pytest.mark.parametrize(("numeric", "sizes"), [((), (3, 4)), (("a", "b"), ()), (("a",), (2,))])
def test_tables_without_numbers_or_without_categories(
    monkeypatch: pytest.MonkeyPatch, dense_up_to: int, numeric: tuple[str, ...], sizes: tuple[int, ...]
):
    monkeypatch.setattr(layers, "DENSE_UP_TO", dense_up_to)
    categories = tuple(CategorySpec(name=str(i), codes=size) for i, size in enumerate(sizes))
    layer = TabularLinear(TabularSpec(numeric=numeric, categories=categories), 5)
    codes = torch.ones(7, len(sizes), dtype=torch.int64)
    outputs = layer({"numeric": torch.randn(7, len(numeric)), "codes": codes})
    assert outputs.shape == (7, 5)
    outputs.sum().backward()


def test_a_wide_table_of_numbers_alone_is_a_linear_layer():
    names = tuple(str(i) for i in range(layers.DENSE_UP_TO + 1))
    layer = TabularLinear(TabularSpec(numeric=names, categories=()), 5)
    batch = {"numeric": torch.randn(3, len(names)), "codes": torch.zeros(3, 0, dtype=torch.int64)}
    torch.testing.assert_close(layer(batch), layer.linear(batch["numeric"]))


@pytest.mark.parametrize("dense_up_to", [0, 1024])
def test_dropout_is_of_the_inputs(monkeypatch: pytest.MonkeyPatch, dense_up_to: int):
    monkeypatch.setattr(layers, "DENSE_UP_TO", dense_up_to)
    layer = TabularLinear(TABLE, 1, dropout=0.25)
    with torch.no_grad():
        layer.linear.weight.fill_(1.0)
        layer.linear.bias.zero_()
    rows = 20000
    batch = {"numeric": torch.zeros(rows, 3), "codes": torch.ones(rows, 2, dtype=torch.int64)}
    found = layer.train()(batch).flatten()
    # Two inputs of 1, each kept with probability 3/4 and then worth 4/3.
    assert {round(value, 3) for value in found.unique().tolist()} == {0.0, 1.333, 2.667}
    assert found.mean().item() == pytest.approx(2.0, abs=0.03)
    assert (layer.eval()(batch) == 2.0).all()


def test_pixels_are_scaled_and_flattened():
    layer = PixelLinear(IMAGES, 4)
    image = torch.randint(0, 256, (6, 1, 8, 8), dtype=torch.uint8)
    torch.testing.assert_close(layer({"image": image}), layer.linear(image.reshape(6, 64) / 255))


def test_only_weight_and_bias_are_saved():
    assert set(TabularLinear(TABLE, 5).state_dict()) == {"linear.weight", "linear.bias"}
