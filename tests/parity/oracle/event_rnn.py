"""What Magenta computes with its event RNNs: checkpoints drawn at random, inputs, and the numbers they give.

Run it under the Python that has Magenta 2.1.4:

    python tests/parity/oracle/event_rnn.py OUT [--full] [--only CONFIGURATION …]

Each configuration becomes a folder ``OUT/<configuration>`` with a V2 checkpoint, a ``.mag`` bundle written by
Magenta's generator class and ``numbers.npz``. Without ``--full`` layers have 16 units and there is one form of
checkpoint for each, so that all of it stays small.
"""

from __future__ import annotations

import argparse
import importlib
import os
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import event_inputs  # beside this file
import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.polyphony_rnn import polyphony_lib
from magenta.models.shared import events_rnn_graph
from note_seq import (
    ChordProgression,
    DrumTrack,
    Melody,
    chord_symbols_lib,
    encoder_decoder,
    quantize_note_sequence,
)
from note_seq.protobuf import generator_pb2, music_pb2

FAMILIES = {
    "melody_rnn": ("basic_rnn", "mono_rnn", "lookback_rnn", "attention_rnn"),
    "drums_rnn": ("one_drum", "drum_kit"),
    "improv_rnn": ("basic_improv", "attention_improv", "chord_pitches_improv"),
    "polyphony_rnn": ("polyphony",),
}
BUNDLED = "attention_rnn"  # small: the one whose checkpoint is kept as a bundle, and only so
UNITS = 16
LOGITS = 64
PRIMER = 20
DRAWN = 64
VOICED = 24  # steps that PolyphonyRNN fills
TEMPERATURE = 0.9
SEED = 11  # of the uniform numbers that both sides draw by
STEP_ENDS = 5.0  # added to a bias, so that PolyphonyRNN ends its steps


class Uniforms:
    """Draws classes by inverse CDF from a seed's uniform numbers, or takes the likeliest, in note-seq's place."""

    def __init__(self) -> None:
        self.likeliest = False
        self.restart()

    def restart(self) -> None:
        """Draw from the first number on again."""
        self._rng = np.random.default_rng(SEED)

    def extend(self, encoder: Any, sequences: Any, softmax: Any) -> Any:
        """Extend each sequence by one event; what `extend_event_sequences` does."""
        chosen = []
        for index, events in enumerate(sequences):
            share = np.asarray(softmax[index][-1], np.float64)
            cumulative = np.cumsum(share)
            if self.likeliest:
                label = int(share.argmax())
            else:
                label = min(int((cumulative <= self._rng.random() * cumulative[-1]).sum()), len(share) - 1)
            events.append(encoder.class_index_to_event(label, events))
            chosen.append(label)
        return chosen


def variable(name: str, shape: tuple[int, ...], inputs: int, rng: np.random.Generator) -> Any:
    """Draw a variable at the scale of a trained one: what is likeliest changes from step to step.

    Args:
        name: its name.
        shape: its shape.
        inputs: how many of its rows are for the network's inputs, of which few are on at a time.
        rng: what is drawn from.
    """
    if len(shape) == 1:
        return rng.normal(0, 0.3, shape).astype(np.float32)
    if name.endswith("fully_connected/weights"):
        return rng.normal(0, 6 / np.sqrt(shape[0]), shape).astype(np.float32)
    gain = 1.0 if "attention_cell_wrapper/att" in name else 1.5  # attention feeds back without bounds: higher is chaos
    scale = np.full(shape, gain / np.sqrt(np.prod(shape[:-1])))
    if name.endswith(("cell_0/basic_lstm_cell/kernel", "cell_0/attention_cell_wrapper/kernel")):
        scale[:inputs] = 1.5
    return (scale * rng.standard_normal(shape)).astype(np.float32)


def write_checkpoint(config: Any, prefix: Path, seed: int, voices: bool) -> None:
    """Write a V2 checkpoint with every variable drawn."""
    rng, inputs = np.random.default_rng(seed), config.encoder_decoder.input_size
    with tf.Graph().as_default(), tf.Session() as session:
        events_rnn_graph.get_build_graph_fn("generate", config)()
        for one in sorted(tf.global_variables(), key=lambda found: found.op.name):
            value = variable(one.op.name, tuple(one.shape.as_list()), inputs, rng)
            if voices and one.op.name.endswith("fully_connected/biases"):
                value[polyphony_lib.PolyphonicEvent.STEP_END] += STEP_ENDS
            one.load(value, session)
        tf.train.Saver().save(session, str(prefix), write_meta_graph=False)
    (prefix.parent / "checkpoint").unlink()


class Numbers:
    """What one configuration's generator computes."""

    def __init__(self, family: str, config: Any, generator: Any, uniforms: Uniforms) -> None:
        self.family, self.config, self.generator, self.uniforms = family, config, generator, uniforms
        self.model = generator._model
        self.rng = np.random.default_rng(5)

    def all(self) -> dict[str, Any]:
        """Return everything that is compared."""
        events, chords = self._events()
        found = {"events": event_inputs.as_array(events), "primer": PRIMER, "seed": SEED, "temperature": TEMPERATURE}
        if chords is not None:
            found["chords"] = np.array(list(chords))
        found.update(self._teacher_forced(events, chords))
        for name in ("likeliest", "drawn"):
            self._choose(name)
            found[name] = event_inputs.as_array(self._continued(events, chords))
        for name, sequence, options in self._requests():
            self._choose("drawn")
            played = self.generator.generate(sequence, options)
            section = options.generate_sections[0]
            found["given:" + name] = event_inputs.serialized(sequence)
            found["stretch:" + name] = np.array([section.start_time, section.end_time])
            found["played:" + name] = event_inputs.serialized(played)
        return found

    def _choose(self, how: str) -> None:
        self.uniforms.likeliest = how == "likeliest"
        self.uniforms.restart()

    def _events(self) -> tuple[Any, Any]:
        if self.family == "drums_rnn":
            return DrumTrack(event_inputs.drum_events(self.rng, LOGITS)), None
        if self.family == "polyphony_rnn":
            quantized = quantize_note_sequence(event_inputs.voices(self.rng, 16), 4)
            return polyphony_lib.PolyphonicSequence(quantized), None
        low, high = (12, 116) if self.config.max_note == 128 else (40, 90)
        melody = Melody(event_inputs.melody_events(self.rng, LOGITS, low, high))
        if self.family != "improv_rnn":
            return melody, None
        return melody, ChordProgression(
            [event_inputs.FIGURES[step // 8 % len(event_inputs.FIGURES)] for step in range(PRIMER + DRAWN)]
        )

    def _moved(self, events: Any, chords: Any) -> tuple[Any, Any]:
        """Move a melody to where the network reads it."""
        if self.family in ("melody_rnn", "improv_rnn"):
            events = Melody(list(events))
            shift = events.squash(self.config.min_note, self.config.max_note, self.config.transpose_to_key)
            if chords is not None and shift:
                chords = [chord_symbols_lib.transpose_chord_symbol(figure, shift) for figure in chords]
        return list(events)[:LOGITS], chords

    def _teacher_forced(self, events: Any, chords: Any) -> dict[str, Any]:
        """Compute the logits after each event, and how likely the events are."""
        read, chords = self._moved(events, chords)
        encoder, graph = self.config.encoder_decoder, self.model._session.graph
        given = [read] if chords is None else [list(chords)]
        targets = [] if chords is None else [[read]]
        inputs = encoder.get_inputs_batch(given, *targets, full_length=True)
        softmax = graph.get_collection("softmax")[0]
        logits = softmax.op.inputs[0].op.inputs[0].op.inputs[0]  # of the reshape, the softmax, the temperature
        feed = {graph.get_collection("inputs")[0]: inputs, graph.get_collection("temperature")[0]: 1.0}
        values, shares = self.model._session.run([logits, softmax], feed)
        likelihood = encoder.evaluate_log_likelihood([read], shares[:, :-1])[0]
        return {"logits": values, "log_likelihood": likelihood}

    def _continued(self, events: Any, chords: Any) -> Any:
        """Continue the first of the events, and return what came after them."""
        if self.family == "polyphony_rnn":
            primer = polyphony_lib.PolyphonicSequence(steps_per_quarter=4)
            for event in list(events)[1:PRIMER]:
                primer.append(event)
            return list(self.model.generate_polyphonic_sequence(PRIMER + DRAWN, primer, TEMPERATURE))[PRIMER:]
        if self.family == "drums_rnn":
            primer = DrumTrack(list(events)[:PRIMER])
            return list(self.model.generate_drum_track(PRIMER + DRAWN, primer, TEMPERATURE))[PRIMER:]
        primer = Melody(list(events)[:PRIMER])
        if chords is not None:
            return list(self.model.generate_melody(primer, chords, TEMPERATURE))[PRIMER:]
        return list(self.model.generate_melody(PRIMER + DRAWN, primer, TEMPERATURE))[PRIMER:]

    def _requests(self) -> Any:
        """Yield requests to the generator: at the end of a bar without a gap, and after one."""
        step = 60.0 / 120.0 / self.config.steps_per_quarter
        for name, steps, start in (("join", 32, 32), ("gap", 27, 30)):
            sequence = self._played(steps, step)
            end = start + (VOICED if self.family == "polyphony_rnn" else DRAWN)
            sequence.total_time = (end + 0.2) * step  # Magenta wants chords to the very end
            options = generator_pb2.GeneratorOptions()
            options.generate_sections.add(start_time=(start - 0.3) * step, end_time=(end + 0.2) * step)
            options.args["temperature"].float_value = TEMPERATURE
            if self.family != "polyphony_rnn":
                yield name, sequence, options
                continue
            sequence.total_time = start * step
            for condition in (False, True):
                for inject in (False, True):
                    options.args["condition_on_primer"].bool_value = condition
                    options.args["no_inject_primer_during_generation"].bool_value = not inject
                    yield "{}:{:d}{:d}".format(name, condition, inject), sequence, options

    def _played(self, steps: int, step: float) -> Any:
        """Draw what was played: its notes end 0.4 of a step early, so that Magenta can start where they end."""
        if self.family == "polyphony_rnn":
            return event_inputs.voices(self.rng, steps)
        sequence = music_pb2.NoteSequence(ticks_per_quarter=220)
        sequence.tempos.add(qpm=120.0)
        at = 0
        while at < steps:
            length = min(int(self.rng.choice([1, 2, 3, 4])), steps - at)
            drums = self.family == "drums_rnn"
            pitch = int(self.rng.choice((36, 38, 42, 46, 51)) if drums else self.rng.integers(55, 76))
            sequence.notes.add(
                pitch=pitch, velocity=100, start_time=at * step, end_time=(at + length - 0.4) * step, is_drum=drums
            )
            at += length
        if self.family == "improv_rnn":
            for bar, figure in enumerate(event_inputs.FIGURES):
                sequence.text_annotations.add(
                    text=figure, time=bar * 8 * step, annotation_type=music_pb2.NoteSequence.TextAnnotation.CHORD_SYMBOL
                )
        return sequence


def one(family: str, name: str, folder: Path, full: bool, uniforms: Uniforms) -> None:
    """Write everything of one configuration."""
    model = "polyphony_model" if family == "polyphony_rnn" else family + "_model"
    prefix = "polyphony" if family == "polyphony_rnn" else family
    config = importlib.import_module("magenta.models.{}.{}".format(family, model)).default_configs[name]
    config.hparams.batch_size = 1
    if not full:
        config.hparams.rnn_layer_sizes = [UNITS] * len(config.hparams.rnn_layer_sizes)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "model.ckpt"
    generators = importlib.import_module("magenta.models.{}.{}_sequence_generator".format(family, prefix))
    for seed in range(50):
        write_checkpoint(config, checkpoint, seed, family == "polyphony_rnn")
        generator = generators.get_generator_map()[name](checkpoint=str(checkpoint), bundle=None)
        generator.initialize()
        numbers = Numbers(family, config, generator, uniforms).all()
        if len(np.unique(numbers["likeliest"], axis=0)) > 1:  # one that plays the same for ever shows little
            break
    if full or name == BUNDLED:
        generator.create_bundle_file(str(folder / (name + ".mag")), "drawn at random")
    np.savez_compressed(str(folder / "numbers.npz"), **numbers)
    if not full and name == BUNDLED:
        for part in folder.glob("model.ckpt.*"):
            part.unlink()
    print(name, *("{}{}".format(key, np.shape(value)) for key, value in numbers.items()), flush=True)


def main() -> None:
    """Write every configuration that is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", nargs="*")
    asked = parser.parse_args()
    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    uniforms = Uniforms()

    def extend(encoder: Any, sequences: Any, softmax: Any) -> Any:
        return uniforms.extend(encoder, sequences, softmax)

    encoder_decoder.EventSequenceEncoderDecoder.extend_event_sequences = extend
    for family, names in FAMILIES.items():
        for name in names:
            if not asked.only or name in asked.only:
                one(family, name, asked.out / name, asked.full, uniforms)


if __name__ == "__main__":
    main()
