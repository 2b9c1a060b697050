"""A style of one's own: ``latentfm dataset``, ``latentfm train`` and ``latentfm evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from latentfm.cli.options import SeedOption, load_tensorflow, progress_bar, quiet_logs, teller
from latentfm.errors import TrainingError

app = typer.Typer(no_args_is_help=True, help="Music to learn from: files to a data set, a data set to examples.")

ModelOption = Annotated[
    str, typer.Option("--model", "-m", help="Magenta's name of a configuration, such as attention_rnn.")
]
ExamplesOption = Annotated[Path, typer.Option("--data", "-d", help="What `latentfm dataset examples` made.")]
RangeOption = Annotated[
    str | None, typer.Option(help="Semitones to transpose by, as -5,6; Magenta's for the model.", show_default=False)
]


def _numbers(text: str | None, option: str) -> tuple[int, ...] | None:
    """Read "128,128"."""
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as fault:
        raise TrainingError(f"{option} {text}: numbers with commas between them are needed, as 128,128") from fault


def _range(text: str | None) -> tuple[int, int] | None:
    numbers = _numbers(text, "--transpose")
    if numbers is None:
        return None
    if len(numbers) != 2 or numbers[0] > numbers[1]:  # noqa: PLR2004
        raise TrainingError(f"--transpose {text}: a lowest and a highest number of semitones are needed, as -5,6")
    return numbers[0], numbers[1]


@app.command()
def build(
    folder: Annotated[Path, typer.Argument(help="Folder of MIDI, ABC and MusicXML files, and folders of them.")],
    out: Annotated[Path, typer.Argument(help="Folder for the data set.")],
    seconds: Annotated[float, typer.Option(min=1.0, help="Longest that reading one file may take.")] = 30.0,
    memory: Annotated[int, typer.Option(min=128, help="Most memory that reading one file may take, in MiB.")] = 1024,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Readers at once; one for each processor.", show_default=False)
    ] = None,
) -> None:
    """Read every file of music in a folder as NoteSequences.

    Files that can't be read are counted and named with the reason, in `bad.txt` of the data set too. A data set that
    is there already stays until the new one is whole.

    **Example**

    - `latentfm dataset build ~/midi/waltzes waltzes`
    """
    quiet_logs()
    load_tensorflow("building a data set")
    from latentfm.training.data.build import build as write  # noqa: PLC0415
    from latentfm.training.data.workers import Limits  # noqa: PLC0415

    with progress_bar() as progress:
        built = write(folder, out, Limits(seconds, memory), processes, teller(progress, "reading"))
    for line in built.bad:
        typer.echo(f"left out: {line}", err=True)
    facts = built.statistics
    files = facts["files"]
    typer.echo(f"{out}: {facts['pieces']} pieces of {files['read']} files; {files['bad']} files could not be read")
    typer.echo(f"{facts['notes']} notes, {facts['hours']} hours, {facts['drums']:.0%} of the notes drums")
    for name in ("metres", "tempi", "programs"):
        listed = ", ".join(f"{key} ({count})" for key, count in list(facts[name].items())[:12])
        typer.echo(f"{name}: {listed or 'none'}")
    typer.echo(f"pitches: {' to '.join(map(str, facts['pitches'])) if facts['pitches'] else 'none'}")
    typer.echo(facts["note"])


@app.command()
def examples(
    data: Annotated[Path, typer.Argument(help="What `latentfm dataset build` made, or a TFRecord of NoteSequences.")],
    out: Annotated[Path, typer.Argument(help="Folder for the examples.")],
    model: ModelOption,
    metre: Annotated[str, typer.Option(help="Only music in this metre, as 3/4 or 6/8; `any` for event RNNs.")] = "4/4",
    program: Annotated[
        str | None, typer.Option(help="Only these MIDI programs, from 0, as 40,41.", show_default=False)
    ] = None,
    track: Annotated[
        int | None, typer.Option(min=0, help="Only this instrument of each file, from 0.", show_default=False)
    ] = None,
    eval_share: Annotated[
        float, typer.Option(min=0.01, max=0.5, help="Share of the pieces that is held out to measure with.")
    ] = 0.1,
    transpose: RangeOption = None,
    min_bars: Annotated[int | None, typer.Option(min=1, help="Shortest stretch.", show_default=False)] = None,
    max_steps: Annotated[int | None, typer.Option(min=16, help="Longest stretch.", show_default=False)] = None,
    gap_bars: Annotated[float | None, typer.Option(help="Silence that ends a stretch.", show_default=False)] = None,
    min_unique_pitches: Annotated[
        int | None, typer.Option(min=1, help="Fewest different pitches of a melody.", show_default=False)
    ] = None,
    ignore_polyphonic: Annotated[
        bool | None,
        typer.Option(
            "--ignore-polyphonic/--discard-polyphonic",
            help="Take the highest of notes that begin together, or leave such tracks out.",
            show_default=False,
        ),
    ] = None,
    infer_chords: Annotated[
        bool, typer.Option(help="For ImprovRNN: guess chords from the notes where a piece has none (slow).")
    ] = False,
) -> None:
    """Take from a data set what one configuration learns from.

    What is taken follows Magenta's pipelines, and their defaults hold where nothing else is said: 7 bars or more, cut
    at 512 steps, a bar of silence ends a stretch, 5 different pitches (for ImprovRNN 3). Pieces are held out whole,
    with their copies and versions. What was left out and why is counted.

    **Examples**

    - `latentfm dataset examples waltzes waltz-examples --model cat-mel_2bar_small --metre 3/4`
    - `latentfm dataset examples songs violin-examples --model attention_rnn --program 40`
    """
    quiet_logs()
    load_tensorflow("making examples")
    from latentfm.training.data import build as sets  # noqa: PLC0415
    from latentfm.training.data import examples as made_of  # noqa: PLC0415

    programs = _numbers(program, "--program")
    options = made_of.Options(
        metre=metre,
        programs=frozenset(programs) if programs else None,
        track=track,
        transpose=_range(transpose),
        eval_share=eval_share,
        min_bars=min_bars,
        max_steps=max_steps,
        gap_bars=gap_bars,
        min_unique_pitches=min_unique_pitches,
        ignore_polyphonic_notes=ignore_polyphonic,
        infer_chords=infer_chords,
    )
    origin = sets.read_statistics(data) if data.is_dir() else {}
    with progress_bar() as progress:
        facts = made_of.make(
            list(sets.serialised(data)), origin, out, model, options, teller(progress, "taking examples")
        )
    for side in made_of.SIDES:
        typer.echo(f"{side}: {facts['examples'][side]} examples from {facts['pieces'][side]} pieces")
        for name, count in facts["counts"][side].items():
            typer.echo(f"  {name}: {count}")
    for name, count in facts["counts"]["all"].items():
        typer.echo(f"{name}: {count}")
    for reason, count in facts["failed"]["reasons"].items():
        typer.echo(f"  {reason}: {count}")
    for line in facts["failed"]["first"]:
        typer.echo(f"left out: {line}", err=True)


def train(
    model: Annotated[str, typer.Argument(help="Magenta's name of a configuration, such as cat-drums_2bar_small.")],
    data: ExamplesOption,
    run: Annotated[Path, typer.Option("--run", "-r", help="Folder for checkpoints, log and TensorBoard.")],
    name: Annotated[
        str | None, typer.Option(help="What playlists call the model; the run folder's name.", show_default=False)
    ] = None,
    recipe: Annotated[
        Literal["magenta", "small"],
        typer.Option(help="Defaults below: of Magenta's tables, or as what ships was trained, for little data."),
    ] = "magenta",
    steps: Annotated[
        int | None, typer.Option(min=1, help="20 000 for an RNN, 200 000 for a MusicVAE; small: 5 000.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="64 to 512; small: 32, MusicVAE 128.")] = None,
    learning_rate: Annotated[float | None, typer.Option(min=1e-7, help="0.001; small: falls along a cosine.")] = None,
    layers: Annotated[
        str | None, typer.Option(help="Units of the RNN's or decoder's layers, as 256,256: the configuration's.")
    ] = None,
    encoder: Annotated[str | None, typer.Option(help="MusicVAE: units of the encoder's layers, likewise.")] = None,
    z_size: Annotated[int | None, typer.Option(min=1, help="MusicVAE: size of the latent space, likewise.")] = None,
    attention: Annotated[int | None, typer.Option(min=0, help="RNN: steps attended to, likewise.")] = None,
    dropout: Annotated[
        float | None,
        typer.Option(min=0.0, max=0.95, help="RNN: of outputs, 0.5 (small: 0.3). MusicVAE: of labels, 0 (0.15)."),
    ] = None,
    beta: Annotated[
        float | None, typer.Option(min=0.0, help="MusicVAE: weight of the KL term at last; 0.2 to 1 (small: 0.1).")
    ] = None,
    free_bits: Annotated[
        float | None, typer.Option(min=0.0, help="MusicVAE: bits of a code that cost nothing; 0 to 256 (small: 23).")
    ] = None,
    length: Annotated[
        int | None,
        typer.Option(
            min=16, help="RNN: steps of a stretch, cut to whole bars, 128; polyphony: events, 512.", show_default=False
        ),
    ] = None,
    transpose: RangeOption = None,
    patience: Annotated[
        int, typer.Option(min=0, help="Stop after so many evaluations without a better held-out loss; 0 never.")
    ] = 10,
    evaluate_every: Annotated[int, typer.Option(min=1, help="Steps between evaluations.")] = 500,
    save_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")] = 250,
    seed: SeedOption = 1,
    licence: Annotated[str, typer.Option(help="Of the weights, for the card: what the music allows.")] = "unstated",
) -> None:
    """Train a model, and make the best of it a model that a playlist can name.

    Started again with the same command after a stop or a kill, it goes on as if nothing had been. Loss and figures
    on held-out music go to the log in the run folder and, with piano rolls, to TensorBoard (`tensorboard --logdir
    RUN`). GPUs are used where there are any, several together.

    **Examples**

    - `latentfm train cat-mel_2bar_small --data waltz-examples --run runs/waltz --recipe small --name waltz`
    - `latentfm train attention_rnn --data violin-examples --run runs/violin --layers 128,128 --steps 8000`
    """
    from latentfm.ops import logs  # noqa: PLC0415

    logs.configure()
    load_tensorflow("training")
    import tensorflow as tf  # noqa: PLC0415

    from latentfm.training.fit.asked import Asked  # noqa: PLC0415
    from latentfm.training.run import run as train_model  # noqa: PLC0415

    tf.config.experimental.enable_op_determinism()  # the same seed, the same losses
    asked = Asked(
        way=recipe,
        steps=steps,
        batch_size=batch_size,
        learning_rate=learning_rate,
        layers=_numbers(layers, "--layers"),
        encoder=_numbers(encoder, "--encoder"),
        z_size=z_size,
        attention=attention,
        dropout=dropout,
        beta=beta,
        free_bits=free_bits,
        length=length,
        transpose=_range(transpose),
        patience=patience,
        evaluate_every=evaluate_every,
        save_every=save_every,
        seed=seed,
    )
    card = train_model(model, data, run, asked, name or run.resolve().name, licence)
    _print_figures(card.provenance["figures"])
    typer.echo(f"A playlist can name it now: {card.name}")


def evaluate(
    model: Annotated[str, typer.Argument(help="Name of a model that is here, or a training's run folder.")],
    data: ExamplesOption,
) -> None:
    """Measure a model on music that it did not learn from.

    MusicVAE: windows rebuilt without teacher forcing, beside always holding; samples from the prior beside the corpus,
    and how far the corpus' halves lie apart; how evenly a walk between two windows changes. RNNs: perplexity beside
    a unigram and a bigram; continuations beside how the pieces themselves go on.

    **Examples**

    - `latentfm evaluate waltz --data waltz-examples`
    - `latentfm evaluate runs/waltz --data waltz-examples`
    """
    quiet_logs()
    load_tensorflow("evaluating")
    from latentfm.training.run import evaluate as measure  # noqa: PLC0415

    card, figures = measure(model, data)
    typer.echo(f"{model}: {card.config}, {card.metre}")
    _print_figures(figures)


def _print_figures(figures: dict[str, float]) -> None:
    from latentfm.training.measure.meanings import MEANINGS  # noqa: PLC0415

    for name, value in figures.items():
        typer.echo(f"{value:8.3f}  {MEANINGS.get(name, name)}")
