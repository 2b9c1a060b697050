"""TensorFlow's own checkpoint files, V1 (one file) and V2 (an index and its data)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfm.errors import ModelError, UnwrittenModelError
from latentfm.training.checkpoints.names import playing
from latentfm.training.checkpoints.stages import newest_stage

Variables = Mapping[str, NDArray[np.float32]]
PART = re.compile(r"\.(index|data-\d{5}-of-\d{5})$")
BEST = "best"  # the folder that a training keeps its best checkpoint in
_NUMBER = re.compile(r"-(\d+)$")
_STATE = re.compile(r'^model_checkpoint_path: "(.+)"$', re.MULTILINE)  # as TensorFlow's savers write it


def read_files(prefix: Path) -> tuple[Variables, int]:
    """Read a checkpoint's variables by their names in the file, without what serves training alone (`playing`).

    Returns:
        The variables, and the step of the training that they are of, 0 where the file does not say.

    Raises:
        ModelError: it is damaged.
        UnwrittenModelError: memory has no room for it.
    """
    import tensorflow as tf  # noqa: PLC0415

    try:
        reader: Any = tf.train.load_checkpoint(str(prefix))
        kinds = reader.get_variable_to_dtype_map()
        wanted = playing(name for name, kind in sorted(kinds.items()) if kind == tf.float32)
        variables = {own: reader.get_tensor(name) for own, name in wanted.items()}
        return variables, int(reader.get_tensor("global_step")) if "global_step" in kinds else 0
    except (MemoryError, tf.errors.ResourceExhaustedError) as fault:
        raise UnwrittenModelError(f"{prefix.name} does not fit into the memory that is free") from fault
    except Exception as fault:  # TensorFlow's readers raise what they like
        reason = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
        raise ModelError(f"{prefix.name} is damaged, or no checkpoint: {reason}") from fault


def find_prefix(path: Path) -> Path:
    """Return the prefix of the best checkpoint that a training kept, else the newest, or of the file that was named.

    Of a training in stages it is that of the last one.

    Raises:
        ModelError: there is none.
    """
    if path.is_dir():
        found = _newest(path / BEST) or _newest(path) or _newest(newest_stage(path))
        if found is None:
            raise ModelError(f"no checkpoint lies in {path}: one has files that end in .index and .data-…")
        return found
    prefix = path.with_name(PART.sub("", path.name).removesuffix(".meta"))
    if not prefix.is_file() and not prefix.with_name(prefix.name + ".index").is_file():
        raise ModelError(f"there is no checkpoint at {path}")
    return prefix


def _newest(folder: Path) -> Path | None:
    """Return the prefix that a folder's state file names, else the one of the highest step, None without any.

    A kill may leave files of a later step, of which the state does not know yet.
    """
    with contextlib.suppress(OSError, UnicodeDecodeError):
        named = _STATE.search((folder / "checkpoint").read_text(encoding="utf-8"))
        if named and (prefix := folder / Path(named[1]).name).with_name(f"{prefix.name}.index").is_file():
            return prefix
    prefixes = {index.with_suffix("") for index in folder.glob("*.index")}
    return max(prefixes, key=lambda prefix: (number(prefix.name), prefix.name), default=None)


def write_whole(path: Path, text: str) -> None:
    """Write a text under a temporary name first, so that a kill or a full disk leaves what was there."""
    temporary = path.with_name(f"{path.name}.part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def words(fault: Exception) -> str:
    """Return what TensorFlow says without its own names of things."""
    text = str(getattr(fault, "message", None) or fault).splitlines()[0]
    return re.sub(r"\{\{.*?\}\}|\[Op:\w+\]", "", text).strip()


def number(prefix: str) -> int:
    """Return the step in a checkpoint's name, -1 where it has none."""
    match = _NUMBER.search(prefix)
    return int(match[1]) if match else -1
