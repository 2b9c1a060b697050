"""A whole station in a process of its own, whose studio plays chords: ``run_station.py CONFIG PLAN_FILE MODULES_FILE``.

When it ends it writes the names of the modules it has imported.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from latentfm import station
from latentfm.config import load_config, load_playlists
from latentfm.errors import LatentFMError
from latentfm.ops import logs


def main() -> int:
    """Run the station until it is stopped."""
    logs.configure("debug", spool=True)
    if "LATENTFM_TEST_SHIPPED" in os.environ:
        station.SHIPPED = Path(os.environ.pop("LATENTFM_TEST_SHIPPED"))
    script = Path(__file__).parents[1] / "studio" / "fault_child.py"
    child = (sys.executable, str(script), sys.argv[2], "chords")
    try:
        config = load_config(Path(sys.argv[1]), os.environ)
        return station.run(config, load_playlists(config), child=child)
    except LatentFMError as error:
        print(f"latentfm: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_status
    finally:
        Path(sys.argv[3]).write_text("\n".join(sorted(sys.modules)))
        logs.close()


if __name__ == "__main__":
    sys.exit(main())
