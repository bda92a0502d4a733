"""docs/formats.md, written from the table of odd videos: python -m tests.formats.table"""

from pathlib import Path

from tests.formats.video import Video
from tests.formats.videos import VIDEOS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "formats.md"
_HEAD = """\
# Formats

Made by `make formats` from the rows of `tests/formats/videos.py`; the tests there hold every line of it.

Of each video in the table that is not refused, the output has the same frames, each with the pixels that one sequential
decode gives, shown at the same ticks but where the last column says how they were moved. Segments decoded by different
workers give the same as one. Rotation, mirroring, pixel aspect, colour tags, range and field order are the source's.
Copied sound is the same packet for packet; sound that MP4 cannot hold becomes AAC; either stays within one frame of the
picture.
Subtitles, data, timecode, chapters, cover art, attachments, further video tracks and all metadata are dropped.
The picture is H.264, 8 bit 4:2:0, but where an option of the preset, named in the second column, keeps more.

Headless Chromium loads the results of a dozen of them, shows the right frame wherever it seeks and plays on to the end:
`make browsers`. `make test` does so with four.

| video | what is odd | sound | note |
|---|---|---|---|
"""


def document() -> str:
    return _HEAD + "".join(_line(video) for video in VIDEOS)


def _line(video: Video) -> str:
    if video.refused:
        return f"| `{video.file}` | {video.about} | | **refused**: {video.refused.__name__} ({video.why}) |\n"
    about = ", ".join((video.about, *(f"`{option}`" for option in video.options)))
    return f"| `{video.file}` | {about} | {', '.join(video.sound) or 'none'} | {video.note} |\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document())
