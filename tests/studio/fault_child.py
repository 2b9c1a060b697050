"""A studio child for tests: the real child's set-up, and a ``produce`` that can be told to go wrong.

Usage: ``python fault_child.py PLAN_FILE [chords|music]``: with ``chords`` it publishes steady chords of twelve seconds,
with ``music`` the takes that ship, one after another, else nothing. The file holds one word a line; each order uses up
the first line, and when none is left orders are met. So a plan outlives the children that it breaks. The words:
hang, die, exit, garbage, flood, error, gate, memory, stop.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

import latentfm
from latentfm import bank
from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE
from latentfm.brief import Brief, Carry, Key
from latentfm.errors import ComposeError, GateError
from latentfm.studio import child
from latentfm.studio.identity import section_number, take_id
from latentfm.take import Seam, TakeInfo

SECONDS = 6
CHORD_SECONDS = 12
SHIPPED = Path(latentfm.__file__).parent / "takes"


def chord_take(brief: Brief, folder: Path) -> TakeInfo:
    """Publish nothing and describe a take of a few seconds."""
    del folder
    return TakeInfo(
        id=take_id(brief),
        title=f"Chord {section_number(brief)}",
        playlist=brief.playlist.name,
        seed=brief.seed,
        attempt=brief.attempt,
        key=Key(tonic=0, mode="major"),
        qpm=100.0,
        frames=SECONDS * SAMPLE_RATE,
        lufs=-16.0,
        true_peak=-1.0,
        max_silence=0.5,
        seam=Seam(head=SAMPLE_RATE, outs=(4 * SAMPLE_RATE,)),
        carry=Carry(section=section_number(brief) + 1, key=Key(tonic=0, mode="major"), qpm=100.0, latent=(0.0,)),
        provenance={"pid": os.getpid()},
    )


def publish_chord(brief: Brief, folder: Path) -> TakeInfo:
    """Publish a chord of three sines, on a pitch that follows from the section, in real files."""
    frames = CHORD_SECONDS * SAMPLE_RATE
    info = chord_take(brief, folder).model_copy(
        update={
            "frames": frames,
            "seam": Seam(head=3 * SAMPLE_RATE, outs=(frames - 3 * SAMPLE_RATE,)),
            "provenance": {"brief": brief.model_dump(mode="json")},
        }
    )
    seconds = np.arange(frames) / SAMPLE_RATE
    root = 220.0 * 2.0 ** (info.carry.section % 12 / 12)
    audio = np.zeros((frames, CHANNELS), dtype=np.float32)
    for ratio in (1.0, 1.25, 1.5):
        audio += 0.1 * np.sin(2 * np.pi * root * ratio * seconds).astype(np.float32)[:, np.newaxis]
    bank.write_take(folder, info, audio, b"MThd")
    return info


def publish_music(brief: Brief, folder: Path) -> TakeInfo:
    """Publish one of the takes that ship as if it had been made just now: real music, at once."""
    described = chord_take(brief, folder)
    shipped = sorted(path for path in SHIPPED.iterdir() if path.is_dir())
    take = bank.read_take(shipped[section_number(brief) % len(shipped)], "take.opus")
    with bank.TakeReader(take.folder / "take.opus") as reader:
        audio = reader.read(reader.frames)
    kept = {name: getattr(described, name) for name in ("id", "playlist", "seed", "attempt", "carry", "title")}
    info = take.info.model_copy(
        update={**kept, "frames": len(audio), "provenance": {"brief": brief.model_dump(mode="json")}}
    )
    bank.write_take(folder, info, audio, b"MThd")
    return info


def next_word(plan: Path) -> str:
    """Take the first word off the plan."""
    words = plan.read_text().split() if plan.exists() else []
    plan.write_text("\n".join(words[1:]))
    return words[0] if words else ""


def main() -> int:
    """Serve orders as planned."""
    plan = Path(sys.argv[1])
    make = {"chords": publish_chord, "music": publish_music}.get(sys.argv[2], chord_take)
    answers = os.dup(1)

    def produce(brief: Brief, folder: Path) -> TakeInfo:
        word = next_word(plan)
        print("a library prints to stdout")  # noqa: T201 - that is what is tested
        if word == "hang":
            time.sleep(600)
        elif word == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        elif word == "die":
            print("cannot go on", file=sys.stderr, flush=True)  # noqa: T201
            os.kill(os.getpid(), signal.SIGKILL)
        elif word == "exit":
            os._exit(3)
        elif word == "garbage":
            os.write(answers, b"this is no reply\n")
            time.sleep(600)
        elif word == "flood":
            while True:
                os.write(answers, b"x" * 65_536)
        elif word == "error":
            raise ComposeError("no progression fits")
        elif word == "gate":
            raise GateError("silence of 3.0 s", "silence")
        elif word == "memory":
            bytearray(8 * 2**30)
        return make(brief, folder)

    return child.serve(lambda: produce, sys.argv[2 + (make is not chord_take) :])


if __name__ == "__main__":
    sys.exit(main())
