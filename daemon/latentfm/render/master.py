"""Mastering: a section to the loudness it shall air at, with its true peaks below the ceiling."""

from __future__ import annotations

import math
from dataclasses import dataclass

import structlog

from latentfm.audio import loudness
from latentfm.audio.limiter import CEILING_DB, limit
from latentfm.audio.pcm import Pcm
from latentfm.errors import RenderError

log = structlog.get_logger()

MAX_REDUCTION = 4.0  # dB on any peak
MAX_SHORTFALL = 3.0  # LU that a take may air quieter than asked for
CEILING_MARGIN = 0.1
"""dB kept below the ceiling, so that the rounding of an encoding, or another meter, finds nothing above it."""

_CLOSE = 0.1  # LU: near enough
_ROUNDS = 4
_ROUNDING = 0.001  # dB: the limiter rounds reductions up
_MAKE_UP_LIMIT = 60.0  # dB; a section that needs more is as good as silent


@dataclass(frozen=True)
class MasterReport:
    """What mastering did.

    Attributes:
        lufs: integrated loudness that was reached.
        true_peak: dBTP.
        gain_db: gain before the limiter.
        max_reduction_db: the limiter's largest reduction.
        shortfall: LU below what was asked for, where the peaks did not allow it; else 0. The gate is to be asked for
            ``target_lufs - shortfall``.
    """

    lufs: float
    true_peak: float
    gain_db: float
    max_reduction_db: float
    shortfall: float = 0.0


def master(pcm: Pcm, target_lufs: float) -> tuple[Pcm, MasterReport]:
    """Bring a section to ``target_lufs`` within 0.1 LU, limited to -1 dBTP.

    The limiter takes at most 4 dB off any peak. A section that would need more airs quieter, by 3 LU at most.

    Args:
        pcm: the section as rendered; it is not changed.
        target_lufs: integrated loudness to reach.

    Raises:
        RenderError: the section is silent, not finite, or even 3 LU below the target its peaks are too high.
    """
    raw = loudness.integrated(pcm)
    peak = loudness.true_peak(pcm)
    if not math.isfinite(raw) or not math.isfinite(peak) or target_lufs - raw > _MAKE_UP_LIMIT:
        raise RenderError(f"a section that can't be mastered: {raw:.1f} LUFS with a true peak of {peak:.1f} dBTP")
    ceiling = CEILING_DB - CEILING_MARGIN
    highest = ceiling + MAX_REDUCTION - peak - _ROUNDING
    mastered, gain, reduction, lufs = _settle(pcm, target_lufs, raw, ceiling, highest)
    missing = target_lufs - lufs
    shortfall = round(missing, 2) if missing > _CLOSE and gain >= highest else 0.0
    if shortfall > MAX_SHORTFALL:
        raise RenderError(
            f"peaks too high for {target_lufs:.1f} LUFS: with {MAX_REDUCTION:.0f} dB of limiting it reaches {lufs:.1f}"
        )
    if shortfall:
        log.info("mastered_quieter", lufs=round(lufs, 2), target=target_lufs, shortfall=shortfall)
    return mastered, MasterReport(
        lufs=lufs,
        true_peak=loudness.true_peak(mastered),
        gain_db=gain,
        max_reduction_db=reduction,
        shortfall=shortfall,
    )


def _settle(pcm: Pcm, target: float, raw: float, ceiling: float, highest: float) -> tuple[Pcm, float, float, float]:
    """Find the gain that limiting leaves at ``target`` LUFS: return the audio, gain, reduction and loudness."""
    gain = min(target - raw, highest)
    rounds = 1
    while True:
        mastered, reduction = limit(pcm, ceiling, gain=loudness.amplitude(gain))
        lufs = loudness.integrated(mastered) if reduction else raw + gain
        missing = target - lufs
        if rounds == _ROUNDS or abs(missing) <= _CLOSE or (missing > 0 and gain >= highest):
            return mastered, gain, reduction, lufs
        gain = min(gain + missing, highest)
        rounds += 1
        del mastered  # tens of megabytes, before as many are taken again
