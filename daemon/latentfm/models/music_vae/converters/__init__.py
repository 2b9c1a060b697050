"""NoteSequences become windows of labels, and windows become NoteSequences."""

from latentfm.models.music_vae.converters.base import Converter
from latentfm.models.music_vae.converters.drums import DrumsConverter
from latentfm.models.music_vae.converters.melody import MelodyConverter
from latentfm.models.music_vae.converters.table import converter_of, converter_of_model
from latentfm.models.music_vae.converters.trio import TrioConverter

__all__ = ["Converter", "DrumsConverter", "MelodyConverter", "TrioConverter", "converter_of", "converter_of_model"]
