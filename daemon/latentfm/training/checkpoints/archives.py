"""Checkpoints inside tars and zips: only a checkpoint's own members are read, after a look at all of them.

Nothing is unpacked that was not asked for, and nothing under a path of the archive's choosing: what is read goes
into a folder for the moment under its last name. An archive with a path that climbs is refused as a whole.
"""

from __future__ import annotations

import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from latentfm.errors import ModelError, UnwrittenModelError
from latentfm.training.checkpoints.files import PART, number
from latentfm.training.checkpoints.scratch import writing
from latentfm.training.checkpoints.stages import ASSETS, is_stage, last_stage

_MAX_MEMBER = 2 << 30  # the largest published checkpoint is half of it
_MAX_SUM = 4 << 30
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

    def is_small(self, names: Collection[PurePosixPath]) -> bool:
        """Say whether it is a small file of one of these names."""
        return PurePosixPath(self.name) in names and self.plain and self.size < _SMALL


def is_archive(path: Path) -> bool:
    """Say whether a file is a tar, compressed or not, or a zip."""
    return path.is_file() and (tarfile.is_tarfile(path) or zipfile.is_zipfile(path))


def unpack(path: Path, folder: Path, wanted: str | None = None, *, beside: Collection[str] = ()) -> Path:
    """Copy a checkpoint of an archive into a folder.

    Args:
        path: the archive.
        folder: where the files go, one for the moment.
        wanted: name of the checkpoint where there are several; without it, the newest of one training, of its
            last stage where it has stages.
        beside: last names of small files to copy too, where they lie beside the checkpoint, or beside its stage.

    Returns:
        The prefix of what was copied.

    Raises:
        ModelError: the archive is damaged, a member climbs out of it, is a link or too large, there is no checkpoint,
            or there are several.
        UnwrittenModelError: there is no room for it.
    """
    with _opened(path) as archive:
        members = _members(path, archive)
        chosen = _choose(path, {member.prefix for member in members if member.prefix}, wanted)
        also = [place / name for place in _places(PurePosixPath(chosen).parent) for name in beside]
        taken = [member for member in members if member.prefix == chosen or member.is_small(also)]
        _check_size(path, sum(member.size for member in taken), folder)
        for member in taken:
            archive.copy(member, folder / PurePosixPath(member.name).name)
    return folder / PurePosixPath(chosen).name


def _places(folder: PurePosixPath) -> list[PurePosixPath]:
    """Return where small files are looked for that belong to a checkpoint in a folder."""
    return [folder, folder.parent, folder.parent / ASSETS] if is_stage(folder.name) else [folder]


def check_archive(path: Path) -> None:
    """Check that an archive can be read to its last member's head and has a checkpoint, of whatever model.

    Raises:
        ModelError: it is damaged, is one that `unpack` would refuse for its members, or has no checkpoint.
    """
    with _opened(path) as archive:
        if not any(member.prefix for member in _members(path, archive)):
            raise _none_in(path)


def _members(path: Path, archive: _Tar | _Zip) -> list[_Member]:
    """Return all members, after a look at each."""
    members = []
    for member in archive.members():
        _check(path, member)
        members.append(member)
        if len(members) > _MAX_MEMBERS:
            raise ModelError(f"{path} is refused: it has more than {_MAX_MEMBERS} members")
    return members


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


def _check_size(path: Path, size: int, folder: Path) -> None:
    if size > _MAX_SUM:
        raise ModelError(f"{path} is refused: its checkpoint has {size >> 20} MiB, more than one may")
    free = shutil.disk_usage(folder).free
    if size > free:
        raise UnwrittenModelError(f"{folder.parent} has {free >> 20} MiB free, and {size >> 20} MiB are to be unpacked")


def _none_in(path: Path) -> ModelError:
    return ModelError(f"no checkpoint is in {path}: one has files that end in .index and .data-…")


def _choose(path: Path, prefixes: set[str], wanted: str | None) -> str:
    if not prefixes:
        raise _none_in(path)
    if wanted is not None:
        found = [prefix for prefix in prefixes if wanted in (prefix, PurePosixPath(prefix).name)]
        if len(found) == 1:
            return found[0]
        raise ModelError(f"{path} has no checkpoint {wanted!r}; it has: {', '.join(sorted(prefixes))}")
    prefixes = last_stage(prefixes)
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
    """Open an archive; what its readers raise over damage is put into words."""
    try:
        if tarfile.is_tarfile(path):
            with tarfile.open(path) as tar:
                yield _Tar(tar)
        else:
            with zipfile.ZipFile(path) as pack:
                yield _Zip(pack)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError) as fault:
        raise ModelError(f"{path} is damaged: {fault}") from fault
    except OSError as fault:
        raise ModelError(f"{path} can't be read: {fault.strerror or fault}") from fault


def _copy(source: IO[bytes], target: Path, member: _Member) -> None:
    """Copy a member, and no more than it says it has."""
    left = member.size
    with source, writing(target.parent), target.open("wb") as file:
        while left and (chunk := _part(source, left)):
            file.write(chunk)
            left -= len(chunk)
    if left:
        raise ModelError(f"the member {member.name!r} ends {left} bytes early: the archive is truncated")


def _part(source: IO[bytes], left: int) -> bytes:
    try:
        return source.read(min(_CHUNK, left))
    except OSError as fault:  # of reading, which is not to be taken for one of writing
        raise ModelError(f"the archive can't be read: {fault.strerror or fault}") from fault
