"""Takes and a limiter for simulations, in which what is heard matters less than when."""

from __future__ import annotations

from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.brief import Carry, Key
from latentfm.take import Seam, TakeInfo

CROSSFADE = 8.0


def plain(take_id: str, frames: int, mood: str = "day", section: int = 1) -> TakeInfo:
    """Return the description of a take of so many frames, which may be left at its end."""
    key = Key(tonic=0, mode="major")
    return TakeInfo(
        id=take_id,
        title=take_id,
        playlist=mood,
        seed=1,
        attempt=0,
        key=key,
        qpm=96.0,
        frames=frames,
        lufs=-16.0,
        true_peak=-1.0,
        max_silence=0.5,
        seam=Seam(head=0, outs=(frames,)),
        carry=Carry(section=section, key=key, qpm=96.0, latent=(0.0,)),
        provenance={},
    )


def describe(take_id: str, mood: str, seconds: float, section: int) -> TakeInfo:
    """Return the description of a take whose section lasts some seconds; its last chord rings on for three more."""
    outs = tuple(round((seconds - CROSSFADE - bars * 2.5) * SAMPLE_RATE) for bars in (1, 0))
    info = plain(take_id, round((seconds + 3) * SAMPLE_RATE), mood, section)
    return info.model_copy(update={"seam": Seam(head=10 * SAMPLE_RATE, outs=outs)})


class Wire:
    """A limiter that does nothing."""

    latency = 0

    def process(self, pcm: Pcm) -> Pcm:
        """Return what comes."""
        return pcm
