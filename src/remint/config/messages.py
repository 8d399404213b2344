"""Turning a pydantic error into one sentence: file, key, what was found, what is allowed."""

import difflib
import typing
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails


def explain(file: str, prefix: tuple[str, ...], model: type[BaseModel], error: ValidationError) -> str:
    """Give a line an error, each naming the key under `prefix` in `file`."""
    return "\n".join(_line(file, prefix, model, details) for details in error.errors())


def nearest(word: str, choices: Iterable[str]) -> str:
    """Give `; did you mean …?` when one of the choices is close to the word, else nothing."""
    close = difflib.get_close_matches(word, list(choices), n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else ""


def _line(file: str, prefix: tuple[str, ...], model: type[BaseModel], details: ErrorDetails) -> str:
    path, parent = _walk(model, details["loc"])
    key = ".".join([*prefix, *path])
    where = f"{file}: {key}" if key else file
    kind, found = details["type"], _shown(details["input"])
    if kind == "extra_forbidden":
        allowed = _keys(parent)
        return f"{where} is not a known key; allowed: {', '.join(allowed) or 'none'}{nearest(path[-1], allowed)}"
    if kind == "missing":
        return f"{where} is missing"
    if kind == "value_error":
        return f"{where}: {details['ctx']['error']}"
    if kind in ("literal_error", "union_tag_invalid"):
        context = details["ctx"]
        tag = details["ctx"].get("discriminator", "").strip("'")
        found = _shown(context["tag"]) if tag else found
        allowed_text = context.get("expected") or context.get("expected_tags", "")
        return f"{where}{'.' + tag if tag else ''} is {found}; allowed: {allowed_text.replace(chr(39), chr(34))}"
    if kind == "union_tag_not_found":
        return f"{where}.{details['ctx']['discriminator'].strip(chr(39))} is missing"
    message = details["msg"].removeprefix("Input should be ").removeprefix("a valid ")
    return f"{where} is {found}; allowed: {message}"


def _shown(value: Any) -> str:
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _keys(model: Any) -> list[str]:
    models = [m for m in _members(model) if isinstance(m, type) and issubclass(m, BaseModel)]
    return [field.alias or name for m in models for name, field in m.model_fields.items()]


def _walk(model: Any, loc: tuple[int | str, ...]) -> tuple[list[str], Any]:
    """Follow an error's location through the types; leave out the tags of unions and dict-key markers."""
    path: list[str] = []
    current, parent = model, model
    for part in loc:
        if part == "[key]":
            continue
        tagged = _tagged(current, part)
        if tagged is not None:
            current = parent = tagged
            continue
        parent, current = current, _child(current, part)
        path.append(str(part))
    return path, parent


def _members(annotation: Any) -> list[Any]:
    """Classes that an annotation can stand for, with Annotated, optional and alias wrappers taken off."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _members(typing.get_args(annotation)[0])
    if origin is typing.Union or type(annotation).__name__ == "UnionType":
        return [m for arg in typing.get_args(annotation) for m in _members(arg)]
    return [annotation]


def _tagged(annotation: Any, part: int | str) -> Any:
    members = [m for m in _members(annotation) if isinstance(m, type) and issubclass(m, BaseModel)]
    if len(members) < 2:
        return None
    for member in members:
        for field in member.model_fields.values():
            if part in typing.get_args(field.annotation):
                return member
    return None


def _child(annotation: Any, part: int | str) -> Any:
    for member in _members(annotation):
        if isinstance(member, type) and issubclass(member, BaseModel):
            for name, field in member.model_fields.items():
                if part in (name, field.alias):
                    return field.annotation
        elif typing.get_origin(member) is dict:
            return typing.get_args(member)[1]
        elif typing.get_origin(member) is tuple:
            return typing.get_args(member)[0]
    return None
