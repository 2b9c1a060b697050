"""The networks, in TensorFlow 2, with Magenta's variables."""
