"""The process of one check: findings go to stdout, one JSON object a line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from latentfm.config import Config, load_config
from latentfm.doctor import machine, music, settings
from latentfm.doctor.finding import Finding
from latentfm.doctor.icecast import look_at_icecast
from latentfm.errors import ConfigError, LatentFMError
from latentfm.ops import logs
from latentfm.ops.process import die_with_parent

CHECKS = {
    "state": machine.look_at_state,
    "disk": machine.look_at_disk,
    "clock": machine.look_at_clock,
    "weights": music.look_at_weights,
    "soundfonts": music.look_at_soundfonts,
    "encoders": music.look_at_encoders,
    "icecast": look_at_icecast,
    "speed": music.look_at_speed,
}


def main(argv: Sequence[str]) -> int:
    """Run one check and print what it finds; return its exit status."""
    parser = argparse.ArgumentParser(prog="latentfm.doctor.child", description=__doc__)
    parser.add_argument("check", choices=["settings", *CHECKS])
    parser.add_argument("--parent", type=int, required=True, help="process id to die with")
    parser.add_argument("--config", type=Path, help="the configuration's file")
    options = parser.parse_args(argv)
    die_with_parent(options.parent)
    logs.configure("error")
    try:
        for finding in _look(options.check, options.config):
            print(finding.model_dump_json(), flush=True)  # noqa: T201 - this is how the check answers
    except LatentFMError as error:
        lines = str(error).splitlines()
        for line in lines:
            print(Finding(check=options.check, state="failed", text=line).model_dump_json(), flush=True)  # noqa: T201
    return 0


def _look(name: str, path: Path | None) -> Iterable[Finding]:
    if name == "settings":
        return settings.look_at_settings(path)
    try:
        config = load_config(path, os.environ)
    except ConfigError:  # told by the check of the settings; the defaults show what the machine can do
        config = Config()
    return CHECKS[name](config)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
