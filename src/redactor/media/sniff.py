"""Names for what a file is that is not a video, for the person who dropped it."""

# Bytes of the beginning that are looked at.
HEAD = 4096

_MAGIC = (
    (b"#EXTM3U", "it is a playlist (m3u8)"),
    (b"ffconcat", "it is a list of other files (ffconcat)"),
    (b"v=0", "it is a stream description (SDP)"),
    (b"\xff\xd8\xff", "it is a JPEG picture"),
    (b"\x89PNG", "it is a PNG picture"),
    (b"GIF8", "it is a GIF picture"),
    (b"%PDF", "it is a PDF document"),
    (b"PK\x03\x04", "it is a ZIP archive"),
    (b"ID3", "it is an audio file (MP3)"),
    (b"fLaC", "it is an audio file (FLAC)"),
    (b"OggS", "it is an Ogg file"),
)


def describe(head: bytes, error: Exception) -> str:
    """Say what a file with these first bytes is, else what the demuxer said."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for magic, words in _MAGIC:
        if start.startswith(magic):
            return words
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "it is an audio file (WAV)"
    if not head.strip(b"\0"):
        return "it holds nothing but zeros"
    return "it is a text file" if _is_text(head) else f"{error.__class__.__name__}: {error}"


def _is_text(head: bytes) -> bool:
    printable = sum(byte >= 32 or byte in b"\t\r\n" for byte in head)
    return b"\0" not in head and printable > 0.95 * len(head)
