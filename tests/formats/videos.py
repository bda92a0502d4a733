"""Odd videos, one row each: how ffmpeg makes them of one moving picture and one click, and what must become of them.

Every frame carries its number as eight black or white blocks (`counter` reads it back), and the click sounds when frame
CLICK is shown: so a test can tell, without asking our own decoder, which frames an output has and whether the sound
still goes with them.
"""

from tests.formats.codecs import CODECS
from tests.formats.oddities import ODDITIES

VIDEOS = (*CODECS, *ODDITIES)
BY_NAME = {video.file: video for video in VIDEOS}
