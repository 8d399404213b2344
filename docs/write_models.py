"""Write the tables, learning curves and samples of docs/models.md from finished projects.

`python docs/write_models.py PROJECT [PROJECT…]`: of the first stand model, size, time, curve and figure; runs of the
same experiments by another seed are looked for in its MLflow store and in those of the other projects.
"""

import argparse
import io
import json
import math
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyarrow.parquet as parquet
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from ruamel.yaml import YAML

from remint.config.metrics import HIGHER_IS_BETTER
from remint.evaluation.figures.numbers import forecasts
from remint.evaluation.figures.style import BLUE, RED, clean, new_figure, prepare
from remint.evaluation.figures.words import attention_maps, text_list

PAGE = Path(__file__).parent / "models.md"
CURVES = PAGE.parent / "images" / "curves"
MARK = "<!-- {} of {}, written by docs/write_models.py -->"
INCHES, COLOURS = (3.0, 5 / 3), 48
"Of a curve: 360×200 pixels. Of every picture: as many colours as keep its lines smooth."
STEEP = 8
"From which ratio of the highest loss to the lowest a curve's axis is logarithmic."
BUFFERS = ("running_mean", "running_var", "num_batches_tracked")
"What batch norm keeps beside its parameters."


@dataclass(frozen=True)
class Bar:
    """What an experiment must reach on the test split: the value, and the figures of baselines on the same split."""

    metric: str
    direction: Literal["≥", "≤", "<", ">", "within", "report"]
    value: float | None = None
    "Of `within` the largest distance to the baseline."
    baselines: tuple[str, ...] = ()

    @property
    def higher(self) -> bool:
        return HIGHER_IS_BETTER[self.metric]

    def told(self, found: Mapping[str, float] | None = None) -> str:
        """Give the bar in words, with the baselines' figures where these are given."""
        named = [name if found is None else f"{name} ({shown(found[name])})" for name in self.baselines]
        if self.direction == "report":
            return "reported"
        if self.direction == "within":
            return f"within {self.value:g} of {named[0]}"
        value = [] if self.value is None else [f"{self.value:g}"]
        return f"{self.direction} {' and '.join((*value, *named))}"

    def missed_by(self, found: float, baselines: Mapping[str, float]) -> float | None:
        """Tell how far a figure is from the bar; None: it holds."""
        if self.direction == "report":
            return None
        bars = [baselines[name] for name in self.baselines]
        if self.direction == "within":
            short = abs(found - bars[0]) - (self.value or 0.0)
            return short if short > 0 else None
        bars += [] if self.value is None else [self.value]
        short = max(bars) - found if self.higher else found - min(bars)
        holds = short <= 0 if self.direction in ("≥", "≤") else short < 0
        return None if holds else short


BARS = {
    "diamonds-linear": Bar("r2", "within", 0.001, ("linear",)),
    "diamonds-mlp": Bar("r2", "≥", 0.990),
    "fashion-softmax": Bar("accuracy", "≥", 0.84),
    "fashion-mlp": Bar("accuracy", "≥", 0.885),
    "fashion-cnn": Bar("accuracy", "≥", 0.920),
    "fashion-resnet": Bar("accuracy", "≥", 0.930),
    "fashion-inception": Bar("accuracy", "≥", 0.920),
    "r8-lstm": Bar("accuracy", "≥", 0.955),
    "r8-transformer": Bar("accuracy", "≥", 0.960),
    "news20-transformer": Bar("accuracy", "report"),
    "zh-reviews-lstm": Bar("accuracy", "≥", 0.82),
    "zh-reviews-transformer": Bar("accuracy", "≥", 0.82),
    "movies-minilm": Bar("accuracy", "≥", 0.84),
    "movies-minilm-probe": Bar("accuracy", "report"),
    "austen-gpt": Bar("bits_per_character", "<", 1.85, ("5-gram",)),
    "tang-gpt": Bar("bits_per_character", "<", None, ("3-gram",)),
    "weather-gru": Bar("rmse", "<", None, ("seasonal-naive", "linear")),
    "movielens-mf": Bar("rmse", "≤", 0.870),
    "movielens-mf-time": Bar("rmse", "report"),
}
"Experiment to its bar, in the order of the table."
ONE_OF = {("zh-reviews-lstm", "zh-reviews-transformer"): Bar("accuracy", ">", 0.838, ("tfidf-svm",))}
"Bars that one of several experiments must reach."
PICTURES: dict[str, tuple[str, Callable[[dict[str, Any]], Figure]]] = {
    "r8-transformer": ("attention", lambda found: attention_maps(found["attention"][:2])),
    "zh-reviews-transformer": ("samples", lambda found: text_list(first(found, 4))),
    "weather-gru": ("forecast", lambda found: forecasts(found["windows"][:4])),
}
"Experiment to a picture of its run to show, as it is drawn there but for fewer samples."
WRITTEN = {"austen-gpt": 2, "tang-gpt": 3}
"Experiment to how many of its generated texts to quote."
SEEDS = (1, 2)
METRICS = {"r2": "R²", "accuracy": "accuracy", "bits_per_character": "bits per character", "rmse": "RMSE"}


@dataclass(frozen=True)
class Run:
    """A run of an MLflow store."""

    name: str
    fingerprint: str
    seconds: float
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]

    @property
    def seed(self) -> int:
        return int(self.parameters["seed"])

    def differs_in_seed_alone(self, other: "Run") -> bool:
        """Tell whether another run trained the same by another seed."""
        mine, others = dict(self.parameters), dict(other.parameters)
        return mine.pop("seed") != others.pop("seed") and mine == others


class Project:
    """A project folder with what its stages wrote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def experiments(self) -> dict[str, Any]:
        loaded: dict[str, Any] = YAML(typ="safe").load(self.folder / "params.yaml")["experiments"]
        return loaded

    @cached_property
    def runs(self) -> list[Run]:
        """Trainings that were evaluated, the newest first. The store is read as it is: nothing in it is touched."""
        store = f"file:{self.folder.resolve() / 'mlruns' / 'mlflow.db'}?mode=ro"
        with sqlite3.connect(store, uri=True) as database:
            rows = database.execute(
                "SELECT run_uuid, name, end_time - start_time FROM runs WHERE status = 'FINISHED' "
                "AND lifecycle_stage = 'active' ORDER BY start_time DESC"
            ).fetchall()
            return list(_runs(database, rows))

    def finished(self, name: str) -> bool:
        """Tell whether the evaluation that stands there is one of the model that stands there."""
        return self.report("evaluate", name, "metrics.json").is_file() and self.run(name) is not None

    def run(self, name: str) -> Run | None:
        """Give the run of the model that stands there."""
        fingerprint = read(self.folder / "data" / "models" / name / "fingerprint.json")["fingerprint"]
        return next((run for run in self.runs if run.name == name and run.fingerprint == fingerprint), None)

    def report(self, stage: str, name: str, file: str) -> Path:
        return self.folder / "data" / "reports" / stage / name / file

    def weights(self, name: str) -> Path:
        return self.folder / "data" / "models" / name / "weights.safetensors"

    def rows(self, dataset: str) -> int:
        """Count the rows that cleaning keeps."""
        found = read(self.report("validate", dataset, "report.json"))
        return int((found.get("cleaning") or {}).get("kept", found["rows"]))

    def test_rows(self, name: str) -> int:
        """Count the rows of the test split that are predicted."""
        return int(parquet.read_metadata(self.report("evaluate", name, "predictions.parquet")).num_rows)

    def baselines(self, dataset: str, metric: str) -> dict[str, float]:
        found = read(self.report("baseline", dataset, "metrics.json"))
        return {name: figures[metric] for name, figures in found.items() if metric in figures}


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the tables and learning curves of docs/models.md.")
    parser.add_argument("projects", nargs="+", type=Path, metavar="PROJECT", help="folder of a project that has run")
    projects = [Project(folder) for folder in parser.parse_args().projects]
    done = [name for name in BARS if name in projects[0].experiments and _there(projects[0], name)]
    prepare()
    for name in done:
        draw(projects[0], name)
    text = PAGE.read_text(encoding="utf-8")
    text = replaced(text, "figures", figures(projects, done))
    text = replaced(text, "samples", shown_samples(projects[0], done))
    PAGE.write_text(text, encoding="utf-8")


def replaced(page: str, name: str, content: str) -> str:
    """Give the page with the part of a name replaced."""
    begin, end = (MARK.format(place, name) for place in ("begin", "end"))
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n\n{content}\n\n{end}{rest.partition(end)[2]}"


def figures(projects: Sequence[Project], done: Sequence[str]) -> str:
    """Give the tables of figures and of costs, and what they say."""
    return "\n\n".join([table_of_figures(projects, done), verdict(projects, done), table_of_costs(projects[0], done)])


def table_of_figures(projects: Sequence[Project], done: Sequence[str]) -> str:
    lines = ["| experiment | data: rows, in test | model | bar | baselines | seed 1 | seed 2 | mean (range) |"]
    lines.append("| --- | --- | --- | --- | --- | ---: | ---: | ---: |")
    for name, bar in BARS.items():
        declared = projects[0].experiments.get(name)
        if declared is None:
            continue
        model, named = declared["description"], f"`{name}`"
        if name not in done:
            lines.append(f"| {named} | {linked(declared['dataset'])} | {model} | {_bar(bar)} | | – | – | |")
            continue
        project = projects[0]
        data = f"{linked(declared['dataset'])}: {project.rows(declared['dataset']):,}, {project.test_rows(name):,}"
        of_baselines = project.baselines(declared["dataset"], bar.metric)
        told = ", ".join(f"{key} {shown(value)}" for key, value in of_baselines.items() if key != "constant")
        found = by_seed(projects, name)
        cells = [*(_judged(bar, found.get(seed), of_baselines) for seed in SEEDS), mean(list(found.values()))]
        lines.append(f"| {named} | {data} | {model} | {_bar(bar)} | {told} | {' | '.join(cells)} |")
    return "\n".join(lines)


def verdict(projects: Sequence[Project], done: Sequence[str]) -> str:
    """Tell in words which bars are missed, which experiments a baseline beats, and which have not run."""
    missed = [*_missed(projects, done), *_missed_by_all(projects[0], done)]
    told = [
        f"**Bars missed:** {'; '.join(missed)}."
        if missed
        else "No bar is missed" + ("." if len(done) == len(BARS) else " so far.")
    ]
    beaten = [text for name in done if (text := _beaten(projects[0], name))]
    told += [f"**A baseline is better:** {'; '.join(beaten)}."] if beaten else []
    to_run = [f"`{name}`" for name in BARS if name not in done]
    told += [f"Not run yet: {', '.join(to_run)}."] if to_run else []
    return "\n\n".join(told)


def _missed(projects: Sequence[Project], done: Sequence[str]) -> Iterator[str]:
    for name in done:
        bar, baselines = BARS[name], baselines_of(projects[0], name)
        for seed, value in sorted(by_seed(projects, name).items()):
            short = bar.missed_by(value, baselines)
            if short is not None:
                yield f"`{name}` (seed {seed}: {shown(value)}, the bar is {bar.told(baselines)}, {shown(short)} away)"


def _missed_by_all(project: Project, done: Sequence[str]) -> Iterator[str]:
    for names, bar in ONE_OF.items():
        if set(names) <= set(done):
            found, baselines = [figure(project, name) for name in names], baselines_of(project, names[0])
            best = max(found) if bar.higher else min(found)
            if bar.missed_by(best, baselines) is not None:
                told = f"{shown(best)}, their common bar is {bar.told(baselines)}"
                yield f"the better of {' and '.join(f'`{name}`' for name in names)} ({told})"


def _beaten(project: Project, name: str) -> str:
    """Tell whether a baseline beats an experiment, and which does best."""
    found, baselines, higher = figure(project, name), baselines_of(project, name), BARS[name].higher
    best = (max if higher else min)(baselines, key=baselines.__getitem__)
    better = baselines[best] > found if higher else baselines[best] < found
    return f"`{name}` ({shown(found)}) by {best} ({shown(baselines[best])})" if better else ""


def table_of_costs(project: Project, done: Sequence[str]) -> str:
    lines = ["| experiment | parameters | weights on disk | epochs | training | losses over the epochs |"]
    lines.append("| --- | ---: | ---: | ---: | ---: | --- |")
    seconds = 0.0
    for name in done:
        run = project.run(name)
        assert run is not None
        seconds += run.seconds
        epochs = len(pd.read_csv(project.report("train", name, "history.csv")))
        size = project.weights(name).stat().st_size
        curve = f"![Losses of {name}](images/curves/{name}.png)"
        cells = (
            f"`{name}`",
            f"{parameters(project.weights(name)):,}",
            in_bytes(size),
            epochs,
            f"{run.seconds:.0f} s",
            curve,
        )
        lines.append(f"| {' | '.join(map(str, cells))} |")
    lines.append(f"| together | | | | {seconds / 60:.0f} min | |")
    return "\n".join(lines)


def shown_samples(project: Project, done: Sequence[str]) -> str:
    """Draw and quote samples; give the links to the pictures, and the texts."""
    parts = []
    for name in (name for name in PICTURES if name in done):
        what, drawing = PICTURES[name]
        path = PAGE.parent / "images" / f"{what}-{name}.png"
        save_small(drawing(read(project.report("evaluate", name, "samples.json"))), path)
        parts.append(f"`{what}.png` of `{name}`:\n\n![{what} of {name}](images/{path.name})")
    for name in (name for name in WRITTEN if name in done):
        found = read(project.report("evaluate", name, "samples.json"))
        texts = "\n>\n".join(quoted(text) for text in found["texts"][: WRITTEN[name]])
        parts.append(
            f"`generated.txt` of `{name}`; » marks where the model begins, ∎ where it ended the text:\n\n{texts}"
        )
    return "\n\n".join(parts) or "(No experiment that is shown here has run.)"


def first(found: dict[str, Any], count: int) -> dict[str, Any]:
    return {**found, "mistakes": found["mistakes"][:count], "examples": found["examples"][:count]}


def quoted(text: Mapping[str, Any]) -> str:
    """Give a generated text as a quotation in Markdown."""
    plain = f"{text['prompt']}»{text['continuation']}{' ∎' if text['ended'] else ' …'}"
    for sign in ("\\", "*", "_", "<", "`"):
        plain = plain.replace(sign, f"\\{sign}")
    return "> " + "<br>".join(line.strip() for line in plain.splitlines())


def figure(project: Project, name: str) -> float:
    """Give the test figure of the model that stands there."""
    return float(read(project.report("evaluate", name, "metrics.json"))[BARS[name].metric])


def baselines_of(project: Project, name: str) -> dict[str, float]:
    return project.baselines(project.experiments[name]["dataset"], BARS[name].metric)


def by_seed(projects: Sequence[Project], name: str) -> dict[int, float]:
    """Give the test figure of each seed: of the model that stands there, and of the newest runs that trained alike."""
    own = projects[0].run(name)
    assert own is not None
    found = {own.seed: figure(projects[0], name)}
    for run in (run for project in projects for run in project.runs):
        if run.name == name and run.differs_in_seed_alone(own):
            found.setdefault(run.seed, run.metrics[f"test_{BARS[name].metric}"])
    return found


def draw(project: Project, name: str) -> None:
    """Draw the losses of a training over its epochs, small."""
    history = pd.read_csv(project.report("train", name, "history.csv"))
    figure = new_figure(*INCHES)
    axis = figure.subplots()
    clean(axis)
    for column, colour, label in (("train_loss", BLUE, "train"), ("val_loss", RED, "validation")):
        axis.plot(history["epoch"], history[column], color=colour, linewidth=1.4, marker=".", markersize=4, label=label)
    losses = history[["train_loss", "val_loss"]].to_numpy()
    _scale(axis, losses.min(), losses.max())
    axis.set_xlabel("epoch", fontsize=7, labelpad=1)
    axis.legend(frameon=False, fontsize=7)
    save_small(figure, CURVES / f"{name}.png")


def _scale(axis: Axes, lowest: float, highest: float) -> None:
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, ScalarFormatter

    axis.tick_params(labelsize=7, length=2)
    axis.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    if highest > STEEP * lowest > 0:
        axis.set_yscale("log")
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter(ScalarFormatter())
        axis.yaxis.set_minor_formatter(NullFormatter())
    else:
        axis.yaxis.set_major_locator(MaxNLocator(5))


def save_small(figure: Figure, path: Path) -> None:
    """Write a figure as PNG of few colours; the same figure gives the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawn = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(drawn, format="png")
    path.parent.mkdir(parents=True, exist_ok=True)
    few = Image.open(drawn).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, format="PNG", optimize=True)


def parameters(weights: Path) -> int:
    """Count the numbers in a weights file, batch norm's statistics left out."""
    content = weights.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    shapes = (entry["shape"] for name, entry in header.items() if not name.endswith(("__metadata__", *BUFFERS)))
    return sum(map(math.prod, shapes))


def shown(value: float) -> str:
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.3f}" if abs(value) >= 2 else f"{value:.4f}"


def mean(found: Sequence[float]) -> str:
    """Give the mean of the seeds' figures and how far the highest is from the lowest."""
    return f"{shown(sum(found) / len(found))} ({shown(max(found) - min(found))})" if len(found) > 1 else ""


def in_bytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB"


def linked(dataset: str) -> str:
    return f"[{dataset}](#{dataset})"


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _bar(bar: Bar) -> str:
    return f"{METRICS[bar.metric]} {bar.told()}"


def _judged(bar: Bar, found: float | None, baselines: Mapping[str, float]) -> str:
    if found is None:
        return ""
    return shown(found) if bar.missed_by(found, baselines) is None else f"{shown(found)} **missed**"


def _there(project: Project, name: str) -> bool:
    return project.weights(name).is_file() and project.finished(name)


def _runs(database: sqlite3.Connection, rows: Sequence[tuple[str, str, int]]) -> Iterator[Run]:
    for run_id, name, milliseconds in rows:
        tags = _pairs(database, "tags", run_id)
        if tags.get("remint.evaluated") == "true" and "remint.restored" not in tags:
            given, metrics = _pairs(database, "params", run_id), _pairs(database, "latest_metrics", run_id)
            seconds = float(tags.get("remint.seconds", milliseconds / 1000))  # at work, where it was cut off meanwhile
            yield Run(name, tags["remint.fingerprint"], seconds, given, metrics)


def _pairs(database: sqlite3.Connection, table: str, run_id: str) -> dict[str, Any]:
    return dict(database.execute(f"SELECT key, value FROM {table} WHERE run_uuid = ?", (run_id,)).fetchall())


if __name__ == "__main__":
    main()
