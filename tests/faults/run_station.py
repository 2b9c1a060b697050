"""A whole station in a process of its own: ``run_station.py CONFIG PLAN_FILE MODULES_FILE``.

``LATENTFM_TEST_CHILD`` names the words of its studio's command after this folder (``../studio/fault_child.py`` and
``chords``, unless set; ``real`` is the real one), ``LATENTFM_TEST_PACE`` how many times faster it lives, and
``LATENTFM_TEST_CLOCK`` a file with the seconds by which its wall clock is off. When it ends it writes the names of the
modules it has imported.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from clocks import TestClock
from latentfm import service, station
from latentfm.config import load_config, load_playlists
from latentfm.errors import LatentFMError
from latentfm.ops import logs
from latentfm.ops.process import die_with_parent
from latentfm.studio.supervisor import CHILD


def main() -> int:
    """Run the station until it is stopped, or the tests are."""
    die_with_parent(int(os.environ.pop("LATENTFM_TEST_PARENT", os.getppid())))
    logs.configure("debug", spool=True)
    if "LATENTFM_TEST_SHIPPED" in os.environ:
        station.SHIPPED = Path(os.environ.pop("LATENTFM_TEST_SHIPPED"))
    script, *words = os.environ.pop("LATENTFM_TEST_CHILD", "../studio/fault_child.py chords").split()
    child = CHILD if script == "real" else (sys.executable, str(Path(__file__).parent / script), sys.argv[2], *words)
    offset = os.environ.pop("LATENTFM_TEST_CLOCK", None)
    clock = TestClock(float(os.environ.pop("LATENTFM_TEST_PACE", "1")), Path(offset) if offset else None)
    try:
        config = load_config(Path(sys.argv[1]), os.environ)
        return service.run(config, load_playlists(config), child=child, clock=clock)
    except LatentFMError as error:
        print(f"latentfm: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_status
    finally:
        Path(sys.argv[3]).write_text("\n".join(sorted(sys.modules)))
        logs.close()


if __name__ == "__main__":
    sys.exit(main())
