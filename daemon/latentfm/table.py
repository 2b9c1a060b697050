"""What the tables of a configuration are made of: the frozen table, and the kinds of values that several have."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationInfo


class Table(BaseModel):
    """A TOML table: frozen, and without keys that nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def _beside_file(path: Path, info: ValidationInfo) -> Path:
    """Expand ``~`` and ``$VARIABLES``; a relative path starts at the configuration's folder."""
    context = info.context or {}
    environ: Mapping[str, str] = context.get("environ", os.environ)

    def expand(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in environ:
            raise ValueError(f"expected a path; the environment has no {name}")
        return environ[name]

    text = re.sub(r"\$(?:\{(\w+)\}|(\w+))", expand, str(path))
    return Path(context.get("folder", ".")) / Path(text).expanduser()


FilePath = Annotated[Path, AfterValidator(_beside_file)]
"""A path of the configuration, made absolute."""


def _number(value: object) -> object:
    """Turn digits, which is what the environment has, into a number."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


Digits = BeforeValidator(_number)
"""Lets a number come as text, for values that pydantic does not turn into numbers by itself."""
