"""What raw inputs of a model must be: the dataset's declaration as it was when the model was registered."""

from collections.abc import Collection, Mapping
from typing import Any, Literal

from remint.config.base import Config
from remint.config.dataset import Column, Modality, SchemaConfig
from remint.config.messages import nearest
from remint.config.specs import DataSpec, ImageSpec, SeriesSpec, TokensSpec
from remint.errors import DataError

Stored = Literal["text", "number", "boolean"]
SHOWN = 80
"Characters of a name that nobody declared, which may be as long as a request."
_OPPOSITES = {"True": "False", "true": "false", "1": "0"}


class InputSchema(Config):
    """The content of `schema.json`."""

    dataset: str
    modality: Modality
    target: str
    columns: dict[str, Column]
    "All columns of the raw rows; those that the model does not take may be there and are not looked at."
    taken: tuple[str, ...]
    "Columns that the model takes; none of images."
    keys: tuple[str, ...]
    "Columns that tell rows apart: they go along into what `remint predict` writes."
    booleans: dict[str, tuple[str, ...]] = {}
    "Boolean column to its two values as train spells them."
    logged: tuple[str, ...] = ()
    "Columns of which the logarithm log(1 + x) is taken."
    stored: dict[str, Stored] = {}
    "Category or boolean to what its raw values are; a value read from a text file is taken for the same."
    missing: tuple[str, ...] = ("",)
    "Texts in a text file that stand for no value."
    time: str | None = None
    "Of a series: the column of times."
    image: tuple[int, int, int] | None = None
    "Height, width and channels of an image."

    @property
    def text(self) -> str | None:
        """The one column that a model of texts takes."""
        return self.taken[0] if self.modality == "text" else None

    def is_blank_missing(self, name: str) -> bool:
        """Tell whether an empty text in a column stands for no value: unless it holds texts or declares it a value."""
        column = self.columns[name]
        return name != self.text and column.type != "text" and "" not in (column.values or ())

    def check_known(self, name: Any) -> None:
        """Raise DataError for a column that is not declared."""
        if name not in self.columns:
            shown, known = str(name), ", ".join(self.taken)
            shown = shown if len(shown) <= SHOWN else f"{shown[: SHOWN - 1]}…"
            raise DataError(f'column "{shown}" is not known; allowed: {known}{nearest(shown, self.columns)}')

    def check_columns(self, names: Collection[Any]) -> None:
        """Raise DataError for a column that is not declared, stands twice, or is missing."""
        for name in names:
            self.check_known(name)
        if len(set(names)) != len(names):
            twice = next(name for name in names if list(names).count(name) > 1)
            raise DataError(f'column "{twice}" stands there twice; allowed: once')
        for name in self.taken:
            if name not in names:
                raise DataError(f'column "{name}" is missing; found: {", ".join(names) or "none"}')


def input_schema(
    dataset: str,
    modality: Modality,
    schema: SchemaConfig,
    spec: DataSpec,
    state: Mapping[str, Any],
    stored: Mapping[str, Stored],
    missing: tuple[str, ...],
) -> InputSchema:
    """Put the schema of a model together. `state` is the content of its `preprocessor.json`."""
    keys = [name for name, column in schema.columns.items() if column.role == "key"]
    time = state["options"]["time"] if isinstance(spec.inputs, SeriesSpec) else None
    group = state["options"]["group"] if isinstance(spec.inputs, SeriesSpec) else None
    image = spec.inputs if isinstance(spec.inputs, ImageSpec) else None
    return InputSchema(
        dataset=dataset,
        modality=modality,
        target=schema.target,
        columns=schema.columns,
        taken=_taken(schema, spec, state),
        keys=tuple(dict.fromkeys([*keys, *(name for name in (group, time) if name)])),
        booleans={
            c["name"]: _both(c["values"])
            for c in state.get("categories", ())
            if schema.columns[c["name"]].type == "boolean"
        },
        logged=tuple(c["name"] for c in state.get("numeric", ()) if c["log"]),
        stored={name: kind for name, kind in stored.items() if schema.columns[name].type in ("category", "boolean")},
        missing=missing,
        time=time,
        image=None if image is None else (image.height, image.width, image.channels),
    )


def _taken(schema: SchemaConfig, spec: DataSpec, state: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the raw columns that a model takes, in declared order: of a series its times and its own past, too."""
    if isinstance(spec.inputs, ImageSpec):
        return ()
    if isinstance(spec.outputs, TokensSpec):
        return (schema.target,)
    if isinstance(spec.inputs, SeriesSpec):
        wanted = {state["options"]["time"], state["options"]["group"], *(f["name"] for f in state["features"])}
        return tuple(name for name in schema.columns if name in wanted)
    return schema.features()


def _both(seen: list[str]) -> tuple[str, ...]:
    """Give both values of a boolean, of which train may hold one alone."""
    pairs = {**_OPPOSITES, **{no: yes for yes, no in _OPPOSITES.items()}}
    return tuple(sorted({*seen, *(pairs[value] for value in seen if value in pairs)}))
