"""Where playables lie: in the folders that ``LATENTFM_MODELS`` names, in data folders, and in the package."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

SHIPPED = Path(__file__).parent / "weights"


def folders() -> tuple[Path, ...]:
    """Return where playables are looked for; the first that has a name wins.

    These are the folders of ``LATENTFM_MODELS``, the user's data folder, the machine's, where a service finds them
    too, and the package's.
    """
    named = (Path(folder) for folder in os.environ.get("LATENTFM_MODELS", "").split(os.pathsep) if folder)
    return (*named, _of_user(), _of_machine(), SHIPPED)


def own_folder() -> Path:
    """Return where models go that are fetched or imported.

    That is the first folder of ``LATENTFM_MODELS``; without it the user's data folder, and for root the machine's,
    as a service may not look into homes.
    """
    if os.environ.get("LATENTFM_MODELS"):
        return folders()[0]
    return _of_machine() if os.geteuid() == 0 else _of_user()


def ships(name: str) -> bool:
    """Say whether a model of a name came with the package."""
    return (SHIPPED / f"{name}.json").is_file()


def _of_user() -> Path:
    return platformdirs.user_data_path("latentfm") / "models"


def _of_machine() -> Path:
    return platformdirs.site_data_path("latentfm") / "models"
