"""How fast audio is to be used up so that it keeps step with a clock that is not ours: a PI controller, and a slow one.

The buffer's fill says how far the two clocks have come apart. It saws, since audio comes in bursts; an average over
many of them steers, and the pitch moves by less than anybody hears (500 ppm are 0.9 cents).
"""

from __future__ import annotations

MOST = 500e-6  # how far the speed may be from 1; crystals are within 200 ppm
_AVERAGED = 16.0  # seconds over which the fill is averaged
_RATE = 0.005  # rad/s: the loop's natural frequency; it settles within some ten minutes
_PROPORTIONAL = 2.0 * _RATE  # speed for each second that the fill is off: damped critically
_INTEGRAL = _RATE * _RATE


class Follower:
    """Steers the speed at which a buffer is emptied so that its fill stays at ``target``.

    Attributes:
        target: the fill to keep, in seconds, as an average.
        average: the fill lately, in seconds.
        speed: how much faster than nominal the audio is to be used up; within ``MOST`` of 1.
    """

    def __init__(self, target: float) -> None:
        self.target = target
        self.average = target
        self.speed = 1.0
        self._drift = 0.0  # how much faster the card's clock is found to be

    def update(self, fill: float, elapsed: float) -> float:
        """Take note of the fill, ``elapsed`` seconds after the last time; return the speed."""
        self.average += (fill - self.average) * min(elapsed / _AVERAGED, 1.0)
        off = self.average - self.target
        wanted = _PROPORTIONAL * off + self._drift
        self.speed = 1.0 + min(max(wanted, -MOST), MOST)
        if abs(wanted) < MOST or wanted * off < 0.0:  # what is at its bound learns nothing about the clock
            self._drift = min(max(self._drift + _INTEGRAL * off * elapsed, -MOST), MOST)
        return self.speed

    def restart(self) -> None:
        """Forget the fill, after a gap; what was learnt about the clock stays."""
        self.average = self.target
