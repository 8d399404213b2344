"""Reading `datasets.yaml` and `params.yaml`; an error names the file, the key, what was found and what is allowed."""

import pickle
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError, field_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from remint import paths
from remint.config.base import Config, Name
from remint.config.dataset import DatasetConfig, SchemaConfig
from remint.config.experiment import CronConfig, ExperimentConfig
from remint.config.gates import check_evaluated
from remint.config.messages import explain, nearest
from remint.config.preprocessing import OPTIONS, Preprocessing, TextPreprocessing
from remint.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)

STARTER_GROUP = "starter"


class DatasetsFile(Config):
    """The whole of `datasets.yaml`."""

    datasets: dict[Name, DatasetConfig]


class ParamsFile(Config):
    """The whole of `params.yaml`."""

    experiments: dict[Name, ExperimentConfig]
    groups: dict[Name, tuple[Name, ...]] = {}
    "Group name to experiments."
    schedules: dict[Name, CronConfig] = {}

    @field_validator("experiments", "groups", "schedules", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        return {} if value is None else value


class Project(Config):
    """Everything that is declared."""

    datasets: dict[str, DatasetConfig]
    experiments: dict[str, ExperimentConfig]
    groups: dict[str, tuple[str, ...]]
    schedules: dict[str, CronConfig]

    def select(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Give the experiments that names of experiments and groups stand for, in declared order.

        Raises ConfigError, suggesting the nearest name, for one that does not exist.
        """
        chosen: set[str] = set()
        for name in names or (STARTER_GROUP,):
            if name in self.experiments:
                chosen.add(name)
            elif name in self.groups:
                chosen.update(self.groups[name])
            else:
                known = [*self.experiments, *self.groups]
                raise ConfigError(
                    f'"{name}" is neither an experiment nor a group of {paths.PARAMS_FILE}; '
                    f"allowed: {', '.join(known)}{nearest(name, known)}"
                )
        return tuple(name for name in self.experiments if name in chosen)


def load_project() -> Project:
    """Read both files and check that what they name exists.

    Raises ConfigError.
    """
    datasets = validated(paths.DATASETS_FILE, (), DatasetsFile, read_yaml(paths.DATASETS_FILE)).datasets
    params = validated(paths.PARAMS_FILE, (), ParamsFile, read_yaml(paths.PARAMS_FILE))
    for name, dataset in datasets.items():
        preprocessing_options(name, dataset.modality, dataset.schema_, dataset.preprocessing)
    for name, experiment in params.experiments.items():
        _check_experiment(name, experiment, datasets)
    for group, members in params.groups.items():
        if group in params.experiments:
            raise ConfigError(
                f"{paths.PARAMS_FILE}: groups.{group} has the name of an experiment; allowed: another name"
            )
        _check_known(f"groups.{group}", members, params.experiments)
    for schedule, cron in params.schedules.items():
        _check_known(f"schedules.{schedule}.run", cron.run, {**params.experiments, **params.groups})
    return Project(datasets=datasets, experiments=params.experiments, groups=params.groups, schedules=params.schedules)


def load_section(file: Path, top: str, name: str, section: type[Model]) -> Model:
    """Read one entry of a file, and of it only the keys that `section` declares, so that no stage sees more.

    Raises ConfigError.
    """
    entries = read_yaml(file).get(top)
    if not isinstance(entries, dict) or not isinstance(entries.get(name), dict):
        known = list(entries) if isinstance(entries, dict) else []
        raise ConfigError(f"{file}: {top}.{name} is missing; allowed: {', '.join(known)}{nearest(name, known)}")
    wanted = [field.alias or key for key, field in section.model_fields.items()]
    return validated(file, (top, name), section, {key: entries[name][key] for key in wanted if key in entries[name]})


def preprocessing_options(dataset: str, modality: str, schema: SchemaConfig, section: dict[str, Any]) -> Preprocessing:
    """Read a dataset's `preprocessing` section as its modality has it.

    Raises ConfigError, also where a text that is the target would lose characters on its way to tokens.
    """
    options = validated(paths.DATASETS_FILE, ("datasets", dataset, "preprocessing"), OPTIONS[modality], section)
    if isinstance(options, TextPreprocessing) and schema.target_is_text:
        _check_lossless(dataset, options)
    return options


def read_yaml(file: Path) -> dict[str, Any]:
    """Read a YAML 1.2 mapping, as DVC does; who asks may change what is given.

    Raises ConfigError with the line where the file does not parse.
    """
    try:
        content = pickle.loads(_parsed(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError(f"{file} is missing here; remint runs at the root of a project, beside {file}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not UTF-8: byte {error.start} is {error.object[error.start]:#04x}") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigError(f"{file}:{where} does not parse: {error.problem or error.context}") from None
    except YAMLError as error:
        raise ConfigError(f"{file} does not parse: {error}") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{file} holds {type(content).__name__}; allowed: a mapping")
    return content


@lru_cache(maxsize=16)
def _parsed(text: str) -> bytes:
    """Parse a text once a process: that takes a tenth of a second, and each stage asks for three files."""
    return pickle.dumps(YAML(typ="safe", pure=True).load(text))


def validated(file: Path, prefix: tuple[str, ...], model: type[Model], content: Any) -> Model:
    """Check a part of a file against its declaration.

    Raises ConfigError with a line for each thing wrong.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise ConfigError(explain(str(file), prefix, model, error)) from None


def _check_lossless(dataset: str, options: TextPreprocessing) -> None:
    """Raise ConfigError for tokens that cost less than the characters they stand for: bits a character would lie."""
    where, when = f"{paths.DATASETS_FILE}: datasets.{dataset}.preprocessing", "allowed where the target is the text"
    if options.tokenizer not in ("characters", "subwords"):
        raise ConfigError(f'{where}.tokenizer is "{options.tokenizer}"; {when}: "characters", "subwords"')
    if options.lowercase:
        raise ConfigError(f"{where}.lowercase is true; {when}: false")


def _check_experiment(name: str, experiment: ExperimentConfig, datasets: dict[str, DatasetConfig]) -> None:
    where = f"{paths.PARAMS_FILE}: experiments.{name}"
    if experiment.dataset not in datasets:
        raise ConfigError(
            f'{where}.dataset is "{experiment.dataset}"; allowed: {", ".join(datasets)}'
            f"{nearest(experiment.dataset, datasets)}"
        )
    for gate, declared in (experiment.gates or {}).items():
        asked = datasets[experiment.dataset].evaluation
        check_evaluated(f"{where}.gates.{gate}", declared, experiment.task, asked)
    expected, what = _expected_task(datasets[experiment.dataset])
    if experiment.task != expected:
        raise ConfigError(
            f'{where}.task is "{experiment.task}"; allowed: "{expected}", as {what.format(experiment.dataset)}'
        )


def _expected_task(dataset: DatasetConfig) -> tuple[str, str]:
    if dataset.modality == "series":
        return "forecasting", "{} is a series"
    if dataset.schema_.target_is_text:
        return "language_modelling", "the target of {} is its text"
    if dataset.schema_.target_is_number:
        return "regression", "the target of {} is a number"
    return "classification", "the target of {} is a category"


def _check_known(key: str, names: tuple[str, ...], known: Any) -> None:
    for name in names:
        if name not in known:
            raise ConfigError(
                f'{paths.PARAMS_FILE}: {key} names "{name}"; allowed: {", ".join(known)}{nearest(name, known)}'
            )
