"""Checkpoints inside tars and zips: only a checkpoint's own members are read, after a look at all of them.

Nothing is unpacked that was not asked for, and nothing under a path of the archive's choosing: what is read goes
into a folder for the moment under its last name. An archive with a path that climbs is refused as a whole.
"""

from __future__ import annotations

import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from latentfm.errors import ModelError
from latentfm.training.checkpoints.files import PART, number

_MAX_MEMBER = 2 << 30  # the largest published checkpoint is half of it
_MAX_MEMBERS = 10_000
_CHUNK = 1 << 20
_SMALL = 1 << 20


@dataclass(frozen=True)
class _Member:
    """A file in an archive; ``plain`` is false for links and devices."""

    name: str
    size: int
    plain: bool

    @property
    def prefix(self) -> str | None:
        """The name of the checkpoint that this is a part of, None for any other file."""
        last = PurePosixPath(self.name).name
        if PART.search(last):
            return PART.sub("", self.name)
        if "ckpt" in last and not last.endswith((".meta", ".json", ".txt", ".pbtxt")):
            return self.name  # V1: one file without an ending
        return None


def is_archive(path: Path) -> bool:
    """Say whether a file is a tar, compressed or not, or a zip."""
    return path.is_file() and (tarfile.is_tarfile(path) or zipfile.is_zipfile(path))


def unpack(path: Path, folder: Path, wanted: str | None = None, *, beside: str = "") -> Path:
    """Copy a checkpoint of an archive into a folder.

    Args:
        path: the archive.
        folder: where the files go.
        wanted: name of the checkpoint where there are several; without it, the newest of one training.
        beside: last name of a small file to copy too, where it lies beside the checkpoint.

    Returns:
        The prefix of what was copied.

    Raises:
        ModelError: the archive is damaged, a member climbs out of it, is a link or too large, there is no checkpoint,
            or there are several.
    """
    try:
        with _opened(path) as archive:
            members = []
            for member in archive.members():
                _check(path, member)
                members.append(member)
                if len(members) > _MAX_MEMBERS:
                    raise ModelError(f"{path} is refused: it has more than {_MAX_MEMBERS} members")
            chosen = _choose(path, {member.prefix for member in members if member.prefix}, wanted)
            for member in members:
                name = PurePosixPath(member.name)
                also = name.name == beside and name.parent == PurePosixPath(chosen).parent
                if member.prefix == chosen or (also and member.plain and member.size < _SMALL):
                    archive.copy(member, folder / name.name)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError) as fault:
        raise ModelError(f"{path} is damaged: {fault}") from fault
    return folder / PurePosixPath(chosen).name


def _check(path: Path, member: _Member) -> None:
    parts = PurePosixPath(member.name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts:
        raise ModelError(f"{path} is refused: its member {member.name!r} climbs out of the archive")
    if member.prefix is None:
        return
    if not member.plain:
        raise ModelError(f"{path} is refused: its member {member.name!r} is a link or a device, not a file")
    if member.size > _MAX_MEMBER:
        raise ModelError(
            f"{path} is refused: its member {member.name!r} has {member.size >> 20} MiB, more than a checkpoint may"
        )


def _choose(path: Path, prefixes: set[str], wanted: str | None) -> str:
    if not prefixes:
        raise ModelError(f"no checkpoint is in {path}: one has files that end in .index and .data-…")
    if wanted is not None:
        found = [prefix for prefix in prefixes if wanted in (prefix, PurePosixPath(prefix).name)]
        if len(found) == 1:
            return found[0]
        raise ModelError(f"{path} has no checkpoint {wanted!r}; it has: {', '.join(sorted(prefixes))}")
    trainings = {prefix.removesuffix(f"-{number(prefix)}") for prefix in prefixes}
    if len(trainings) > 1:
        raise ModelError(
            f"several checkpoints are in {path}: {', '.join(sorted(prefixes))}; say which one with --checkpoint"
        )
    return max(prefixes, key=number)


class _Tar:
    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._infos: dict[str, tarfile.TarInfo] = {}

    def members(self) -> Iterator[_Member]:
        for info in self._archive:
            self._infos[info.name] = info
            if not info.isdir():
                yield _Member(info.name, info.size, info.isfile())

    def copy(self, member: _Member, target: Path) -> None:
        source = self._archive.extractfile(self._infos[member.name])
        if source is not None:
            _copy(source, target, member)


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def members(self) -> Iterator[_Member]:
        for info in self._archive.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if not info.is_dir():
                yield _Member(info.filename, info.file_size, kind in (0, stat.S_IFREG))

    def copy(self, member: _Member, target: Path) -> None:
        with self._archive.open(member.name) as source:
            _copy(source, target, member)


@contextmanager
def _opened(path: Path) -> Iterator[_Tar | _Zip]:
    if tarfile.is_tarfile(path):
        with tarfile.open(path) as tar:
            yield _Tar(tar)
    else:
        with zipfile.ZipFile(path) as pack:
            yield _Zip(pack)


def _copy(source: IO[bytes], target: Path, member: _Member) -> None:
    """Copy a member, and no more than it says it has."""
    left = member.size
    with source, target.open("wb") as file:
        while left and (chunk := source.read(min(_CHUNK, left))):
            file.write(chunk)
            left -= len(chunk)
    if left:
        raise ModelError(f"the member {member.name!r} ends {left} bytes early: the archive is truncated")
