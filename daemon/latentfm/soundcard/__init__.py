"""Speakers: an output that plays on a sound card.

PortAudio may hang, or take its process along, when a card is unplugged. So it lives in a small child process
(``child``), which nothing but ``link`` talks to; ``output`` starts it again whenever it has to. The child loads what
it needs and no more, so nothing is imported here.
"""
