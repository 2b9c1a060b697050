"""The orders that follow from the programme: seeds, carry, and lengths that lead up to a change."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from latentfm.brief import Carry, Key
from latentfm.orders import SHORTEST, next_brief, section_seconds, section_seed
from latentfm.playlist import Playlist
from latentfm.sources import Sources

VOICES = [{"role": "lead"}, {"role": "pad"}, {"role": "bass"}]
DAY = Playlist.model_validate({"name": "day", "title": "Day", "voices": VOICES})


def test_the_same_inputs_give_the_same_brief() -> None:
    """A brief is a function of seed, section, playlist, carry and checksums, whatever the order of the latter."""
    one = next_brief(station_seed=1, section=3, playlist=DAY, sources=Sources({"a": "1", "b": "2"}, {}, {}))
    two = next_brief(station_seed=1, section=3, playlist=DAY, sources=Sources({"b": "2", "a": "1"}, {}, {}))
    assert one.model_dump_json() == two.model_dump_json()


def test_sections_have_seeds_of_their_own() -> None:
    """Neither the next section nor another station draws the same numbers."""
    seeds = {section_seed(station, section) for station in range(20) for section in range(500)}
    assert len(seeds) == 20 * 500
    assert max(seeds) < 2**53


def test_the_carry_counts_with_the_station() -> None:
    """A carry taken from an older take is told how many sections there really were."""
    carry = Carry(section=2, key=Key(tonic=7, mode="major"), qpm=100, latent=(0.5,))
    brief = next_brief(station_seed=1, section=9, playlist=DAY, sources=Sources({}, {}, {}), carry=carry)
    assert brief.carry is not None
    assert brief.carry.section == 9
    assert brief.carry.latent == (0.5,)


@given(st.floats(30, 1000), st.tuples(st.floats(45, 120), st.floats(0, 100)), st.floats(2, 20), st.data())
def test_sections_that_are_as_long_as_asked_lead_up_to_the_change(
    room: float, form: tuple[float, float], crossfade: float, data: st.DataObject
) -> None:
    """However far away a change is: no length leaves its bounds, and the last seam is close to the change."""
    shortest, longest = form[0], form[0] + 20 + form[1]
    playlist = DAY.model_copy(
        update={
            "form": DAY.form.model_copy(update={"seconds": (shortest, longest)}),
            "mix": DAY.mix.model_copy(update={"crossfade_seconds": crossfade}),
        }
    )
    while (asked := section_seconds(playlist, room)) is None and room > 30:
        room -= data.draw(st.floats(shortest, longest)) - crossfade
    while asked is not None and room > 30:
        assert SHORTEST <= asked[0] <= asked[1] <= 1.1 * longest + 0.1
        room -= data.draw(st.floats(*asked)) - crossfade
        asked = section_seconds(playlist, room)
    assert abs(room) <= 90


def test_far_from_a_change_a_section_is_as_long_as_it_likes() -> None:
    """Lengths are planned for the last few sections only."""
    assert section_seconds(DAY, 3600) is None
    assert section_seconds(DAY, 200) is not None
