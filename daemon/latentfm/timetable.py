"""The tables of ``config.toml`` that say when: the programme, and the opening and quiet hours."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, field_validator, model_validator

from latentfm.entries import DAYS, Day, Entry, Span, contradictions, parse_span, parse_time, share_days
from latentfm.table import Table
from latentfm.tomlfile import suggest


def _time_of_day(text: str) -> str:
    parse_time(text)
    return text


def _dates(text: str) -> str:
    parse_span(text)
    return text


TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
Dates = Annotated[str, AfterValidator(_dates)]


class _Times(Table):
    """When something begins, on the days that ``days`` and ``dates`` leave."""

    at: TimeOfDay
    until: TimeOfDay | None = None
    days: Annotated[tuple[Day, ...], Field(min_length=1)] | None = None
    dates: Annotated[tuple[Dates, ...], Field(min_length=1)] | None = None

    def _entries(self, name: str, number: int, table: str) -> tuple[Entry, ...]:
        """Return it as values, one for each of its dates."""
        until = parse_time(self.until) if self.until else None
        days = frozenset(DAYS.index(day) for day in self.days) if self.days else None
        spans = [parse_span(text) for text in self.dates] if self.dates else [None]
        return tuple(Entry(parse_time(self.at), name, until, days, span, number, table) for span in spans)


class ProgrammeEntry(_Times):
    """From ``at`` on ``playlist`` is on, on the days that ``days`` and ``dates`` leave."""

    playlist: str

    def parsed(self, number: int) -> tuple[Entry, ...]:
        """Return it as values, one for each of its dates; ``number`` is its place among the entries."""
        return self._entries(self.playlist, number, "entries")


class ProgrammeConfig(Table):
    """Which playlist is on: the default one, where no entry says otherwise."""

    playlist: str = "day"
    timezone: str | None = None  # the machine's, unless set
    entries: tuple[ProgrammeEntry, ...] = ()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, timezone: str | None) -> str | None:
        try:
            if timezone is not None:
                ZoneInfo(timezone)
        except (KeyError, ValueError, OSError):
            near = suggest(timezone or "", available_timezones()).partition("; there are")[0]
            raise ValueError(f"expected a time zone such as 'Europe/Berlin'{near}") from None
        return timezone

    @model_validator(mode="after")
    def _no_contradictions(self) -> Self:
        _refuse_contradictions(self.parsed())
        return self

    def parsed(self) -> tuple[Entry, ...]:
        """Return the entries as values."""
        return tuple(entry for number, table in enumerate(self.entries) for entry in table.parsed(number))

    def names(self) -> tuple[str, ...]:
        """Return the names of all playlists that can be on, without repeats."""
        return tuple(dict.fromkeys([self.playlist, *(entry.playlist for entry in self.entries)]))


class OpenHours(_Times):
    """From ``at`` to ``until`` the station is to be heard, on the days that ``days`` and ``dates`` leave."""

    until: TimeOfDay

    def parsed(self, number: int) -> tuple[Entry, ...]:
        """Return it as values, one for each of its dates."""
        return self._entries("open", number, "open")


class QuietHours(_Times):
    """From ``at`` to ``until`` everything is softer by ``gain`` dB."""

    until: TimeOfDay
    gain: Annotated[float, Field(ge=-40, le=0)]  # dB

    def parsed(self, number: int) -> tuple[Entry, ...]:
        """Return it as values, one for each of its dates."""
        return self._entries(f"{self.gain:g} dB", number, "quiet")


class HoursConfig(Table):
    """When the station is to be heard, and how loud; in the programme's time zone."""

    fade_in_seconds: Annotated[float, Field(ge=0, le=600)] = 20.0
    fade_out_seconds: Annotated[float, Field(ge=0, le=600)] = 30.0
    open: tuple[OpenHours, ...] = ()  # always, where there are none
    closed: tuple[Dates, ...] = ()
    quiet: tuple[QuietHours, ...] = ()

    @model_validator(mode="after")
    def _no_contradictions(self) -> Self:
        _refuse_contradictions(self.quiet_entries())
        for span in self.closed_spans():
            closed = Entry(time(), "closed", span=span)
            for entry in self.open_entries():
                if entry.level == closed.level and share_days(closed, entry):
                    raise ValueError(f"closed {span} and {entry} are about the same day")
        return self

    def open_entries(self) -> tuple[Entry, ...]:
        """Return the opening hours as values."""
        return tuple(entry for number, table in enumerate(self.open) for entry in table.parsed(number))

    def closed_spans(self) -> tuple[Span, ...]:
        """Return the days on which it is closed as values."""
        return tuple(parse_span(text) for text in self.closed)

    def quiet_entries(self) -> tuple[Entry, ...]:
        """Return the quiet hours as values."""
        return tuple(entry for number, table in enumerate(self.quiet) for entry in table.parsed(number))


def _refuse_contradictions(entries: tuple[Entry, ...]) -> None:
    pairs = [f"{one} and {other} claim the same time" for one, other in contradictions(entries)]
    if pairs:
        raise ValueError("; ".join(pairs))
