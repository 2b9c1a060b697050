"""``latentfm doctor``: whether this machine, as it is now, can run the station as configured."""

from latentfm.doctor.examine import examine
from latentfm.doctor.finding import Finding

__all__ = ["Finding", "examine"]
