"""Where the music that may be learnt from lies: inside ordinary packages (licences: docs/models)."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tempfile
from pathlib import Path

from latentfm.errors import TrainingError
from latentfm.training.corpora.abc import Tune, read_tunes

ABC_COLLECTIONS = ("oneills1850", "ryansMammoth", "airdsAirs", "miscFolk")  # public-domain tunes
FREEDOOM_WADS = ("usr/share/games/doom/freedoom1.wad", "usr/share/games/doom/freedoom2.wad")


def corpus(wanted: str) -> Path:
    """Return the folder of music21's corpus.

    Args:
        wanted: what is looked for in it, for the error.

    Raises:
        TrainingError: music21 is not installed.
    """
    spec = importlib.util.find_spec("music21")
    if spec is None or spec.origin is None:
        raise TrainingError(f"music21 is not installed; its corpus holds {wanted}: run `make models`")
    return Path(spec.origin).parent / "corpus"


def folk_tunes() -> list[Tune]:
    """Read the public-domain tunes of music21's corpus.

    Raises:
        TrainingError: music21 is not installed, or came without its corpus.
    """
    folder = corpus("the tunes")
    tunes: list[Tune] = []
    for collection in ABC_COLLECTIONS:
        files = sorted((folder / collection).glob("*.abc"))
        if not files:
            raise TrainingError(f"music21 came without {collection} in {folder}: reinstall music21 with its corpus")
        for file in files:
            tunes += read_tunes(file.read_text(encoding="utf-8", errors="replace"), f"{collection}/{file.name}")[0]
    return tunes


def freedoom_wads(cache: Path) -> list[Path]:
    """Return Freedoom's WAD files, unpacked from Debian's package into ``cache`` where they are not installed.

    Raises:
        TrainingError: neither an installed package nor apt is there.
    """
    for root in (Path("/"), cache):
        wads = [root / wad for wad in FREEDOOM_WADS]
        if all(wad.is_file() for wad in wads):
            return wads
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise TrainingError("Freedoom's music is not here: install Debian's package freedoom (no apt-get to fetch it)")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        for command in (["apt-get", "download", "freedoom"],):
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
            if done.returncode:
                raise TrainingError(f"apt-get could not fetch freedoom: {done.stderr.strip()}")
        package = next(Path(folder).glob("freedoom_*.deb"))
        subprocess.run(["dpkg-deb", "-x", str(package), str(cache)], check=True)  # noqa: S603, S607
    return [cache / wad for wad in FREEDOOM_WADS]
