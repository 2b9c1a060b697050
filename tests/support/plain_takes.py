"""Takes and a limiter for simulations, in which what is heard matters less than when."""

from __future__ import annotations

from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.brief import Carry, Key
from latentfm.take import Seam, TakeInfo

CROSSFADE = 8.0


def describe(take_id: str, mood: str, seconds: float, section: int) -> TakeInfo:
    """Return the description of a take whose section lasts some seconds; its last chord rings on for three more."""
    key = Key(tonic=0, mode="major")
    outs = tuple(round((seconds - CROSSFADE - bars * 2.5) * SAMPLE_RATE) for bars in (1, 0))
    return TakeInfo(
        id=take_id,
        title=take_id,
        playlist=mood,
        seed=1,
        attempt=0,
        key=key,
        qpm=96.0,
        frames=round((seconds + 3) * SAMPLE_RATE),
        lufs=-16.0,
        true_peak=-1.0,
        max_silence=0.5,
        seam=Seam(head=10 * SAMPLE_RATE, outs=outs),
        carry=Carry(section=section, key=key, qpm=96.0, latent=(0.0,)),
        provenance={},
    )


class Wire:
    """A limiter that does nothing."""

    latency = 0

    def process(self, pcm: Pcm) -> Pcm:
        """Return what comes."""
        return pcm
