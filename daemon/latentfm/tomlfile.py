"""TOML files read into pydantic models, with errors for people: file, key, value and what was expected, all at once."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from latentfm.errors import ConfigError

ModelT = TypeVar("ModelT", bound=BaseModel)
KeyPath = tuple[str | int, ...]

_SECRET = re.compile(r"passw|secret|token|credential", re.IGNORECASE)
_LONGEST_VALUE = 60
_EXPECTED = {  # what pydantic calls a fault -> what people should read
    "greater_than_equal": "{ge} or more",
    "greater_than": "more than {gt}",
    "less_than_equal": "{le} or less",
    "less_than": "less than {lt}",
    "string_pattern_mismatch": "text of the form {pattern}",
    "string_type": "text",
    "literal_error": "{expected}",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "dict_type": "a table",
    "tuple_type": "a list",
    "too_short": "{min_length} of them or more",
    "too_long": "{max_length} of them at most",
    "string_too_short": "text of {min_length} character or more",
    "union_tag_invalid": "{expected_tags}",
}
_MOST_BYTES = 1 << 20  # a configuration of over a MiB is some other file


def read_toml(path: Path) -> dict[str, Any]:
    """Return a TOML file's tables; raise ConfigError, with line and column, if it can't be read."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ConfigError(f"{path}: expected a TOML file, got one of over a MiB")
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: it is not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror or error}") from error


@dataclass(frozen=True)
class Overridden:
    """Tables with what the environment sets: which variable set which key, and a line for each that sets none."""

    tables: dict[str, Any]
    origins: dict[KeyPath, str]
    faults: tuple[str, ...]


def override(tables: Mapping[str, Any], environ: Mapping[str, str], prefix: str) -> Overridden:
    """Return tables with the values that the environment sets.

    ``PREFIX_WEB__PORT=8011`` sets ``port`` of ``[web]``; a number counts entries of a list, from 0. A value is TOML
    where it begins like a list or a table, else it is text, which models turn into numbers and such. One name alone
    sets a whole section, where its value is a list or a table; other programs' variables may begin like ours.
    """
    result: dict[str, Any] = _copy(tables)
    origins: dict[KeyPath, str] = {}
    faults = []
    for variable in sorted(environ):
        names = variable.removeprefix(prefix + "_").lower().split("__")
        if not variable.startswith(prefix + "_") or (len(names) == 1 and not _is_compound(environ[variable])):
            continue
        try:
            origins[_put(result, names, _value(environ[variable]))] = variable
        except ValueError as error:
            faults.append(f"environment variable {variable}: {error}")
    return Overridden(result, origins, tuple(faults))


def validate(
    model: type[ModelT],
    tables: Mapping[str, Any],
    source: str,
    *,
    origins: Mapping[KeyPath, str] | None = None,
    context: Mapping[str, Any] | None = None,
) -> ModelT:
    """Return the model of some tables; raise ConfigError with one line for each fault.

    ``source`` is the file as errors call it, ``origins`` which variable set which key, ``context`` what validators of
    the model may ask for.
    """
    try:
        return model.model_validate(tables, context=dict(context or {}))
    except ValidationError as error:
        faults = error.errors(include_url=False)
        lines = [_explain(fault, model, source, origins or {}) for fault in faults if not _follows(fault, faults)]
        raise ConfigError("\n".join(dict.fromkeys(lines))) from None


def suggest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the known name nearest to ``name``, else a list of a few, else nothing."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; there are: {', '.join(names)}" if names else ""


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _is_compound(text: str) -> bool:
    return text.lstrip().startswith(("[", "{"))


def _value(text: str) -> Any:
    if not _is_compound(text):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise ValueError(f"expected a TOML list or table: {error}") from None


def _put(tables: dict[str, Any], names: Sequence[str], value: Any) -> KeyPath:
    """Set one key, making tables on the way; return where."""
    place: Any = tables
    path: list[str | int] = []
    for position, name in enumerate(names):
        key: str | int = name
        if isinstance(place, list):
            if not name.isdigit() or int(name) >= len(place):
                raise ValueError(f"expected the number of an entry of {_dotted(path)}, which has {len(place)}")
            key = int(name)
        elif not isinstance(place, dict):
            raise ValueError(f"{_dotted(path)} is no table")  # noqa: TRY004 - callers take one kind of error
        path.append(key)
        if position == len(names) - 1:
            place[key] = value
        elif isinstance(place, dict) and name not in place and names[position + 1].isdigit():
            raise ValueError(f"there is no entry {names[position + 1]}: {_dotted(path)} is not set")
        else:
            place = place[key] if isinstance(key, int) else place.setdefault(key, {})
    return tuple(path)


def _follows(fault: ErrorDetails, faults: Sequence[ErrorDetails]) -> bool:
    """Say whether a list is called too short only because its entries are told as faults already."""
    where = fault["loc"]
    return fault["type"] == "too_short" and any(_starts(other["loc"], where) for other in faults if other is not fault)


def _explain(fault: ErrorDetails, model: type[BaseModel], source: str, origins: Mapping[KeyPath, str]) -> str:
    location, tables = _place(fault, model)
    unknown = fault["type"] == "extra_forbidden"
    variable = next(
        (name for path, name in origins.items() if _starts(location, path) or (unknown and _starts(path, location))),
        None,
    )
    where = f"{source}: {_dotted(location)}" if variable is None else f"environment variable {variable}"
    expected = _expected(fault)
    if unknown:
        return (
            f"{where}: unknown key{suggest(str(location[-1]), [key for table in tables for key in table.model_fields])}"
        )
    if fault["type"] in {"missing", "union_tag_not_found"}:
        return f"{where}: missing"
    value = fault["input"]
    if fault["type"] == "union_tag_invalid":
        value = value[location[-1]]
    if not location or isinstance(value, dict):
        return f"{where.removesuffix(': ')}: {expected}"
    return f"{where} = {_shown(location, value)}: {expected}"


def _starts(path: KeyPath, beginning: KeyPath) -> bool:
    return path[: len(beginning)] == beginning


def _expected(fault: ErrorDetails) -> str:
    if fault["type"] in _EXPECTED:
        return "expected " + _EXPECTED[fault["type"]].format(**fault.get("ctx", {}))
    message = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return re.sub(r"^should (be|have)", lambda match: "expected" + (" to have" if match[1] == "have" else ""), message)


def _shown(location: KeyPath, value: Any) -> str:
    if any(_SECRET.search(str(part)) for part in location) and not str(location[-1]).endswith("_file"):
        return "***"
    if isinstance(value, str) and "@" in value:
        value = re.sub(r"//[^/@]*@", "//***@", value)  # a URL may carry a password
    text = repr(value) if isinstance(value, str) else str(value).replace("True", "true").replace("False", "false")
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."


def _dotted(path: Sequence[str | int]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models that an annotation may hold, however it wraps them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models(argument)]


def _place(fault: ErrorDetails, model: type[BaseModel]) -> tuple[KeyPath, list[type[BaseModel]]]:
    """Return where in the file a fault is, and what the table that it is in may be.

    Pydantic's own path also names which of several tables it took one for, by the value of its ``type``.
    """
    path: list[str | int] = []
    found = tables = [model]
    for part in fault["loc"]:
        tagged = [table for table in found if part in _tags(table)] if len(found) > 1 else []
        if tagged:
            found = tagged
            continue
        path.append(part)
        if isinstance(part, str):
            tables = found
            fields = [outer.model_fields[part] for outer in found if part in outer.model_fields]
            found = [inner for field in fields for inner in _models(field.annotation)]
    if fault["type"].startswith("union_tag"):
        path.append(fault["ctx"]["discriminator"].strip("'"))
    return tuple(path), tables


def _tags(table: type[BaseModel]) -> tuple[Any, ...]:
    """Return the values of ``type`` that tell a table apart from others."""
    return get_args(table.model_fields["type"].annotation) if "type" in table.model_fields else ()
