"""What a check has found: a line for a person, and what to do about it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

State = Literal["ok", "warning", "failed"]


class Finding(BaseModel):
    """One line of the doctor's.

    Attributes:
        check: what was looked at.
        state: ``warning`` is for what the station can live with, ``failed`` for what it can't.
        text: what was found.
        remedy: what to do, where there is something to do.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str
    state: State
    text: str
    remedy: str = ""
