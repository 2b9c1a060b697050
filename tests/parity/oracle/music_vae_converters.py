"""What Magenta's converters of MusicVAE make of NoteSequences, and of tensors."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import sequences  # beside this file
from magenta.models.music_vae import configs, data

SHORT_BAR = 3  # quarters in a bar of 3/4 and 6/8


def converters() -> dict[str, Any]:
    """Return a converter for each kind of configuration, and the same for bars of three quarters."""
    found = {name: configs.CONFIG_MAP[name].data_converter for name in (
        "cat-mel_2bar_small", "cat-drums_2bar_small", "hierdec-mel_16bar", "hierdec-trio_16bar")}  # fmt: skip
    found["cat-mel_2bar_small, 3"] = data.OneHotMelodyConverter(
        valid_programs=data.MEL_PROGRAMS, max_bars=100, slice_bars=2, quarters_per_bar=SHORT_BAR
    )
    found["cat-drums_2bar_small, 3"] = data.DrumsConverter(
        max_bars=100, slice_bars=2, quarters_per_bar=SHORT_BAR, roll_input=True
    )
    return found


def write(path: Path) -> None:
    """Write the sequences, the tensors that each gives (all of them, and at most five), and what those give back.

    In training Magenta draws the five at random; without a limit both modes give the same.
    """
    kept: dict[str, Any] = {}
    trained: dict[tuple[str, str], Any] = {}
    made = sequences.all_of_them()
    for name, sequence in made.items():
        kept[f"sequence/{name}"] = packed(sequence)
    for config, template in converters().items():
        for mode, limit in (("train", None), ("infer", None), ("limited", 5)):
            converter = copy.deepcopy(template)
            converter.set_mode("train" if mode == "train" else "infer")
            converter.max_tensors_per_notesequence = limit
            for name, sequence in made.items():
                tensors = converter.to_tensors(copy.deepcopy(sequence))
                where = f"{config}/{mode}/{name}"
                if mode == "train":
                    trained[config, name] = tensors
                    continue
                if mode == "infer":
                    same = zip(tensors.inputs, trained[config, name].inputs)
                    assert all(np.array_equal(one, other) for one, other in same)
                kept[f"{where}/inputs"] = np.array(tensors.inputs, bool)
                kept[f"{where}/outputs"] = np.array(tensors.outputs, bool)
                if mode == "limited" and len(tensors.outputs):
                    back = converter.from_tensors(np.array(tensors.outputs[:2], np.float32))
                    for index, one in enumerate(back):
                        kept[f"{where}/back/{index}"] = packed(one)
        depths = (90, 90, 512) if "trio" in config else (template.output_depth,)
        rng = np.random.default_rng(7)
        steps = tensors_length(config)
        labels = np.stack([rng.integers(0, depth, (2, steps)) for depth in depths], axis=2)
        labels[rng.random(labels.shape) < 0.5] = 0
        hot = np.concatenate([np.eye(depth)[labels[..., part]] for part, depth in enumerate(depths)], axis=-1)
        kept[f"{config}/random/labels"] = labels.astype(np.int16)
        for index, one in enumerate(template.from_tensors(hot)):
            kept[f"{config}/random/back/{index}"] = packed(one)
    np.savez_compressed(str(path), **kept)


def tensors_length(config: str) -> int:
    """Return the steps of a window."""
    bar = 12 if config.endswith(", 3") else 16
    return bar * (2 if "2bar" in config else 16)


def packed(sequence: Any) -> Any:
    """Return a sequence's bytes."""
    return np.frombuffer(sequence.SerializeToString(deterministic=True), np.uint8)
