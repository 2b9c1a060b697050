"""``latentfm timbre``: hear, draw and build instruments that do not exist."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentfm.cli.options import progress_bar, quiet_logs
from latentfm.errors import TimbreError

if TYPE_CHECKING:
    from latentfm.timbre.engine import Engine, Latent, Mono
    from latentfm.timbre.recipe import Recipe

app = typer.Typer(
    no_args_is_help=True,
    help="Instruments that do not exist: two sounds go in, a third one comes out. A sound is a General MIDI program by "
    "name or number (`flute`, `73`), or a WAV, FLAC or Ogg file of your own with one note; for the engine `gansynth` "
    "it is any number, from which an instrument is drawn.",
)

First = Annotated[str, typer.Argument(help="A sound: a program's name or number, or a file.")]
Second = Annotated[str, typer.Argument(help="Another one.")]
Mix = Annotated[float, typer.Option(min=0, max=1, help="Where between them: 0 is the first, 1 the second.")]
Pitch = Annotated[float, typer.Option(min=12, max=120, help="MIDI pitch of the note.")]
EngineName = Annotated[str, typer.Option("--engine", help="What encodes and synthesizes.")]


@app.command()
def blend(
    first: First,
    second: Second,
    out: Annotated[Path, typer.Option(help="The WAV or FLAC file to write.")],
    mix: Mix = 0.5,
    attack: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Another mix for the attack, as that says most.", show_default=False),
    ] = None,
    spherical: Annotated[bool, typer.Option(help="Mix along the arc between the codes, not along the line.")] = False,
    stretch: Annotated[float, typer.Option(min=0.1, max=20, help="Make what follows the attack so much longer.")] = 1.0,
    pitch: Pitch = 60,
    engine: EngineName = "spectral",
    seed: Annotated[int, typer.Option(min=0, help="Of noise and phases.")] = 0,
) -> None:
    """Write one note of a blend of two sounds.

    **Examples**

    - `latentfm timbre blend flute "choir aahs" --mix 0.4 --out breath.wav`
    - `latentfm timbre blend cat.wav violin --attack 0 --pitch 67 --out meow.wav`
    """
    from latentfm.timbre import mixing  # noqa: PLC0415

    quiet_logs()
    if spherical and attack is not None:
        raise TimbreError("--attack and --spherical exclude each other: the arc has one mix")
    playing, a, b = _pair(first, second, pitch, engine)
    mixed = mixing.spherical(a, b, mix) if spherical else mixing.mixed(a, b, mix, attack)
    if stretch != 1.0:
        mixed = mixing.stretched(mixed, stretch)
    sound = playing.synthesize([mixed], [pitch], seed)[0]
    _write(out, sound, playing.sample_rate)
    typer.echo(f"{out}: {1 - mix:.0%} {first}, {mix:.0%} {second}, {len(sound) / playing.sample_rate:.1f} s")


@app.command()
def instrument(
    first: First,
    second: Second,
    out: Annotated[Path, typer.Option(help="The SoundFont to write, .sf2.")],
    mix: Mix = 0.5,
    size: Annotated[int, typer.Option(min=50_000, help="Bytes that it may take.")] = 1_200_000,
    engine: EngineName = "spectral",
) -> None:
    """Build a SoundFont of a blend: over the whole keyboard, tuned, evened out, with loops that do not click.

    **Examples**

    - `latentfm timbre instrument harp vibraphone --mix 0.3 --out soundfonts/glass-harp.sf2`
    - `latentfm timbre instrument cat.wav cello --out soundfonts/cat.sf2`
    """
    from latentfm.timbre import making  # noqa: PLC0415
    from latentfm.timbre.sf2.file import write  # noqa: PLC0415

    quiet_logs()
    recipe = _recipe(first, second, mix, engine)
    with progress_bar() as bar:
        task = bar.add_task("notes", total=None)
        built = making.instrument(
            recipe, making.engine_of(engine, _kept()), size, lambda done, of: bar.update(task, completed=done, total=of)
        )
    write(built.font, out)
    typer.echo(f"{out}: {len(built.samples)} notes at {built.rate} Hz, {out.stat().st_size / 1e6:.2f} MB")
    voice = f'soundfont = "{out.stem}", program = {recipe.program}'
    typer.echo(f"In a playlist: {voice} once it lies in soundfonts/.")


@app.command()
def piece(
    tune: Annotated[Path, typer.Argument(help="A MIDI file.")],
    sounds: Annotated[list[str], typer.Argument(help="Sounds, in the order in which they are walked through.")],
    out: Annotated[Path, typer.Option(help="The WAV or FLAC file to write.")],
    engine: EngineName = "spectral",
) -> None:
    """Play a MIDI file on an instrument that changes from sound to sound while it plays.

    **Examples**

    - `latentfm timbre piece tune.mid flute "choir aahs" violin --out changing.wav`
    - `latentfm timbre piece tune.mid 3 17 42 --engine gansynth --out strangers.wav`
    """
    from latentfm import midi_file  # noqa: PLC0415
    from latentfm.timbre import making  # noqa: PLC0415
    from latentfm.timbre import piece as pieces  # noqa: PLC0415

    quiet_logs()
    notes = [note for note in midi_file.read(tune).notes if not note.is_drum]
    if not notes:
        raise TimbreError(f"{tune}: there is no note in it but drums")
    playing = making.engine_of(engine, _kept())
    with progress_bar() as bar:
        task = bar.add_task("notes", total=len(notes))
        sound = pieces.play(notes, sounds, playing, lambda done, _: bar.update(task, completed=done))
    _write(out, sound, playing.sample_rate)
    typer.echo(f"{out}: {len(notes)} notes, {len(sound) / playing.sample_rate:.0f} s")


@app.command()
def plot(
    first: First,
    second: Second,
    out: Annotated[Path, typer.Option(help="The PNG to write.")],
    mix: Mix = 0.5,
    pitch: Pitch = 60,
    engine: EngineName = "spectral",
) -> None:
    """Draw rainbowgrams of two sounds and of the blend between them, side by side.

    Brightness is how loud each pitch is over time, colour how steady.

    **Examples**

    - `latentfm timbre plot harp violin --out harp-violin.png`
    """
    from latentfm.report.rainbows import write_rainbows  # noqa: PLC0415
    from latentfm.timbre.making import takes_sounds  # noqa: PLC0415
    from latentfm.timbre.mixing import mixed  # noqa: PLC0415
    from latentfm.timbre.rainbowgram import rainbowgram  # noqa: PLC0415
    from latentfm.timbre.spectral.envelopes import SAMPLE_RATE  # noqa: PLC0415

    quiet_logs()
    playing, a, b = _pair(first, second, pitch, engine)
    rate = playing.sample_rate
    made = playing.synthesize([a, mixed(a, b, mix), b], [pitch] * 3)
    parents = [_sound(sound, pitch) for sound in (first, second)] if takes_sounds(playing) else None
    panels = [
        (first, rainbowgram(parents[0], SAMPLE_RATE) if parents else rainbowgram(made[0], rate)),
        (f"{1 - mix:.0%} and {mix:.0%}", rainbowgram(made[1], rate)),
        (second, rainbowgram(parents[1], SAMPLE_RATE) if parents else rainbowgram(made[2], rate)),
    ]
    write_rainbows(panels, out)
    typer.echo(str(out))


def _pair(first: str, second: str, pitch: float, engine: str) -> tuple[Engine, Latent, Latent]:
    """Return an engine and the latents of two sounds; programs play the pitch, recordings have their own."""
    from latentfm.timbre.making import engine_of, latent_of  # noqa: PLC0415

    playing = engine_of(engine, _kept())
    a, b = (latent_of(sound, playing, pitch) for sound in (first, second))
    return playing, a, b


def _kept() -> Path:
    """Return the folder in which syntheses that take hours are kept, to be gone on with."""
    import platformdirs  # noqa: PLC0415

    return platformdirs.user_cache_path("latentfm") / "syntheses"


def _sound(sound: str, pitch: float) -> Mono:
    from latentfm.timbre import sources  # noqa: PLC0415

    return sources.note(sound, _played(sound, pitch)).audio


def _played(sound: str, pitch: float) -> float | None:
    """Return the pitch to ask a sound for: that of a recording is found out."""
    return None if Path(sound).is_file() else pitch


def _recipe(first: str, second: str, mix: float, engine: str) -> Recipe:
    from latentfm.music import programs  # noqa: PLC0415
    from latentfm.playlist import Voice  # noqa: PLC0415
    from latentfm.timbre.recipe import recipe_at  # noqa: PLC0415

    names = []
    for sound in (first, second):
        number = programs.number(sound)
        names.append(sound if number is None or Path(sound).is_file() else programs.NAMES[number])
    recipe = recipe_at(Voice(role="lead", blend=(names[0], names[1], mix)), 0.0)
    assert recipe is not None  # noqa: S101 - it has a blend
    return type(recipe)(recipe.parts, engine)


def _write(out: Path, sound: Mono, rate: int) -> None:
    import soundfile as sf  # noqa: PLC0415

    try:
        sf.write(out, sound, rate, subtype="PCM_24")
    except (sf.LibsndfileError, OSError, TypeError, ValueError) as error:
        raise TimbreError(
            f"{out} can't be written ({error}): name a .wav or .flac in a folder that is there"
        ) from error
