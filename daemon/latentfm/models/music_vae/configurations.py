"""Magenta's configurations of MusicVAE, in one table.

Sources: `CONFIG_MAP` in magenta/models/music_vae/configs.py; the defaults in base_model.py and lstm_models.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from latentfm.models.events import DRUM_CLASSES, MELODY_CLASSES
from latentfm.models.music_vae.facts import VaeFacts, VaeRepresentation

MELODY_PROGRAMS = range(32)  # piano, chromatic percussion, organ, guitar
BASS_PROGRAMS = range(32, 40)
DRUM_ROLL_DEPTH = 10  # nine drum classes, and one for silence

Schedule = Literal["constant", "inverse_sigmoid"]


@dataclass(frozen=True)
class Hyperparameters:
    """What Magenta trains a configuration with, under Magenta's names; sizes too, which a checkpoint may differ in.

    The learning rate falls from ``learning_rate`` by ``decay_rate`` a step to ``min_learning_rate``. The KL term's
    weight is ``max_beta * (1 - beta_rate ** step)``, counted from ``free_bits`` (bits, of a whole window) on.
    """

    z_size: int
    enc_rnn_size: tuple[int, ...]
    dec_rnn_size: tuple[int, ...]
    batch_size: int = 512
    free_bits: float = 0.0
    max_beta: float = 1.0
    beta_rate: float = 0.0
    sampling_schedule: Schedule = "constant"
    sampling_rate: float = 0.0
    learning_rate: float = 0.001
    decay_rate: float = 0.9999
    min_learning_rate: float = 0.00001
    grad_clip: float = 1.0
    grad_norm_clip_to_zero: float = 10_000.0


@dataclass(frozen=True)
class ConverterFacts:
    """How NoteSequences become windows: under the names of Magenta's converters."""

    valid_programs: range | None = None
    max_bars: int = 100
    gap_bars: int = 1
    transpose_range: tuple[int, int] = (0, 0)  # of the augmentation in training, in semitones


@dataclass(frozen=True)
class VaeConfiguration:
    """A configuration: what its windows are, the shape of its network, and how Magenta trains it."""

    name: str
    description: str
    representation: VaeRepresentation
    bars: int
    hyperparameters: Hyperparameters
    converter: ConverterFacts = ConverterFacts()
    bars_encoded: bool = False  # hierarchical encoder: bars first, then the bars' codes
    bars_conducted: bool = False  # hierarchical decoder: a conductor gives each bar its code
    split: bool = False

    @property
    def input_depth(self) -> int:
        """Depth of the encoder's input."""
        return DRUM_ROLL_DEPTH if self.representation == "drums" else sum(self.output_depths)

    @property
    def output_depths(self) -> tuple[int, ...]:
        """Classes of each label that a step draws."""
        if self.representation == "trio":
            return (MELODY_CLASSES, MELODY_CLASSES, DRUM_CLASSES)
        return (MELODY_CLASSES if self.representation == "melody" else DRUM_CLASSES,)

    def facts(
        self,
        z_size: int | None = None,
        enc_rnn_size: tuple[int, ...] | None = None,
        dec_rnn_size: tuple[int, ...] | None = None,
        steps_per_bar: int = 16,
    ) -> VaeFacts:
        """Return the facts of a model of this configuration.

        Args:
            z_size: as its checkpoint has it; Magenta's without.
            enc_rnn_size: likewise.
            dec_rnn_size: likewise.
            steps_per_bar: sixteenths in a bar: 16 in 4/4, 12 in 3/4 and 6/8.
        """
        usual = self.hyperparameters
        return VaeFacts(
            representation=self.representation,
            steps=self.bars * steps_per_bar,
            bars=self.bars,
            z_size=z_size or usual.z_size,
            input_depth=self.input_depth,
            output_depths=self.output_depths,
            split=self.split,
            encoder_sizes=enc_rnn_size or usual.enc_rnn_size,
            encoder_levels=(steps_per_bar, self.bars) if self.bars_encoded else (),
            state_sizes=dec_rnn_size or usual.dec_rnn_size,
            decoder_levels=(self.bars, steps_per_bar) if self.bars_conducted else (),
        )


_SMALL = Hyperparameters(
    z_size=256,
    enc_rnn_size=(512,),
    dec_rnn_size=(256, 256),
    max_beta=0.2,
    sampling_schedule="inverse_sigmoid",
    sampling_rate=1000,
)
_BIG = replace(_SMALL, z_size=512, enc_rnn_size=(2048,), dec_rnn_size=(2048, 2048, 2048))
_FLAT_16BAR = Hyperparameters(
    z_size=512,
    enc_rnn_size=(2048, 2048),
    dec_rnn_size=(2048, 2048, 2048),
    free_bits=256,
    max_beta=0.2,
)
_HIERDEC_16BAR = replace(_FLAT_16BAR, dec_rnn_size=(1024, 1024))
_HIER_16BAR = replace(_HIERDEC_16BAR, enc_rnn_size=(1024,))
_MELODY_2BAR = ConverterFacts(valid_programs=MELODY_PROGRAMS, transpose_range=(-5, 5))
_TRIO = ConverterFacts(max_bars=1024, gap_bars=2)

_ALL = (
    VaeConfiguration(
        name="cat-mel_2bar_small",
        description="Two bars of melody.",
        representation="melody",
        bars=2,
        hyperparameters=replace(_SMALL, beta_rate=0.99999),
        converter=_MELODY_2BAR,
    ),
    VaeConfiguration(
        name="cat-mel_2bar_big",
        description="Two bars of melody, the large network.",
        representation="melody",
        bars=2,
        hyperparameters=replace(_BIG, max_beta=0.5, beta_rate=0.99999),
        converter=_MELODY_2BAR,
    ),
    VaeConfiguration(
        name="cat-drums_2bar_small",
        description="Two bars of drums in nine classes.",
        representation="drums",
        bars=2,
        hyperparameters=replace(_SMALL, free_bits=48),
    ),
    VaeConfiguration(
        name="cat-drums_2bar_big",
        description="Two bars of drums in nine classes, the large network.",
        representation="drums",
        bars=2,
        hyperparameters=replace(_BIG, free_bits=48),
    ),
    VaeConfiguration(
        name="flat-mel_16bar",
        description="Sixteen bars of melody, note after note.",
        representation="melody",
        bars=16,
        hyperparameters=_FLAT_16BAR,
    ),
    VaeConfiguration(
        name="hierdec-mel_16bar",
        description="Sixteen bars of melody; a conductor plans the bars.",
        representation="melody",
        bars=16,
        hyperparameters=_HIERDEC_16BAR,
        bars_conducted=True,
    ),
    VaeConfiguration(
        name="hier-mel_16bar",
        description="Sixteen bars of melody, read and written bar by bar.",
        representation="melody",
        bars=16,
        hyperparameters=_HIER_16BAR,
        bars_encoded=True,
        bars_conducted=True,
    ),
    VaeConfiguration(
        name="flat-trio_16bar",
        description="Sixteen bars of melody, bass and drums, by one decoder.",
        representation="trio",
        bars=16,
        hyperparameters=replace(_FLAT_16BAR, batch_size=256, free_bits=0, max_beta=1.0),
        converter=_TRIO,
    ),
    VaeConfiguration(
        name="hierdec-trio_16bar",
        description="Sixteen bars of melody, bass and drums; a conductor plans the bars.",
        representation="trio",
        bars=16,
        hyperparameters=replace(_HIERDEC_16BAR, batch_size=256),
        converter=_TRIO,
        bars_conducted=True,
        split=True,
    ),
    VaeConfiguration(
        name="hier-trio_16bar",
        description="Sixteen bars of melody, bass and drums, read and written bar by bar.",
        representation="trio",
        bars=16,
        hyperparameters=replace(_HIER_16BAR, batch_size=256),
        converter=_TRIO,
        bars_encoded=True,
        bars_conducted=True,
        split=True,
    ),
)
CONFIGURATIONS: Mapping[str, VaeConfiguration] = MappingProxyType({one.name: one for one in _ALL})
