import math
import os
import re
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from remint import progress
from remint.config.experiment import TrainerConfig
from remint.data.module import PreparedDataModule
from remint.determinism import deterministic
from remint.errors import ConfigError, RemintError
from remint.models.base import build_network, model_config
from remint.seeds import derive_seed
from remint.tasks.base import task
from remint.training.fit import fit
from remint.training.lightning import TrainingModule
from remint.training.schedules import learning_rate
from tests.prepared import FAMILIES, bits, dataset_for, images, numbers, table, texts, trained

MLP = {**FAMILIES["mlp"], "dropout": 0.3}


def test_history_has_a_row_an_epoch(tmp_path: Path):
    seen: list[dict[str, float]] = []
    result = trained(table(tmp_path / "d"), epochs=3, on_epoch=seen.append)
    assert seen == result.history
    assert [list(row) for row in seen] == [["epoch", "train_loss", "val_loss", "val_accuracy", "lr"]] * 3
    assert [row["epoch"] for row in seen] == [1, 2, 3]


def test_regression_reports_the_error_in_raw_units(tmp_path: Path):
    prepared = numbers(tmp_path / "d")
    row = trained(prepared, epochs=1).history[0]
    assert list(row) == ["epoch", "train_loss", "val_loss", "val_rmse", "lr"]
    assert row["val_rmse"] == pytest.approx(np.sqrt(row["val_loss"]) * prepared.spec.outputs.std, rel=1e-5)


def test_figures_are_means_over_all_rows(tmp_path: Path):
    """With a rate that moves nothing, the losses of the epoch are those of the network as it was drawn."""
    prepared = table(tmp_path / "d", train=70, rest=300)
    result = trained(prepared, MLP | {"dropout": 0.0}, epochs=1, lr=1e-30, optimizer="sgd")
    for split in ("train", "val"):
        batch = {name: torch.from_numpy(array) for name, array in prepared.split(split).items()}
        with torch.inference_mode():
            expected = torch.nn.functional.cross_entropy(result.network(batch), batch["target"]).item()
        assert result.history[0][f"{split}_loss"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("family", "settings"),
    [
        ("linear", {}),
        ("mlp", {"optimizer": "momentum", "l1": 0.001, "l2": 0.01, "gradient_clip": 1.0}),
        ("mlp", {"precision": "bf16-mixed"}),
        ("cnn", {}),
        ("cnn", {"precision": "bf16-mixed", "channels_last": True, "threads": 2}),
        ("resnet", {"augmentation": {"flip": 0.5, "shift": 1, "rotation": 9, "cutout": 2}, "accumulate": 2}),
        ("transformer", {"label_smoothing": 0.1, "accumulate": 3}),
    ],
)
def test_the_same_arguments_give_the_same_bytes_whatever_came_before(tmp_path: Path, family: str, settings: dict):
    prepared, model = dataset_for(family, tmp_path / "d"), {**FAMILIES[family], "dropout": 0.3}
    first = trained(prepared, model, epochs=2, **settings)
    trained(table(tmp_path / "other"), MLP, seed=9, epochs=1, threads=2, precision="bf16-mixed")
    torch.manual_seed(123)
    second = trained(prepared, model, epochs=2, **settings)
    assert bits(first) == bits(second)
    assert first.history == second.history


def test_another_process_gives_the_same_bytes(tmp_path: Path):
    expected = bits(trained(table(tmp_path / "d"), MLP, epochs=2))
    script = (
        "import sys; from pathlib import Path; from tests.prepared import *\n"
        "from tests.unit.training.test_fit import MLP\n"
        "sys.stdout.write(bits(trained(Prepared(Path(sys.argv[1])), MLP, epochs=2)).hex())"
    )
    done = subprocess.run([sys.executable, "-c", script, tmp_path / "d"], capture_output=True, text=True, check=False)
    assert done.stdout == expected.hex()
    assert done.stderr == ""


def test_a_datamodule_can_be_used_again(tmp_path: Path):
    prepared = table(tmp_path / "d")
    kind, settings = task("classification", prepared.spec.outputs), TrainerConfig(epochs=2, threads=1)
    data = PreparedDataModule(prepared, 32, 1)
    networks = [build_network(model_config("x", MLP), prepared.spec, 1) for _ in range(2)]
    assert bits(fit(data, networks[0], kind, settings, 1)) == bits(fit(data, networks[1], kind, settings, 1))


def test_the_seed_decides(tmp_path: Path):
    prepared = table(tmp_path / "d")
    assert bits(trained(prepared, epochs=1, seed=1)) != bits(trained(prepared, epochs=1, seed=2))


def test_workers_change_nothing(tmp_path: Path):
    prepared = table(tmp_path / "d")
    assert bits(trained(prepared, MLP, epochs=2, workers=1)) == bits(trained(prepared, MLP, epochs=2))


def test_what_is_random_in_a_step_depends_on_seed_and_step_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Draws from the global generator between steps, as a resumed training would have made others, change nothing."""
    prepared = table(tmp_path / "d")
    expected = bits(trained(prepared, MLP, epochs=2))
    learn = TrainingModule.learn

    def disturbed(self: TrainingModule, batch: dict, number: int) -> None:
        torch.rand(number + 1)
        learn(self, batch, number)

    monkeypatch.setattr(TrainingModule, "learn", disturbed)
    assert bits(trained(prepared, MLP, epochs=2)) == expected


def test_equals_a_loop_written_by_hand(tmp_path: Path):
    prepared = table(tmp_path / "d")
    settings = {"epochs": 2, "lr": 0.01, "l1": 0.001, "gradient_clip": 0.5, "schedule": {"name": "cosine"}}
    network = build_network(model_config("x", MLP), prepared.spec, 1)
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    arrays = {name: torch.from_numpy(array) for name, array in prepared.split("train").items()}
    with deterministic(1):
        for step in range(14):
            if step % 7 == 0:
                order = np.random.default_rng(derive_seed(1, "shuffle", step // 7)).permutation(200)
                batches = torch.from_numpy(order).split(32)
            torch.manual_seed(derive_seed(1, "step", step))
            optimizer.param_groups[0]["lr"] = 0.01 * (1 + math.cos(math.pi * step / 14)) / 2
            batch = {name: array[batches[step % 7]] for name, array in arrays.items()}
            loss = torch.nn.functional.cross_entropy(network(batch), batch["target"])
            (loss + 0.001 * sum(p.abs().sum() for p in network.parameters() if p.ndim > 1)).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 0.5)
            optimizer.step()
            optimizer.zero_grad()
    result = trained(prepared, MLP, **settings)
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(result.weights[name], tensor, rtol=1e-5, atol=1e-6)


def test_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    prepared = table(tmp_path / "d")
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    torch.set_num_threads(2)
    before = _global_state()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trained(prepared, epochs=2, precision="bf16-mixed")
    assert _global_state() == before
    assert list(empty.iterdir()) == []
    assert [str(warning.message) for warning in caught] == []
    assert capfd.readouterr() == ("", "")


def test_puts_the_state_back_after_a_failure(tmp_path: Path):
    before = _global_state()
    with pytest.raises(RemintError):
        trained(table(tmp_path / "d"), MLP, epochs=5, lr=1e30, optimizer="sgd")
    assert _global_state() == before


def test_divergence_tells_epoch_and_rate(tmp_path: Path):
    expected = r"training diverged: (train|val)_loss is (nan|inf) in epoch \d at learning rate 1e\+30; try a smaller"
    with pytest.raises(RemintError, match=expected):
        trained(table(tmp_path / "d"), MLP, epochs=5, lr=1e30, optimizer="sgd")


def test_nan_in_the_data_is_told(tmp_path: Path):
    prepared = table(tmp_path / "d")
    arrays = prepared.split("train")
    arrays["numeric"][3, 1] = np.nan
    prepared.split = lambda name: arrays if name == "train" else type(prepared).split(prepared, name)
    with pytest.raises(RemintError, match="train_loss is nan in epoch 1"):
        trained(prepared, epochs=2)


def test_progress_is_reported_by_epoch(tmp_path: Path):
    seen: list[tuple[str, int, int]] = []
    with progress.shown_by(lambda *report: seen.append(report)):
        trained(table(tmp_path / "d"), epochs=3)
    assert seen == [("training", 1, 3), ("training", 2, 3), ("training", 3, 3)]


def test_the_rate_of_every_step_is_the_schedules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rates: list[float] = []
    step = torch.optim.Adam.step

    def watched(self: torch.optim.Adam) -> None:
        rates.append(self.param_groups[0]["lr"])
        step(self)

    monkeypatch.setattr(torch.optim.Adam, "step", watched)
    module_settings = {"epochs": 4, "lr": 0.01, "schedule": {"name": "cosine", "warmup": 0.25}}
    result = trained(table(tmp_path / "d", train=100), **module_settings)
    settings = TrainerConfig.model_validate(module_settings)
    assert rates == [learning_rate(settings, k, 4) for k in range(16)]
    assert [row["lr"] for row in result.history] == rates[3::4]


def test_early_stopping_ends_the_training(tmp_path: Path):
    stopping = {"monitor": "train_loss", "patience": 2, "min_delta": 10.0}
    assert len(trained(table(tmp_path / "d"), epochs=20, early_stopping=stopping).history) == 3


def test_early_stopping_on_an_unknown_figure_is_refused_at_once(tmp_path: Path):
    with pytest.raises(
        ConfigError, match=re.escape('trainer.early_stopping.monitor is "val_rmse"; allowed: train_loss, val_acc')
    ):
        trained(table(tmp_path / "d"), early_stopping={"monitor": "val_rmse"})


def test_gradient_clip_bounds_the_norm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    norms: list[float] = []
    step = torch.optim.SGD.step

    def watched(self: torch.optim.SGD) -> None:
        gradients = [p.grad for group in self.param_groups for p in group["params"]]
        norms.append(torch.cat([gradient.flatten() for gradient in gradients]).norm().item())
        step(self)

    monkeypatch.setattr(torch.optim.SGD, "step", watched)
    prepared = table(tmp_path / "d")
    trained(prepared, epochs=1, optimizer="sgd", lr=0.1)
    free, bound = list(norms), min(norms) / 2
    norms.clear()
    trained(prepared, epochs=1, optimizer="sgd", lr=0.1, gradient_clip=bound)
    assert max(free) > bound
    assert norms == pytest.approx([bound] * len(norms), rel=1e-3)


def test_keep_best_gives_the_weights_of_the_best_epoch(tmp_path: Path):
    prepared = table(tmp_path / "d", train=40, rest=200)
    settings = {"optimizer": "adam", "lr": 0.05}
    result = trained(prepared, FAMILIES["mlp"], epochs=12, keep="best", **settings)
    losses = [row["val_loss"] for row in result.history]
    best = int(np.argmin(losses))
    assert best < 11, "the network is meant to overfit"
    assert bits(result) == bits(trained(prepared, FAMILIES["mlp"], epochs=best + 1, **settings))
    assert bits(result) != bits(trained(prepared, FAMILIES["mlp"], epochs=12, **settings))


def test_channels_last_trains_in_that_layout_and_gives_weights_in_c_order(tmp_path: Path, monkeypatch):
    layouts = set()
    relu = torch.relu

    def watched(x: torch.Tensor) -> torch.Tensor:
        layouts.add(x.ndim == 2 or x.is_contiguous(memory_format=torch.channels_last))
        return relu(x)

    monkeypatch.setattr(torch, "relu", watched)
    result = trained(images(tmp_path / "d"), FAMILIES["cnn"], epochs=1, channels_last=True)
    assert layouts == {True}
    for tensor in (*result.weights.values(), *result.network.parameters()):
        assert tensor.is_contiguous()


def test_the_network_given_back_has_the_weights_and_does_not_drop_out(tmp_path: Path):
    result = trained(table(tmp_path / "d"), MLP, epochs=1)
    assert not result.network.training
    for name, tensor in result.network.state_dict().items():
        assert torch.equal(tensor, result.weights[name])


def test_ctrl_c_stays_ctrl_c(tmp_path: Path):
    handler = signal.getsignal(signal.SIGINT)

    def interrupt(_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        trained(table(tmp_path / "d"), epochs=50, on_epoch=interrupt)
    assert signal.getsignal(signal.SIGINT) is handler


def _global_state() -> tuple[object, ...]:
    return (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        torch.utils.deterministic.fill_uninitialized_memory,
        torch.get_float32_matmul_precision(),
        torch.get_rng_state().numpy().tobytes(),
        torch.is_grad_enabled(),
        torch.is_autocast_enabled("cpu"),
        signal.getsignal(signal.SIGTERM),
        signal.getsignal(signal.SIGINT),
    )


def test_accumulated_batches_are_one_step_of_their_mean_gradient(tmp_path: Path):
    """Four batches of eight, accumulated, move the weights as one batch of 32 does."""
    prepared = table(tmp_path / "d", train=96)
    settings = {"epochs": 2, "optimizer": "sgd", "lr": 0.1}
    whole = trained(prepared, batch_size=32, **settings).weights
    pieces = trained(prepared, batch_size=8, accumulate=4, **settings).weights
    for name, weight in whole.items():
        torch.testing.assert_close(pieces[name], weight, atol=1e-6, rtol=1e-5)


def test_an_epochs_last_batches_make_a_step_even_if_there_are_fewer(tmp_path: Path):
    prepared = table(tmp_path / "d", train=48)
    settings = {"epochs": 1, "optimizer": "sgd", "lr": 0.1, "batch_size": 8}
    assert bits(trained(prepared, accumulate=6, **settings)) == bits(trained(prepared, accumulate=100, **settings))


def test_label_smoothing_bounds_what_a_network_is_sure_of(tmp_path: Path):
    prepared = images(tmp_path / "d")
    sure, smoothed = (
        trained(prepared, FAMILIES["mlp"], epochs=30, lr=0.01, label_smoothing=s).network({"image": _images(prepared)})
        for s in (0.0, 0.3)
    )
    assert smoothed.softmax(1).max() < 0.9 < sure.softmax(1).max()


def test_augmentation_changes_training_alone(tmp_path: Path):
    prepared = images(tmp_path / "d")
    settings = {"epochs": 1, "lr": 1e-30, "optimizer": "sgd"}
    plain, flipped = (trained(prepared, FAMILIES["cnn"], **settings, augmentation=a) for a in ({}, {"shift": 2}))
    assert plain.history[0]["train_loss"] != flipped.history[0]["train_loss"]
    assert plain.history[0]["val_loss"] == flipped.history[0]["val_loss"]


def test_augmentation_of_what_is_no_image_is_refused(tmp_path: Path):
    prepared = table(tmp_path / "d")
    with pytest.raises(ConfigError, match=r"trainer.augmentation.shift is 2; allowed for data without images: 0"):
        trained(prepared, augmentation={"shift": 2})
    trained(prepared, epochs=1, augmentation={"flip": 0})


def test_a_networks_own_penalty_joins_the_loss(tmp_path: Path):
    prepared = table(tmp_path / "d")
    plain = trained(prepared, epochs=10, lr=0.05).weights["linear.weight"]
    data = PreparedDataModule(prepared, 32, 1)
    network = build_network(model_config("x", FAMILIES["linear"]), prepared.spec, 1)
    network.penalty = lambda batch: network.linear.weight.square().sum() * len(batch["target"]) / 32
    settings = TrainerConfig(epochs=10, batch_size=32, lr=0.05, threads=1)
    penalised = fit(data, network, task("classification", prepared.spec.outputs), settings, 1).weights["linear.weight"]
    assert penalised.norm() < 0.6 * plain.norm()


def test_a_frozen_part_runs_once_and_stays_as_it_was(tmp_path: Path):
    prepared = texts(tmp_path / "d")
    model = {**FAMILIES["bert"], "frozen": True}
    network = build_network(model_config("x", model), prepared.spec, 1)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    calls: list[int] = []
    network.encoder.register_forward_hook(lambda *_: calls.append(1))
    settings = TrainerConfig(epochs=5, batch_size=32, lr=0.05, l2=0.1, optimizer="adamw", threads=1)
    data = PreparedDataModule(prepared, 32, 1)
    result = fit(data, network, task("classification", prepared.spec.outputs), settings, 1)
    changed = {name for name, tensor in result.weights.items() if not torch.equal(tensor, before[name])}
    assert changed == {"output.weight", "output.bias"}
    assert len(calls) == 1 + 1 + 1  # one row to see whether anything is frozen; train and val, a batch each


def _images(prepared) -> torch.Tensor:
    return torch.from_numpy(prepared.split("train")["image"])


def test_a_temperature_is_fitted_on_the_validation_split_where_asked_for(tmp_path: Path):
    prepared = table(tmp_path / "d")
    plain, scaled = (trained(prepared, epochs=30, calibration=kind) for kind in ("none", "temperature"))
    assert plain.temperature is None
    assert bits(plain) == bits(scaled)
    batch = {name: torch.from_numpy(array) for name, array in prepared.split("val").items()}
    with torch.inference_mode():
        logits = scaled.network(batch).double()
    losses = [torch.nn.functional.cross_entropy(logits / t, batch["target"]) for t in (scaled.temperature, 1.0, 0.8)]
    assert losses[0] == min(losses)
    assert losses[0] < losses[1]


def test_a_task_without_classes_has_no_temperature(tmp_path: Path):
    with pytest.raises(ConfigError, match=r'trainer.calibration is "temperature"; allowed for regression: "none"'):
        trained(numbers(tmp_path / "d"), calibration="temperature")
