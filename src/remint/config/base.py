"""The base of every declaration."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
"Name of a dataset, experiment, group or schedule: lower-case letters, digits and hyphens."


class Config(BaseModel):
    """A frozen declaration that refuses unknown keys. A field's meaning is told in the string under it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True)
