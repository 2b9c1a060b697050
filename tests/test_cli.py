"""The command line: what it teaches, how it fails, and what its tools make."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import note_seq
import pytest
from note_seq.protobuf.music_pb2 import NoteSequence

from latentfm import cli, midi_file
from latentfm.check import check
from latentfm.config import load_config, load_playlists
from latentfm.errors import ConfigError
from latentfm.lastgood import recall, remember
from latentfm.ops import logs
from latentfm.start import choose

ROOT = Path(__file__).resolve().parents[1]
TUNE = (60, 62, 64, 65, 67, 65, 64, 62)


@dataclass(frozen=True)
class Result:
    """How a command ended and what it said."""

    status: int
    stdout: str
    stderr: str


class CommandLine:
    """Calls commands in this process, so that libraries are read once for all tests."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._captured = captured
        monkeypatch.chdir(ROOT)
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "100")

    def __call__(self, *arguments: str | Path) -> Result:
        """Call ``latentfm`` with some arguments."""
        self._monkeypatch.setattr(sys, "argv", ["latentfm", *map(str, arguments)])
        self._captured.readouterr()
        try:
            cli.main()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            logs.close()
        return Result(status, *self._captured.readouterr())


@pytest.fixture
def latentfm(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """Return the command line."""
    return CommandLine(monkeypatch, capsys)


def command(*arguments: str | Path) -> list[str]:
    """Return how to start the command line in a process of its own."""
    return [sys.executable, "-m", "latentfm", *map(str, arguments)]


def tune(path: Path, pitches: Sequence[int] = TUNE, *, drums: bool = False, metre: tuple[int, int] = (4, 4)) -> Path:
    """Write a MIDI file of eighths at 120 quarter notes a minute."""
    sequence = NoteSequence(ticks_per_quarter=220)
    sequence.tempos.add(qpm=120)
    sequence.time_signatures.add(numerator=metre[0], denominator=metre[1])
    for index, pitch in enumerate(pitches * 2):
        start = index * 0.25
        sequence.notes.add(
            pitch=pitch,
            velocity=80,
            start_time=start,
            end_time=start + 0.25,
            is_drum=drums,
            instrument=9 if drums else 0,
        )
    sequence.total_time = len(pitches) * 0.5
    midi_file.write(sequence, path)
    return path


def plain_failure(result: Result, status: int) -> str:
    """Check that a command failed with a status and without a traceback; return what it said."""
    assert result.status == status, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    return result.stderr


@pytest.mark.parametrize(
    "name", ["run", "check", "programme", "status", "mood", "compose", "continue", "interpolate", "models list"]
)
def test_help_teaches_each_command(latentfm: CommandLine, name: str) -> None:
    """Each command's help ends well and shows an example that can be copied."""
    result = latentfm(*name.split(), "--help")
    assert result.status == 0
    assert f"latentfm {name}" in result.stdout.split("Example")[1]


def test_help_loads_nothing_heavy() -> None:
    """Asking for help reads neither the models' runtime nor note-seq, NumPy or pydantic."""
    code = (
        "import sys; sys.argv = ['latentfm', '--help']\n"
        "from latentfm import cli\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'note_seq', 'ai_edge_litert', 'matplotlib', 'scipy', 'pydantic'} & set(sys.modules)\n"
        "print('loaded:', sorted(heavy))"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "daemon")}
    result = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert "loaded: []" in result.stdout


def test_an_unknown_command_or_option_is_a_usage_error(latentfm: CommandLine) -> None:
    """Usage errors end with status 2 and say what was wrong."""
    assert "No such command" in plain_failure(latentfm("rum"), 2)
    assert "seed" in plain_failure(latentfm("compose", "--seed", "-1"), 2)
    assert "bars" in plain_failure(latentfm("continue", "x.mid", "--out", "y.mid", "--bars", "0"), 2)


@pytest.mark.parametrize("name", ["run", "check", "compose"])
def test_all_faults_of_a_broken_configuration_are_printed(latentfm: CommandLine, tmp_path: Path, name: str) -> None:
    """Commands that read the configuration print every fault plainly and start nothing."""
    path = tmp_path / "config.toml"
    path.write_text('[web]\nport = 99999\nhsot = "x"\n', "utf-8")
    said = plain_failure(latentfm(name, "--config", path), 2)
    assert f"latentfm: {path}: web.port = 99999: expected 65535 or less" in said
    assert f"latentfm: {path}: web.hsot: unknown key; did you mean 'host'?" in said


def test_run_tells_of_an_unknown_playlist(latentfm: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A programme that names a playlist that is nowhere does not start, and hears of the nearest."""
    monkeypatch.setenv("LATENTFM_PROGRAMME__PLAYLIST", "dya")
    assert "unknown playlist 'dya'; did you mean 'day'?" in plain_failure(latentfm("run"), 2)


def test_the_default_configuration_checks_well(latentfm: CommandLine) -> None:
    """With what the repository ships and the set-up installs, `check` finds nothing wrong."""
    result = latentfm("check")
    assert result.status == 0, result.stderr
    assert "playlists: day" in result.stdout


def test_check_looks_at_everything_a_configuration_names(tmp_path: Path) -> None:
    """Missing models, SoundFonts, anchors, passwords and playlists are all told, with where they are named."""
    (tmp_path / "playlists").mkdir()
    text = (ROOT / "playlists" / "day.toml").read_text("utf-8")
    text = text.replace('"melody_2bar"', '"melody_3bar"').replace("anchors = []", 'anchors = ["none.mid"]')
    text = text.replace('role = "pad"', 'role = "pad"\nsoundfont = "no-such-font"')
    (tmp_path / "playlists" / "mine.toml").write_text(text, "utf-8")
    blocked = tmp_path / "file"
    blocked.write_text("", "utf-8")
    (tmp_path / "config.toml").write_text(
        f'[station]\nstate_dir = "{blocked}/state"\n'
        '[programme]\nentries = [{ at = "06:00", playlist = "mine" }, { at = "07:00", playlist = "nine" }]\n'
        '[[outputs]]\ntype = "icecast"\nurl = "http://radio.example/a.mp3"\npassword_file = "none"\n',
        "utf-8",
    )
    report = check(tmp_path / "config.toml", {})
    faults = "\n".join(report.faults)
    assert "station.state_dir" in faults
    assert "outputs[0].password_file" in faults
    assert "unknown playlist 'nine'; did you mean 'mine'?" in faults
    assert "mine.toml: models.melody_vae = 'melody_3bar'" in faults
    assert "mine.toml: voices[2].soundfont = 'no-such-font'" in faults
    assert "mine.toml: walk.anchors[0]" in faults
    assert any("unencrypted" in line for line in report.warnings)


def test_check_warns_of_a_programme_that_can_hardly_be_meant(tmp_path: Path) -> None:
    """Dates that are over and a mood of two minutes are no faults, but worth a look."""
    (tmp_path / "config.toml").write_text(
        """
        [programme]
        timezone = "UTC"
        entries = [
            { at = "06:00", playlist = "day" },
            { at = "12:00", playlist = "night" },
            { at = "12:02", playlist = "day" },
            { at = "08:00", dates = ["2020-12-24", "2021-01-01..2021-01-06"], playlist = "night" },
        ]
        """
    )
    first, second = check(tmp_path / "config.toml", {}).warnings
    assert first.endswith("programme.entries[3]: all its dates are over")
    assert "'night' is on for 120 s only" in second


def test_the_programme_is_shown_with_the_entries_it_follows_from(latentfm: CommandLine, tmp_path: Path) -> None:
    """The command tells what is on and each change to come, local time first, and how a day without any looks."""
    path = tmp_path / "config.toml"
    path.write_text(
        'programme.timezone = "Asia/Tokyo"\nprogramme.entries = [{ at = "06:30", playlist = "day" }, '
        '{ at = "22:00", playlist = "night" }]'
    )
    lines = latentfm("programme", "--days", "2", "--config", path).stdout.splitlines()
    assert lines[0] == "Latent FM, Asia/Tokyo"
    assert lines[2].startswith("now")
    told = [line.split() for line in lines[3:]]
    assert len(told) == 4
    assert {(line[4], line[5], line[6]) for line in told} == {("06:30", "JST", "day"), ("22:00", "JST", "night")}
    assert all("entries[" in " ".join(line) for line in told)
    path.write_text("")
    assert "no change within 1 day" in latentfm("programme", "--config", path).stdout


def test_check_looks_at_the_control_token(tmp_path: Path) -> None:
    """A token that is missing or open to others is a fault, and is not printed."""
    path = tmp_path / "config.toml"
    path.write_text(f'station.state_dir = "{tmp_path}"\nweb.control_token_file = "token"\n')
    (fault,) = check(path, {}).faults
    assert "web.control_token_file: " in fault
    token = tmp_path / "token"
    token.write_text("abc")
    token.chmod(0o644)
    (fault,) = check(path, {}).faults
    assert "chmod 600" in fault
    assert "abc" not in fault
    token.chmod(0o600)
    assert not check(path, {}).faults


def test_check_wants_a_password_that_others_can_not_read(tmp_path: Path) -> None:
    """A password file that others may read is a fault, one of mode 0600 is none, and neither is printed."""
    secret = tmp_path / "password"
    secret.write_text("hunter2\n", "utf-8")
    path = tmp_path / "config.toml"
    output = '[[outputs]]\ntype = "icecast"\nurl = "http://localhost:8000/a.mp3"\npassword_file = "password"\n'
    path.write_text(f'[station]\nstate_dir = "state"\n{output}', "utf-8")
    secret.chmod(0o644)
    told = [line for line in check(path, {}).faults if "outputs[0].password_file" in line]
    assert len(told) == 1
    assert "chmod 600" in told[0]
    assert "hunter2" not in told[0]
    secret.chmod(0o600)
    assert not [line for line in check(path, {}).faults if "outputs" in line]


def test_a_service_plays_on_with_the_last_good_configuration(tmp_path: Path) -> None:
    """What ran last is kept; a service falls back to it when the file breaks, a person is told instead."""
    path = tmp_path / "config.toml"
    path.write_text(f'[station]\nname = "Good FM"\nstate_dir = "{tmp_path}/state"\n', "utf-8")
    config = load_config(path, {})
    remember(config, load_playlists(config))
    assert recall(tmp_path / "state").config == config
    path.write_text("[station\n", "utf-8")
    service = {"NOTIFY_SOCKET": "/run/none", "LATENTFM_STATION__STATE_DIR": f"{tmp_path}/state"}
    assert choose(path, service).config.station.name == "Good FM"
    assert set(choose(path, service).playlists) == {"day"}
    with pytest.raises(ConfigError, match="not valid TOML"):
        choose(path, {})


def test_a_service_without_a_last_good_configuration_says_both_faults(tmp_path: Path) -> None:
    """Where nothing was kept, or what was kept is damaged, the broken file is told too."""
    path = tmp_path / "config.toml"
    path.write_text("[station\n", "utf-8")
    service = {"NOTIFY_SOCKET": "/run/none", "LATENTFM_STATION__STATE_DIR": str(tmp_path)}
    with pytest.raises(ConfigError, match=r"(?s)not valid TOML.*no last good configuration"):
        choose(path, service)
    (tmp_path / "last-good.json").write_text("{}", "utf-8")
    with pytest.raises(ConfigError, match=r"(?s)not valid TOML.*of another edition"):
        choose(path, service)


def test_models_are_listed_with_size_and_licence(latentfm: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The models that ship are there, each with its parameters and its licence."""
    monkeypatch.setenv("COLUMNS", "200")
    result = latentfm("models", "list")
    assert result.status == 0, result.stderr
    for name in ("melody_2bar", "drums_2bar", "attention_rnn", "drum_kit"):
        assert name in result.stdout
    assert "missing" not in result.stdout


def test_an_unknown_model_is_told_with_a_suggestion(latentfm: CommandLine, tmp_path: Path) -> None:
    """A model that is not there is named with the nearest that is."""
    primer = tune(tmp_path / "primer.mid")
    said = plain_failure(latentfm("continue", primer, "--model", "atention_rnn", "--out", tmp_path / "o.mid"), 1)
    assert "atention_rnn" in said
    assert "attention_rnn" in said.replace("atention_rnn", "")
    assert not (tmp_path / "o.mid").exists()


def test_continue_keeps_the_primer_and_adds_the_bars(latentfm: CommandLine, tmp_path: Path) -> None:
    """The new file begins as the primer did, is longer by what was asked for, and a seed repeats it to the byte."""
    primer = tune(tmp_path / "primer.mid")
    outs = [tmp_path / "deep" / "a.mid", tmp_path / "b.mid"]
    for out in outs:
        result = latentfm("continue", primer, "--bars", "4", "--seed", "3", "--temperature", "0.9", "--out", out)
        assert result.status == 0, result.stderr
        assert "log-likelihood" in result.stdout
    assert outs[0].read_bytes() == outs[1].read_bytes()
    notes = sorted(note_seq.midi_file_to_note_sequence(str(outs[0])).notes, key=lambda note: note.start_time)
    assert [note.pitch for note in notes[:15]] == [*TUNE, *TUNE[:7]]
    assert 4.0 < notes[-1].end_time <= 4.0 + 4 * 2.0 + 0.01


def test_continue_takes_drums_too(latentfm: CommandLine, tmp_path: Path) -> None:
    """A drums model goes on from a drum pattern, on the drum channel."""
    primer = tune(tmp_path / "primer.mid", (36, 42, 38, 42, 36, 42, 38, 46), drums=True)
    out = tmp_path / "out.mid"
    result = latentfm("continue", primer, "--model", "drum_kit", "--bars", "2", "--out", out)
    assert result.status == 0, result.stderr
    assert all(note.is_drum for note in note_seq.midi_file_to_note_sequence(str(out)).notes)


def test_interpolate_walks_from_one_to_the_other(latentfm: CommandLine, tmp_path: Path) -> None:
    """The file has as many two-bar points as were asked for, and a seed repeats it to the byte."""
    first, second = tune(tmp_path / "a.mid"), tune(tmp_path / "b.mid", tuple(pitch + 12 for pitch in reversed(TUNE)))
    outs = [tmp_path / "x.mid", tmp_path / "y.mid"]
    for out in outs:
        result = latentfm("interpolate", first, second, "--steps", "5", "--seed", "4", "--out", out)
        assert result.status == 0, result.stderr
    assert outs[0].read_bytes() == outs[1].read_bytes()
    notes = note_seq.midi_file_to_note_sequence(str(outs[0])).notes
    assert notes
    assert 4 * 4.0 < max(note.end_time for note in notes) <= 5 * 4.0 + 0.01


def test_primers_that_can_not_serve_are_explained(latentfm: CommandLine, tmp_path: Path) -> None:
    """Files that are missing, no MIDI, empty, drums only or in another metre each get a sentence of their own."""
    empty = tmp_path / "empty.mid"
    midi_file.write(NoteSequence(ticks_per_quarter=220), empty)
    noise = io.BytesIO()
    with wave.open(noise, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(bytes(100))
    (tmp_path / "sound.mid").write_bytes(noise.getvalue())
    drums = tune(tmp_path / "drums.mid", (36, 38), drums=True)
    waltz = tune(tmp_path / "waltz.mid", metre=(3, 4))
    good = tune(tmp_path / "good.mid")
    for path, word in (
        (tmp_path / "none.mid", "none.mid"),
        (tmp_path / "sound.mid", "MIDI"),
        (empty, "no notes"),
        (drums, "drums only"),
        (waltz, "3/4"),
    ):
        said = plain_failure(latentfm("interpolate", good, path, "--out", tmp_path / "o.mid"), 1)
        assert word in said
        assert path.name in said
    assert not (tmp_path / "o.mid").exists()


def test_a_bomb_is_refused_wherever_a_midi_file_is_named(latentfm: CommandLine, tmp_path: Path) -> None:
    """A tiny file with a billion ticks, hidden from whoever reads running status otherwise, stops each command."""
    track = b"\x00\x90\x3c\x40\x00\xff\x01\x00\x00\x01\x1c" + b"\xff\xff\xff\x7f\x3c\x40" * 4 + b"\x00\xff\x2f\x00"
    bomb, out = tmp_path / "bomb.mid", tmp_path / "out.mid"
    bomb.write_bytes(b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk" + len(track).to_bytes(4, "big") + track)
    mood = (ROOT / "playlists" / "dawn.toml").read_text("utf-8")
    (tmp_path / "playlists").mkdir()
    (tmp_path / "playlists" / "dawn.toml").write_text(mood.replace("[walk]", f'[walk]\nanchors = ["{bomb}"]'), "utf-8")
    (tmp_path / "config.toml").write_text('[programme]\nplaylist = "dawn"\n', "utf-8")
    for line in (
        ("continue", bomb, "--model", "attention_rnn", "--out", out),
        ("interpolate", tune(tmp_path / "good.mid"), bomb, "--out", out),
        ("check", "--config", tmp_path / "config.toml"),
    ):
        result = latentfm(*line)
        assert result.status
        assert "bomb.mid: the MIDI file lasts more than" in result.stderr + result.stdout
    assert not out.exists()


@pytest.mark.slow
def test_compose_repeats_itself_in_another_process_and_ends_on_ctrl_c(latentfm: CommandLine, tmp_path: Path) -> None:
    """One seed gives the same MIDI and samples in two processes; an interrupted one leaves status 130, no trace."""
    result = latentfm("compose", "--playlist", "day", "--seed", "42", "--report", "--out", tmp_path / "a")
    assert result.status == 0, result.stderr
    line = command("compose", "--playlist", "day", "--seed", "42", "--out", tmp_path / "b", "--sections", "500")
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "daemon")}
    pipe = subprocess.PIPE
    # A shell in the background hands on that SIGINT is ignored; a terminal doesn't.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    options = {"env": environ, "cwd": ROOT, "stdout": pipe, "stderr": pipe, "preexec_fn": heed}
    with subprocess.Popen(line, text=True, **options) as process:
        try:
            assert process.stdout is not None
            made = process.stdout.readline().strip()
            process.send_signal(signal.SIGINT)  # while it makes the second
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130, said
    assert "Traceback" not in said
    first, second = Path(result.stdout.strip()), Path(made)
    assert first.name == second.name
    for file in ("take.mid", "take.flac"):
        assert (first / file).read_bytes() == (second / file).read_bytes(), file
    assert json.loads((first / "take.json").read_text("utf-8"))["playlist"] == "day"
    assert (first / "take.png").read_bytes().startswith(b"\x89PNG")
    assert (first / "report.html").read_text("utf-8").startswith("<!doctype html>")
    assert not (second / "report.html").exists()
