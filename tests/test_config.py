"""The configuration: what it says by default, what the environment overrides, and how it explains what is wrong."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentfm.config import (
    Config,
    find_playlist,
    load_config,
    load_playlist,
    load_playlists,
    playlist_names,
)
from latentfm.errors import ConfigError
from latentfm.outputs_config import IcecastOutput, SoundcardOutput
from latentfm.playlist import Playlist
from latentfm.timetable import OpenHours, ProgrammeEntry, QuietHours
from latentfm.tomlfile import override

ICECAST = """
[[outputs]]
type = "icecast"
url = "http://localhost:8000/latentfm.mp3"
password_file = "password"
"""


def write(folder: Path, text: str, name: str = "config.toml") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def faults_of(path: Path, environ: dict[str, str] | None = None) -> list[str]:
    """Return the lines that a broken configuration is explained with."""
    with pytest.raises(ConfigError) as caught:
        load_config(path, environ or {})
    assert caught.value.exit_status == 2
    return str(caught.value).splitlines()


def test_the_default_file_says_what_the_models_say(repository: Path) -> None:
    """Every value in config.toml but the entries of its programme is the default when the key is left out."""
    shipped = load_config(repository / "config.toml", {})
    always_day = shipped.model_copy(update={"programme": shipped.programme.model_copy(update={"entries": ()})})
    assert always_day == Config().read_from(repository / "config.toml")


def test_a_new_station_airs_every_mood_in_a_day(repository: Path) -> None:
    """The programme that ships names each playlist that ships."""
    shipped = load_config(repository / "config.toml", {})
    assert set(shipped.programme.names()) == {path.stem for path in (repository / "playlists").glob("*.toml")}


def test_the_default_file_explains_every_key(repository: Path) -> None:
    """Each key that a configuration may have stands in config.toml, set or commented out."""
    text = (repository / "config.toml").read_text("utf-8")
    documented = set(re.findall(r"^(?:# )?(\w+) = ", text, flags=re.MULTILINE))
    sections = [
        Config.model_fields[name].annotation
        for name in ("station", "web", "studio", "programme", "hours", "bank", "history")
    ]
    keys = {key for section in sections for key in getattr(section, "model_fields", {})}
    for table in (ProgrammeEntry, IcecastOutput, OpenHours, QuietHours):
        keys |= set(table.model_fields)
    assert keys - documented == {"entries", "open", "quiet"}  # lists of tables, shown as [[programme.entries]]


def test_the_commented_examples_are_valid(repository: Path, tmp_path: Path) -> None:
    """Taking the comment signs off the examples leaves a configuration that loads."""
    text = (repository / "config.toml").read_text("utf-8")
    example = re.compile(r"^# (?=\w+ = |\[\[)", flags=re.MULTILINE)
    config = load_config(write(tmp_path, example.sub("", text)), {})
    assert [output.type for output in config.outputs] == ["icecast", "soundcard"]
    assert config.programme.entries[-1].days == ("sat", "sun")


def test_all_faults_are_told_at_once_with_file_key_value_and_what_was_expected(tmp_path: Path) -> None:
    """A file with several faults is explained with one line for each."""
    path = write(
        tmp_path,
        """
        [station]
        nmae = "x"
        loudness = "loud"
        [web]
        port = 99999
        [studioo]
        [programme]
        entries = [{ at = "25:00", playlist = "day" }, { at = "05:00", playlst = "day" }]
        """,
    )
    assert sorted(faults_of(path)) == sorted(
        [
            f"{path}: station.nmae: unknown key; did you mean 'name'?",
            f"{path}: station.loudness = 'loud': expected a number",
            f"{path}: web.port = 99999: expected 65535 or less",
            f"{path}: studioo: unknown key; did you mean 'studio'?",
            f"{path}: programme.entries[0].at = '25:00': expected a time of day such as '06:30'",
            f"{path}: programme.entries[1].playlist: missing",
            f"{path}: programme.entries[1].playlst: unknown key; did you mean 'playlist'?",
        ]
    )


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ('type = "shoutcast"\nurl = "http://h/m"', "outputs[0].type = 'shoutcast': expected 'icecast'"),
        ('type = "icecast"\nurl = "ftp://h/m"', "outputs[0].url = 'ftp://h/m': expected a mount's address"),
        ('type = "icecast"\nurl = "http://h:8000"', "expected a mount's address"),
        ('type = "icecast"\nurl = "http://h:port/m"', "expected a mount's address"),
        ('type = "icecast"\nurl = "http://h/m"\nbitrate = 193', "outputs[0].bitrate = 193: expected 64, 96"),
        ('type = "icecast"\nurl = "http://h/m"\nuser = "a:b"', "outputs[0].user = 'a:b': expected text of the form"),
    ],
)
def test_an_output_that_can_not_be_is_explained(tmp_path: Path, table: str, fault: str) -> None:
    """An output's type, address, rate and user are checked before anything connects."""
    path = write(tmp_path, f'[[outputs]]\n{table}\npassword_file = "password"\n')
    lines = faults_of(path)
    assert len(lines) == 1
    assert fault in lines[0]


def test_no_password_is_repeated_in_an_error(tmp_path: Path) -> None:
    """Passwords in an address or in a key that must not be there stay out of the message."""
    path = write(
        tmp_path,
        '[[outputs]]\ntype = "icecast"\nurl = "http://me:hunter2@h/m"\npassword = "hunter3"\npassword_file = "p"\n',
    )
    lines = "\n".join(faults_of(path))
    assert "hunter" not in lines
    assert "user and password_file" in lines
    assert "outputs[0].password: unknown key" in lines


def test_malformed_toml_is_told_with_line_and_column(tmp_path: Path) -> None:
    """A file that is no TOML names the place where it stops being any."""
    path = write(tmp_path, "[web]\nport = = 1\n")
    (line,) = faults_of(path)
    assert line.startswith(f"{path}: not valid TOML")
    assert "line 2, column 8" in line


def test_files_that_can_not_be_read_are_explained(tmp_path: Path) -> None:
    """A missing file, a folder, bytes that are no text and a huge file are faults, not tracebacks."""
    assert "No such file" in faults_of(tmp_path / "none.toml")[0]
    assert "Is a directory" in faults_of(tmp_path)[0]
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in faults_of(binary)[0]
    huge = tmp_path / "huge.toml"
    huge.write_bytes(b"#" * (2 << 20))
    assert "over a MiB" in faults_of(huge)[0]


def test_the_environment_overrides_single_keys(tmp_path: Path) -> None:
    """LATENTFM_SECTION__KEY wins over the file, whole sections and entries of lists can be set too."""
    path = write(tmp_path, '[web]\nport = 1\nhost = "::1"\n' + ICECAST)
    config = load_config(
        path,
        {
            "LATENTFM_WEB__PORT": "8011",
            "LATENTFM_STATION__NAME": "Other FM",
            "LATENTFM_OUTPUTS__0__BITRATE": "320",
            "LATENTFM_PROGRAMME": '{ playlist = "night" }',
            "LATENTFM_SOUNDFONTS": "/some/folder",
            "OTHER_WEB__PORT": "9",
        },
    )
    assert (config.web.port, config.web.host) == (8011, "::1")
    assert config.station.name == "Other FM"
    assert config.outputs[0].bitrate == 320
    assert config.programme.playlist == "night"


def test_faults_of_the_environment_name_the_variable(tmp_path: Path) -> None:
    """A variable that sets a bad value or no known key is named, with what was expected."""
    path = write(tmp_path, "")
    lines = faults_of(
        path,
        {
            "LATENTFM_WEB__PORT": "eight",
            "LATENTFM_WEB__HSOT": "a",
            "LATENTFM_WEBB__PORT": "1",
            "LATENTFM_OUTPUTS__7__URL": "http://h/m",
            "LATENTFM_PROGRAMME__ENTRIES": "[{",
        },
    )
    text = "\n".join(lines)
    assert len(lines) == 5
    assert "environment variable LATENTFM_WEB__PORT = 'eight': expected a whole number" in lines
    assert "environment variable LATENTFM_WEB__HSOT: unknown key; did you mean 'host'?" in lines
    assert "environment variable LATENTFM_WEBB__PORT: unknown key; did you mean 'web'?" in lines
    assert "LATENTFM_OUTPUTS__7__URL: there is no entry 7" in text
    assert "LATENTFM_PROGRAMME__ENTRIES: expected a TOML list or table" in text


@given(st.dictionaries(st.from_regex(r"LATENTFM_[A-Z0-9_]{1,12}", fullmatch=True), st.text(max_size=8), max_size=4))
def test_no_environment_breaks_the_reader(environ: dict[str, str]) -> None:
    """Whatever the environment holds, overriding returns and leaves the file's tables untouched."""
    tables = {"web": {"port": 1}, "outputs": [{"url": "x"}]}
    override(tables, environ, "LATENTFM")
    assert tables == {"web": {"port": 1}, "outputs": [{"url": "x"}]}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("", "outputs[0].type: missing"),
        ('type = "soundcrd"', "outputs[0].type = 'soundcrd': expected 'icecast', 'soundcard'"),
        ('type = "soundcard"\ndevce = "USB"', "outputs[0].devce: unknown key; did you mean 'device'?"),
        ('type = "soundcard"\nlatency = 60', "outputs[0].latency = 60: expected 10.0 or less"),
        ('type = "soundcard"\nchannels = [3, 3]', "outputs[0].channels = [3, 3]: expected two channels, or one"),
        ('type = "soundcard"\nchannels = []', "outputs[0].channels = []: expected 1 of them or more"),
        ('type = "soundcard"\ndevice = ""', "outputs[0].device = '': expected text of 1 character or more"),
        ('type = "icecast"\npassword_file = "p"', "outputs[0].url: missing"),
    ],
)
def test_faults_of_an_output_are_those_of_its_type(tmp_path: Path, lines: str, told: str) -> None:
    """Outputs are told apart by ``type``; a fault has one line, with the key as it stands in the file."""
    (line,) = faults_of(write(tmp_path, f"[[outputs]]\n{lines}\n"))
    assert told in line


def test_a_sound_card_may_be_named_by_number(tmp_path: Path) -> None:
    """The number that `latentfm devices` shows serves as well as the name, from the file or the environment."""
    path = write(tmp_path, '[[outputs]]\ntype = "soundcard"\ndevice = 3\n')
    assert load_config(path, {}).outputs == (SoundcardOutput(type="soundcard", device="3"),)
    (output,) = load_config(path, {"LATENTFM_OUTPUTS__0__DEVICE": "4", "LATENTFM_OUTPUTS__0__LATENCY": "2"}).outputs
    assert output == SoundcardOutput(type="soundcard", device="4", latency=2.0)


def test_paths_start_at_the_files_folder_and_know_variables(tmp_path: Path) -> None:
    """Relative paths belong to the configuration, not to the folder of whoever starts the station."""
    path = write(tmp_path / "etc", '[station]\nstate_dir = "state"\n' + ICECAST)
    config = load_config(path, {})
    assert config.station.state_dir == tmp_path / "etc" / "state"
    assert config.outputs[0].password_file == tmp_path / "etc" / "password"
    path = write(tmp_path / "etc", ICECAST.replace('"password"', '"$CREDENTIALS_DIRECTORY/icecast"'))
    assert load_config(path, {"CREDENTIALS_DIRECTORY": "/run/c"}).outputs[0].password_file == Path("/run/c/icecast")
    assert "the environment has no CREDENTIALS_DIRECTORY" in faults_of(path)[0]


def test_two_entries_for_one_minute_are_a_fault_that_names_both(tmp_path: Path) -> None:
    """The programme can not say two things about one minute; every such pair is told."""
    entries = """[
        { at = "06:00", playlist = "a" }, { at = "06:00", playlist = "b" },
        { at = "22:00", until = "05:00", days = ["fri"], playlist = "a" },
        { at = "04:00", days = ["sat"], playlist = "b" },
    ]"""
    (line,) = faults_of(write(tmp_path, f"programme.entries = {entries}\n"))
    assert line == (
        f"{tmp_path}/config.toml: programme: entries[0]: 'a' from 06:00 and entries[1]: 'b' from 06:00 claim the same "
        "time; entries[2]: 'a' from 22:00 until 05:00 on fri and entries[3]: 'b' from 04:00 on sat claim the same time"
    )


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('timezone = "Europe/Berln"', "programme.timezone = 'Europe/Berln': expected a time zone such as"),
        ('timezone = "../etc"', "programme.timezone = '../etc': expected a time zone"),
        ('entries = [{ at = "6:30", playlist = "a" }]', "programme.entries[0].at = '6:30': expected a time of day"),
        (
            'entries = [{ at = "06:30", until = "24:00", playlist = "a" }]',
            "programme.entries[0].until = '24:00': expected",
        ),
        (
            'entries = [{ at = "06:30", days = ["sa"], playlist = "a" }]',
            "programme.entries[0].days[0] = 'sa': expected",
        ),
        ('entries = [{ at = "06:30", days = [], playlist = "a" }]', "programme.entries[0].days = []"),
        (
            'entries = [{ at = "06:30", dates = ["02-30"], playlist = "a" }]',
            "dates[0] = '02-30': expected dates such as",
        ),
        ('entries = [{ at = "06:30", dates = ["12-24..2027-01-06"], playlist = "a" }]', "expected one date, or two"),
        ('entries = [{ at = "06:30", dates = ["2027-02-01..2027-01-06"], playlist = "a" }]', "ends after it begins"),
    ],
)
def test_a_programme_that_can_not_be_is_explained(tmp_path: Path, line: str, fault: str) -> None:
    """Zones, times, weekdays and dates are read before the station starts, and a fault is told with its key."""
    (told,) = faults_of(write(tmp_path, f"[programme]\n{line}\n"))
    assert fault in told


def test_playlists_that_ship_are_found_and_own_ones_go_first(tmp_path: Path, repository: Path) -> None:
    """A playlist beside the configuration wins over the one of the same name that ships."""
    config = load_config(write(tmp_path, ""), {})
    assert "day" in playlist_names(config)
    assert find_playlist(config, "day") == repository / "playlists" / "day.toml"
    own = write(tmp_path, (repository / "playlists" / "day.toml").read_text("utf-8"), "playlists/day.toml")
    assert find_playlist(config, "day") == own


def test_an_unknown_playlist_comes_with_a_suggestion(tmp_path: Path) -> None:
    """A playlist that is nowhere is named with the nearest that is there; a name never leaves the folder."""
    config = load_config(write(tmp_path, '[programme]\nplaylist = "dya"\n'), {})
    with pytest.raises(ConfigError, match="programme: unknown playlist 'dya'; did you mean 'day'"):
        load_playlists(config)
    write(tmp_path, "", "outside.toml")
    with pytest.raises(ConfigError, match=r"unknown playlist '\.\./outside'"):
        find_playlist(config, "../outside")


def test_an_unknown_playlist_is_told_together_with_other_faults(tmp_path: Path) -> None:
    """A key that is wrong does not hide a playlist that is not there."""
    path = write(tmp_path, '[web]\nport = 99999\n[programme]\nplaylist = "dya"\n')
    with pytest.raises(ConfigError) as fault:
        load_config(path, {})
    assert "web.port" in str(fault.value)
    assert "unknown playlist 'dya'" in str(fault.value)


def test_every_playlist_that_ships_loads(repository: Path) -> None:
    """Each file in playlists/ is a mood, named as its file."""
    paths = sorted((repository / "playlists").glob("*.toml"))
    assert paths
    for path in paths:
        assert load_playlist(path).name == path.stem


def test_a_broken_playlist_is_explained(tmp_path: Path) -> None:
    """Faults in a playlist are told as those in a configuration are: all at once, by key and value."""
    path = write(
        tmp_path,
        'title = "Mood"\n[tempo]\nqpm = [108, 92]\n[[voices]]\nrole = "leed"\n[[voices]]\nrole = "pad"\nlow = "H4"\n',
    )
    with pytest.raises(ConfigError) as caught:
        load_playlist(path)
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert any("tempo" in line and "must rise" in line for line in lines)
    assert any("voices[0].role = 'leed': expected 'lead'" in line for line in lines)
    assert any("voices[1].low = 'H4': expected a pitch such as 'C4'" in line for line in lines)


def test_a_playlist_is_called_what_its_file_is_called(tmp_path: Path, repository: Path) -> None:
    """A name that differs from the file's is a fault; anchors become absolute paths beside the file."""
    text = (repository / "playlists" / "day.toml").read_text("utf-8")
    with pytest.raises(ConfigError, match="expected the file's own name, 'other'"):
        load_playlist(write(tmp_path, 'name = "day"\n' + text, "other.toml"))
    anchored = text.replace("anchors = []", 'anchors = ["mine/a.mid"]')
    playlist = load_playlist(write(tmp_path, anchored, "day.toml"))
    assert playlist.walk.anchors == (str(tmp_path / "mine" / "a.mid"),)


def test_the_day_is_as_its_table_says(repository: Path) -> None:
    """The mood `day` has the tempo, metre of notes and ensemble that music.md gives it."""
    day: Playlist = load_playlist(repository / "playlists" / "day.toml")
    assert 92 <= day.tempo.qpm[0] <= day.tempo.qpm[1] <= 108
    assert set(day.harmony.modes) <= {"major", "mixolydian"}
    programs = {voice.role: voice.program for voice in day.voices}
    assert programs["lead"] in {0, 12}
    assert programs["bass"] == 32
    assert day.voice("drums") is not None


def test_the_packaged_defaults_are_valid_toml(repository: Path) -> None:
    """What the wheel takes along as defaults is what lies at the root."""
    wheel = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    for source, target in wheel["force-include"].items():
        assert (repository / source).exists()
        assert target.startswith("latentfm/defaults/")
