import pandas as pd

from remint.evaluation.figures.curves import loss_curves

HISTORY = pd.DataFrame(
    {
        "epoch": [1, 2, 3],
        "train_loss": [3.0, 2.0, 1.0],
        "val_loss": [3.0, 2.0, 2.0],
        "val_accuracy": [0.5, 0.6, 0.7],
        "lr": 0.1,
    }
)


def test_loss_curves_show_train_validation_and_each_metric() -> None:
    loss, accuracy = loss_curves(HISTORY).axes
    assert [line.get_label() for line in loss.lines] == ["train", "validation"]
    assert accuracy.get_ylabel() == "validation accuracy"
    assert list(accuracy.lines[0].get_ydata()) == [0.5, 0.6, 0.7]
