"""The page, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from selenium.webdriver.common.by import By

from latentfm.hours import Hearing


def test_the_page_plays_and_shows_the_title(radio: Any, browser: Any, eventually: Callable[..., None]) -> None:
    """The player plays the stream, the title now playing is shown and follows the music, and nothing complains."""
    browser.get(f"http://127.0.0.1:{radio.web.port}/")
    title = browser.find_element(By.ID, "title")
    eventually(lambda: title.text == "Morning in C", 10, "the title is not shown")
    assert browser.title == "Morning in C · Latent FM"
    assert browser.find_element(By.ID, "state").text == "Live."
    assert browser.find_element(By.ID, "address").get_attribute("href").endswith("/stream.mp3")
    assert browser.find_element(By.ID, "player").get_attribute("aria-label") == "Latent FM, live"
    browser.execute_script("document.getElementById('player').play()")
    eventually(lambda: _position(browser) > 1.0, 15, "the player does not play")
    radio.noise.title = "<b>Evening</b> & 'D'"
    eventually(lambda: title.text == "<b>Evening</b> & 'D'", 10, "the title does not follow")
    complaints = [entry for entry in browser.get_log("browser") if "favicon" not in entry["message"]]
    assert complaints == []


def test_pausing_frees_the_seat_and_playing_goes_on_live(
    radio: Any, browser: Any, eventually: Callable[..., None]
) -> None:
    """Whoever presses play after a pause hears what is on now, from a new connection."""
    browser.get(f"http://127.0.0.1:{radio.web.port}/")
    browser.execute_script("document.getElementById('player').play()")
    eventually(lambda: _position(browser) > 0.5, 15, "the player does not play")
    first = browser.execute_script("return document.getElementById('player').currentSrc")
    browser.execute_script("document.getElementById('player').pause()")
    browser.execute_script("document.getElementById('player').play()")
    eventually(
        lambda: browser.execute_script("return document.getElementById('player').currentSrc") != first,
        10,
        "it plays on from where it was",
    )
    eventually(lambda: _position(browser) > 0.3, 15, "the player does not play again")
    eventually(lambda: radio.web.status.listeners == 1, 10, "the old connection is left")


def test_the_page_needs_nothing_from_elsewhere(radio: Any) -> None:
    """It names no other host, and its policy lets it run nothing but its own style and script."""
    with radio.get("/") as answer:
        page = answer.read().decode()
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert re.findall(r"(?:https?:|[\"'(])//[a-z]", page) == []
    assert "{{" not in page
    assert '<html lang="en">' in page


def _position(browser: Any) -> float:
    position: float = browser.execute_script("return document.getElementById('player').currentTime")
    return position


def test_a_closed_station_says_until_when(radio: Any, browser: Any, eventually: Callable[..., None]) -> None:
    """The title that the silence has is shown, no mood beside it, and the state says until when, in the station's time.

    The zone is not the browser's: today and the weekday are those of the station's own day.
    """
    zone = timezone(timedelta(hours=13))
    today = datetime.now(zone).replace(hour=23, minute=59)
    radio.hearing = Hearing(False, today, 1.0)
    radio.noise.title = "Closed until 23:59"
    browser.get(f"http://127.0.0.1:{radio.web.port}/")
    state = browser.find_element(By.ID, "state")

    def says(text: str) -> None:
        eventually(lambda: state.text == text, 10, f"the page does not say: {text}")

    says("Closed until 23:59.")
    eventually(
        lambda: browser.find_element(By.ID, "title").text == "Closed until 23:59", 10, "the title does not say it"
    )
    assert browser.find_element(By.ID, "mood").text == ""
    soon = (today + timedelta(days=3)).replace(hour=0, minute=5)
    radio.hearing = Hearing(False, soon, 1.0)
    says(f"Closed until {soon:%a} 00:05.")
    late = (today + timedelta(days=40)).replace(hour=10, minute=0)
    radio.hearing = Hearing(False, late, 1.0)
    says(f"Closed until {late.day} {late:%b %Y} 10:00.")
    radio.hearing = Hearing(False, None, 1.0)
    says("Closed.")


def test_a_pause_is_told(radio: Any, browser: Any, eventually: Callable[..., None]) -> None:
    """A pause is no "Live.", and stands beside the hours; a silence that nobody asked for goes before both."""
    radio.paused = True
    browser.get(f"http://127.0.0.1:{radio.web.port}/")
    state = browser.find_element(By.ID, "state")
    eventually(lambda: state.text == "Paused.", 10, "the page does not say that the music is paused")
    radio.hearing = Hearing(False, None, 1.0)
    eventually(lambda: state.text == "Closed, and paused.", 10, "the page does not say both")
    radio.paused, radio.hearing = False, Hearing(True, None, 1.0)
    eventually(lambda: state.text == "Live.", 10, "the page does not say that the music goes on")
    radio.noise.level = 0.0
    eventually(lambda: state.text == "Silent at the moment.", 15, "the page does not say that nothing is heard")
    radio.paused = True
    assert state.text == "Silent at the moment."
