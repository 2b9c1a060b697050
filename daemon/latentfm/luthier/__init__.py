"""The luthier: makes the instruments that voices want, one by one, in a process that gives way to all else."""

from latentfm.luthier.luthier import Budget, Luthier

__all__ = ["Budget", "Luthier"]
