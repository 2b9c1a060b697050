"""Where models are looked for, what they are called, and what has been published."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from latentfm.errors import ModelError
from latentfm.models import catalogue, folders, memory
from latentfm.models.card import read_card
from latentfm.models.published import find_published, published

Put = Callable[[Path, str], Path]


@pytest.fixture
def put() -> Put:
    """Return a function that puts a model into a folder under a name of its own."""

    def copy(folder: Path, name: str) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(folders.SHIPPED / "drum_kit.tflite", folder / f"{name}.tflite")
        card = read_card(folders.SHIPPED / "drum_kit.json").model_copy(update={"name": name})
        (folder / f"{name}.json").write_text(card.model_dump_json())
        return folder / f"{name}.tflite"

    return copy


def test_models_are_found_in_data_folders(put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's, the machine's and named folders are looked through, the named ones first."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "site"))
    mine = put(tmp_path / "home" / "latentfm" / "models", "mine")
    ours = put(tmp_path / "site" / "latentfm" / "models", "ours")
    put(tmp_path / "site" / "latentfm" / "models", "mine")
    assert catalogue.find("mine").path == mine
    assert catalogue.find("ours").path == ours
    named = put(tmp_path / "named", "ours")
    monkeypatch.setenv("LATENTFM_MODELS", str(tmp_path / "named"))
    assert catalogue.find("ours").path == named
    assert {"mine", "ours", "drum_kit"} <= {entry.card.name for entry in catalogue.entries()}
    assert folders.own_folder() == tmp_path / "named"


def test_models_of_root_go_where_a_service_finds_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service does not see into homes, so root's imports are the machine's."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "site"))
    for user, place in ((0, "site"), (1000, "home")):
        monkeypatch.setattr("os.geteuid", lambda user=user: user)
        assert folders.own_folder() == tmp_path / place / "latentfm" / "models"


def test_one_damaged_model_does_not_hide_the_others(put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mood whose models are well plays on beside a card that is not."""
    monkeypatch.setenv("LATENTFM_MODELS", str(tmp_path))
    put(tmp_path, "well")
    put(tmp_path, "broken").with_suffix(".json").write_text("{")
    assert catalogue.find("well").card.name == "well"
    assert "broken" in catalogue.names()
    with pytest.raises(ModelError, match=r"broken\.json does not describe"):
        catalogue.find("broken")


def test_a_file_that_was_renamed_is_told(put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A playable's files carry the name that its card has."""
    monkeypatch.setenv("LATENTFM_MODELS", str(tmp_path))
    put(tmp_path, "old").with_suffix(".json").rename(tmp_path / "new.json")
    with pytest.raises(ModelError, match="is the card of 'old'"):
        catalogue.find("new")


@pytest.mark.parametrize("name", ["../weights/drum_kit", "", "."])
def test_a_name_is_no_path(name: str) -> None:
    """Nothing outside the folders is taken for a model."""
    with pytest.raises(ModelError, match="no model is called"):
        catalogue.find(name)


def test_a_replaced_model_is_loaded_anew(put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has the old file goes on with the new one when the card says so."""
    monkeypatch.setenv("LATENTFM_MODELS", str(tmp_path))
    put(tmp_path, "kit")
    first = catalogue.load_rnn("kit")
    assert catalogue.load_rnn("kit") is first
    shutil.copy(folders.SHIPPED / "attention_rnn.tflite", tmp_path / "kit.tflite")
    card = read_card(folders.SHIPPED / "attention_rnn.json").model_copy(update={"name": "kit"})
    (tmp_path / "kit.json").write_text(card.model_dump_json())
    assert catalogue.load_rnn("kit").representation == "melody"


def test_what_is_published_but_not_here_says_how_to_fetch_it() -> None:
    """A playlist that names it gets the command."""
    with pytest.raises(ModelError, match="latentfm models fetch cat-mel_2bar_big"):
        catalogue.find("cat-mel_2bar_big")


def test_the_published_table_is_whole() -> None:
    """Names are unique, here too; addresses are web addresses; what this engine plays has its parameters counted."""
    table = published()
    assert len({one.name for one in table}) == len({one.local_name for one in table}) == len(table) == 29
    assert all(one.url.startswith(("http://", "https://")) and one.description for one in table)
    assert all((one.parameters > 0) == one.playable for one in table)
    assert not {one.local_name for one in table} & {path.stem for path in folders.SHIPPED.glob("*.json")}


def test_a_published_name_that_ships_is_called_otherwise() -> None:
    """Magenta's attention_rnn does not displace ours, and is found by both names."""
    one = find_published("attention_rnn")
    assert one.local_name == "attention_rnn_magenta"
    assert find_published("attention_rnn_magenta") is one
    with pytest.raises(ModelError, match="did you mean 'hierdec-trio_16bar'"):
        find_published("hierdec-trio_16bars")


def test_memory_grows_with_the_file_and_its_precision() -> None:
    """float16 files are computed with as float32, so halving the file saves a quarter; int8 saves most."""
    parameters = 40_000_000
    full, half, eighth = (memory.needed(parameters, size * parameters) for size in (4, 2, 1))
    assert 380e6 < full < 440e6
    assert half == full - 2 * parameters
    assert eighth < 0.4 * full
    free = memory.available()
    assert free is not None
    assert free > 0
