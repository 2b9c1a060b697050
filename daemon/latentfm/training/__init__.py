"""Training: files become examples, examples train Magenta's networks, and these become playables.

TensorFlow is imported in here and nowhere else, and late: by the functions that need it.
"""
