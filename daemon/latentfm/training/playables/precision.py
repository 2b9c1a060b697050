"""How the weights of a playable are stored."""

from __future__ import annotations

from typing import Literal

Precision = Literal["float32", "float16", "int8"]
