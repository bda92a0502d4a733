"""Odd videos, one row each: how ffmpeg makes them of one moving picture and one click, and what must become of them.

Every frame carries its number as eight black or white blocks (`counter` reads it back), and the click sounds when frame
CLICK is shown: so a test can tell, without asking our own decoder, which frames an output has and whether the sound
still goes with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from redactor.errors import DamagedVideo, RedactorError, TruncatedVideo, UnreadableVideo

RATE = 25
FRAMES = 40
CLICK = 25


@dataclass(frozen=True)
class Video:
    """file: name with suffix, the row's name too. about: what is odd, for people. make: commands, one a line, run in a
    folder with pictures.y4m and clicks.wav; the last one writes the file (see make.py).

    frames: the numbers of the frames that a player shows, in order. sound: what becomes of each audio track ("copied",
    "AAC"). lag: seconds from frame CLICK to the click, where the file itself has them apart. kept: fields of ffprobe
    that the output must have where the source's header is silent, or says what does not stay. segments: whether there
    are several. moved: words of the report's warning where the output's times are not the source's; warns: of any
    other. options: experimental ones of the preset. pix_fmt: the output's samples. refused, why: the error that is the
    only output, and words of it. note: for people, in the table.
    """

    file: str
    about: str
    make: str
    frames: tuple[int, ...] = tuple(range(FRAMES))
    sound: tuple[str, ...] = ("copied",)
    lag: Fraction = Fraction(0)
    kept: Mapping[str, str] = field(default_factory=dict)
    segments: bool = True
    moved: str = ""
    warns: str = ""
    options: Mapping[str, object] = field(default_factory=dict)
    pix_fmt: str = "yuv420p"
    refused: type[RedactorError] | None = None
    why: str = ""
    note: str = ""


_X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 10 -sc_threshold 0"
_B = f"{_X264} -bf 2"
_AAC = "-c:a aac -b:a 64k"
_X265 = "-c:v libx265 -preset ultrafast -g 10 -x265-params log-level=none:keyint=10"
_PLAIN = f"{_B} {_AAC}"
_PQ = "-pix_fmt yuv420p10le -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc"
_AGAIN = r"eq(mod(N\,10)\,4)\,PREV_OUT"
_REPEATING = rf"-bsf:v setts=pts=if({_AGAIN}PTS\,PTS):dts=if({_AGAIN}DTS\,DTS)"
_VFR = r"-vf settb=1/1000,setpts=N*40+mod(N\,3)*11 -enc_time_base 1:1000 -fps_mode passthrough"

EIGHT = "becomes 8 bit 4:2:0"
MAPPED = f"{EIGHT}, tone-mapped to BT.709"
SDR = {"color_primaries": "bt709", "color_transfer": "bt709", "color_space": "bt709", "color_range": "tv"}
FIELDS = "stays interlaced, same field order"
COUNTED = "the file says when frames are decoded; shown when the decoder brings them out, as in players"
GLUED = "the second recording follows where the first has ended, picture and sound together"
REPEAT = "a frame whose time repeats comes one tick later"
KEEP = {"keepDepth": True}
ODD = "the last column and row repeated once: H.264 in 4:2:0 has even sizes"


def _x264(**parameters: str | int) -> str:
    return f"{_X264} -bf 2 -x264-params " + ":".join(f"{k.replace('_', '-')}={v}" for k, v in parameters.items())


VIDEOS: tuple[Video, ...] = (
    # H.264
    Video("h264.mp4", "H.264, B frames", _PLAIN),
    Video("h264-open-gop.mp4", "H.264, open GOP", f"{_x264(open_gop=1, bframes=3, b_pyramid='normal')} {_AAC}"),
    Video(
        "h264-intra-refresh.mp4",
        "H.264, periodic intra refresh",
        f"{_x264(intra_refresh=1, bframes=0)} {_AAC}",
        segments=False,
    ),
    Video("h264-one-gop.mp4", "H.264, one key frame", f"{_X264} -g 1000 {_AAC}", segments=False),
    Video("h264-all-intra.mp4", "H.264, key frames only", f"{_X264} -g 1 {_AAC}"),
    Video("h264-10bit.mp4", "H.264, 10 bit", f"{_B} -pix_fmt yuv420p10le {_AAC}", note=EIGHT),
    Video("h264-422.mp4", "H.264, 4:2:2", f"{_B} -pix_fmt yuv422p {_AAC}", note=EIGHT),
    Video("h264-444.mp4", "H.264, 4:4:4", f"{_B} -pix_fmt yuv444p {_AAC}", note=EIGHT),
    Video(
        "h264-tff.mp4",
        "H.264, interlaced, top field first",
        f"-vf setfield=tff {_B} -flags +ildct+ilme -x264-params tff=1 {_AAC}",
        kept={"field_order": "tt"},
        note=FIELDS,
    ),
    Video(
        "h264-bff.ts",
        "H.264, interlaced, bottom field first",
        f"-vf setfield=bff {_B} -flags +ildct+ilme -x264-params bff=1 {_AAC}",
        kept={"field_order": "bb"},
        note=FIELDS,
    ),
    Video(
        "h264-paff.m2ts",
        "H.264, a packet for each field (AVCHD)",
        "!paff tff fields.h264\n!ffmpeg -r 50 -i fields.h264 -i clicks.wav -c:v copy -c:a ac3 -mpegts_m2ts_mode 1",
        kept={"field_order": "tt"},
        note=FIELDS,
    ),
    Video(
        "h264-paff.mp4",
        "H.264, a packet for each field, bottom field first",
        f"!paff bff fields.h264\n!ffmpeg -r 50 -i fields.h264 -i clicks.wav -c:v copy {_AAC}",
        kept={"field_order": "bb"},
        note=FIELDS,
    ),
    Video("h264-fragmented.mp4", "fragmented MP4", f"{_PLAIN} -movflags frag_keyframe+empty_moov"),
    # Other codecs
    Video("hevc-open-gop.mp4", "HEVC, open GOP", f"{_X265}:open-gop=1:bframes=3 -tag:v hvc1 {_AAC}"),
    Video(
        "hevc-hdr10.mp4",
        "HEVC, 10 bit HDR10",
        f"{_X265} {_PQ} {_AAC}",
        kept=SDR,
        warns="HDR (PQ) became SDR",
        note=MAPPED,
    ),
    Video(
        "hevc.mkv",
        "HEVC with B frames, AC-3 and FLAC",
        f"{_X265}:bframes=3 -map 0:v -map 1:a -map 1:a -c:a:0 ac3 -c:a:1 flac",
        sound=("copied", "copied"),
    ),
    Video(
        "vp8.webm",
        "VP8 with hidden frames, Vorbis",
        "-c:v libvpx -deadline realtime -cpu-used 8 -auto-alt-ref 1 -lag-in-frames 8 -g 10 -c:a libvorbis",
        sound=("AAC",),
    ),
    Video(
        "vp9.webm",
        "VP9 with hidden frames, Opus",
        "-c:v libvpx-vp9 -deadline good -cpu-used 8 -auto-alt-ref 1 -lag-in-frames 12 -g 10 -c:a libopus",
    ),
    Video("vp9.mp4", "VP9", f"-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 10 {_AAC}"),
    Video("av1.mp4", "AV1, Opus", "-c:v libsvtav1 -preset 12 -g 10 -c:a libopus"),
    Video("av1.webm", "AV1 (libaom)", "-c:v libaom-av1 -usage realtime -cpu-used 8 -g 10 -c:a libopus"),
    Video("mpeg1.mpg", "MPEG-1, program stream, MP2", "-c:v mpeg1video -q:v 3 -g 10 -bf 2 -c:a mp2", sound=("AAC",)),
    Video("mpeg2.ts", "MPEG-2, transport stream, MP2", "-c:v mpeg2video -q:v 3 -g 10 -bf 2 -c:a mp2", sound=("AAC",)),
    Video(
        "mpeg2-interlaced.ts",
        "MPEG-2, interlaced, AC-3",
        "-vf setfield=tff -c:v mpeg2video -q:v 3 -g 10 -bf 2 -flags +ildct+ilme -c:a ac3",
        kept={"field_order": "tt"},
        note=FIELDS,
    ),
    Video("mpeg2.vob", "MPEG-2, DVD", "-c:v mpeg2video -q:v 3 -g 10 -bf 2 -f vob -c:a ac3"),
    Video("mpeg4.mp4", "MPEG-4 part 2, B frames", f"-c:v mpeg4 -q:v 3 -g 10 -bf 2 {_AAC}"),
    Video("mpeg4.avi", "MPEG-4 part 2 (DivX), MP3", "-c:v mpeg4 -q:v 3 -g 10 -c:a libmp3lame"),
    Video(
        "mpeg4-bframes.avi",
        "MPEG-4 part 2 with B frames (Xvid), MP3",
        "-c:v mpeg4 -vtag XVID -q:v 3 -g 10 -bf 2 -c:a libmp3lame",
    ),
    Video("msmpeg4.avi", "MS MPEG-4 v3 (DivX 3), MP3", "-c:v msmpeg4 -q:v 3 -g 10 -c:a libmp3lame"),
    Video("wmv1.wmv", "WMV 7, WMA", "-c:v wmv1 -q:v 3 -g 10 -c:a wmav1", sound=("AAC",)),
    Video("wmv2.wmv", "WMV 8, WMA", "-c:v wmv2 -q:v 3 -g 10 -c:a wmav2", sound=("AAC",)),
    Video("wmv2.asf", "WMV 8, WMA, named .asf", "-c:v wmv2 -q:v 3 -g 10 -c:a wmav2", sound=("AAC",)),
    Video(
        "prores.mov",
        "ProRes 4:2:2 10 bit, PCM",
        "-c:v prores_ks -profile:v 0 -pix_fmt yuv422p10le -c:a pcm_s16le",
        sound=("AAC",),
        note=EIGHT,
    ),
    Video(
        "prores-interlaced.mov",
        "ProRes, interlaced, PCM",
        "-vf setfield=tff -c:v prores_ks -profile:v 0 -pix_fmt yuv422p10le -flags +ildct -c:a pcm_s16le",
        sound=("AAC",),
        kept={"field_order": "tt"},
        note=EIGHT,
    ),
    Video(
        "mjpeg.avi",
        "Motion JPEG, full range, PCM",
        "-c:v mjpeg -pix_fmt yuvj420p -q:v 3 -c:a pcm_s16le",
        sound=("AAC",),
        kept={"color_range": "pc"},
    ),
    Video(
        "mjpeg.mov",
        "Motion JPEG 4:2:2",
        "-c:v mjpeg -pix_fmt yuvj422p -q:v 3 -c:a alac",
        kept={"color_range": "pc"},
        note=EIGHT,
    ),
    Video(
        "dv.avi",
        "DV, PCM",
        "-vf scale=720:576,setfield=bff -c:v dvvideo -pix_fmt yuv420p -c:a pcm_s16le",
        sound=("AAC",),
        kept={"field_order": "bb"},
        note=FIELDS,
    ),
    Video("ffv1.mkv", "FFV1, RGB", "-c:v ffv1 -pix_fmt bgr0 -g 1 -c:a flac", note=EIGHT),
    Video("h263.3gp", "H.263, phone of 2005", f"-vf scale=352:288 -c:v h263 -g 10 {_AAC} -ar 48000"),
    # Containers
    Video("h264.mov", "QuickTime, PCM", f"{_B} -c:a pcm_s16be", sound=("AAC",)),
    Video("h264.mkv", "Matroska, AAC", _PLAIN),
    Video("h264-late.mkv", "Matroska, starts at 10 s", f"{_PLAIN} -output_ts_offset 10"),
    Video(
        "h264-negative.mkv",
        "Matroska, starts before 0",
        f"{_PLAIN} -output_ts_offset -0.12 -avoid_negative_ts disabled",
        moved="before time 0",
        note="all of it later by as much as it began too early",
    ),
    Video("h264.ts", "transport stream, AAC", _PLAIN),
    Video("h264-wrap.ts", "transport stream, the clock wraps", f"{_PLAIN} -output_ts_offset 95443"),
    Video(
        "h264-midstream.ts",
        "transport stream, recorded from the middle on",
        f"{_PLAIN} whole.ts\n!from-key whole.ts 1",
        frames=tuple(range(10, FRAMES)),
        note="starts at its first key frame",
    ),
    Video("h264.m2ts", "AVCHD packets", f"{_B} -c:a ac3 -mpegts_m2ts_mode 1"),
    Video("h264.flv", "Flash video", _PLAIN),
    Video(
        "h264.avi", "AVI, H.264 without B frames, MP3", f"{_X264} -bf 0 -c:a libmp3lame", segments=False, note=COUNTED
    ),
    Video(
        "h264-bframes.avi",
        "AVI, H.264 with B frames, MP3",
        f"{_B} -c:a libmp3lame",
        segments=False,
        lag=Fraction(-3, 50),
        note=COUNTED,
    ),
    Video(
        "h264-bframes.asf",
        "ASF, H.264 with B frames, AAC",
        f"{_B} -c:a wmav2",
        sound=("AAC",),
        segments=False,
        note=COUNTED,
    ),
    Video(
        "hevc-bframes.avi",
        "AVI, HEVC with B frames",
        f"{_X265}:bframes=3 -vtag HEVC -c:a libmp3lame",
        segments=False,
        lag=Fraction(-3, 50),
        note=COUNTED,
    ),
    # Time
    Video("vfr.mp4", "variable frame rate", f"{_VFR} -video_track_timescale 90000 {_PLAIN}"),
    Video("vfr.mkv", "variable frame rate, clock of 1/1000 s", f"{_VFR} {_PLAIN}"),
    Video(
        "ntsc.mp4",
        "29.97 frames a second",
        f"-r 30000/1001 -vf settb=1/30000,setpts=N*1001 -enc_time_base 1:30000 -fps_mode passthrough {_B} -an",
        sound=(),
    ),
    Video(
        "edit-list-delay.mp4",
        "edit list: the picture starts 0.48 s after the sound",
        f"!input -itsoffset 0.48\n-fps_mode passthrough {_PLAIN}",
        lag=Fraction(-48, 100),
    ),
    Video(
        "edit-list-cut.mp4",
        "edit list in the middle of a GOP",
        f"{_PLAIN} whole.mp4\n!ffmpeg -ss 0.28 -i whole.mp4 -c copy",
        frames=tuple(range(7, FRAMES)),
        note="what the edit list hides is not in the output",
    ),
    Video("late.mp4", "both tracks start at 3 s", f"{_PLAIN} -output_ts_offset 3"),
    Video(
        "restart.ts",
        "two recordings glued together",
        f"{_PLAIN} a.ts\n!cat a.ts a.ts",
        frames=(*range(FRAMES), *range(FRAMES)),
        moved="go back",
        segments=False,
        note=GLUED,
    ),
    Video(
        "restart-short.ts",
        "two recordings, the second much shorter",
        f"{_PLAIN} a.ts\n{_PLAIN} -frames:v 8 -t 0.32 b.ts\n!cat a.ts b.ts",
        frames=(*range(FRAMES), *range(8)),
        moved="go back",
        segments=False,
        note=GLUED,
    ),
    Video(
        "repeat.mkv",
        "two frames at one time",
        f"{_X264} -bf 0 {_AAC} whole.mkv\n!ffmpeg -i whole.mkv -c copy {_REPEATING}",
        moved="repeat",
        segments=False,
        note=REPEAT,
    ),
    Video(
        "repeat.flv",
        "two frames at one time",
        f"{_X264} -bf 0 {_AAC} whole.mkv\n!ffmpeg -i whole.mkv -c copy {_REPEATING}",
        moved="repeat",
        segments=False,
        note=REPEAT,
    ),
    Video("one-frame.mp4", "one frame", f"-frames:v 1 {_B} -an", frames=(0,), sound=(), segments=False),
    Video("two-frames.mp4", "two frames", f"-frames:v 2 {_B} -an", frames=(0, 1), sound=(), segments=False),
    # Shape and look
    Video(
        "rotated-90.mp4",
        "rotation of 90 degrees",
        f"{_PLAIN} plain.mp4\n!matrix plain.mp4 0 1 -1 0",
        kept={"rotation": "-90"},
    ),
    Video(
        "rotated-180.mov",
        "rotation of 180 degrees",
        f"{_PLAIN} plain.mov\n!matrix plain.mov -1 0 0 -1",
        kept={"rotation": "-180"},
    ),
    Video(
        "rotated-270.mp4",
        "rotation of 270 degrees",
        f"{_PLAIN} plain.mp4\n!matrix plain.mp4 0 -1 1 0",
        kept={"rotation": "90"},
    ),
    Video(
        "mirrored.mp4",
        "mirrored left to right (front camera)",
        f"{_PLAIN} plain.mp4\n!matrix plain.mp4 -1 0 0 1",
        note="stays mirrored",
    ),
    Video(
        "mirrored-90.mp4",
        "mirrored and rotated",
        f"{_PLAIN} plain.mp4\n!matrix plain.mp4 0 1 1 0",
        note="stays mirrored",
    ),
    Video(
        "odd.webm",
        "odd width and height",
        "-vf crop=319:239:0:0 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 10 -c:a libopus",
        note=ODD,
    ),
    Video(
        "odd-444.mp4",
        "odd width and height, 4:4:4",
        f"-vf format=yuv444p,crop=319:239:0:0:exact=1 {_B} -pix_fmt yuv444p {_AAC}",
        note=f"{EIGHT}; {ODD}",
    ),
    Video("anamorphic.mp4", "pixels of 4:3", f"-vf setsar=4/3 {_PLAIN}", kept={"sample_aspect_ratio": "4:3"}),
    Video("anamorphic.mkv", "pixels of 16:11", f"-vf setsar=16/11 {_PLAIN}", kept={"sample_aspect_ratio": "16:11"}),
    Video(
        "full-range.mp4",
        "full range",
        f"-vf scale=out_range=full -color_range pc {_PLAIN} -pix_fmt yuvj420p",
        kept={"color_range": "pc"},
    ),
    Video(
        "bt601.mp4",
        "BT.601 (PAL)",
        f"-colorspace bt470bg -color_primaries bt470bg -color_trc gamma28 {_PLAIN}",
        kept={"color_space": "bt470bg", "color_primaries": "bt470bg", "color_transfer": "bt470bg"},
    ),
    Video(
        "bt709.mp4",
        "BT.709",
        f"-colorspace bt709 -color_primaries bt709 -color_trc bt709 {_PLAIN}",
        kept={"color_space": "bt709", "color_primaries": "bt709", "color_transfer": "bt709"},
    ),
    Video(
        "bt2020.mp4",
        "BT.2020, HLG, 10 bit",
        f"-colorspace bt2020nc -color_primaries bt2020 -color_trc arib-std-b67 {_B} -pix_fmt yuv420p10le {_AAC}",
        kept=SDR,
        warns="HDR (HLG) became SDR",
        note=MAPPED,
    ),
    # More than 8 bits and 4:2:0, kept
    Video(
        "kept-10bit.mp4",
        "H.264, 10 bit",
        f"{_B} -pix_fmt yuv420p10le {_AAC}",
        options=KEEP,
        pix_fmt="yuv420p10le",
    ),
    Video("kept-422.mp4", "H.264, 4:2:2", f"{_B} -pix_fmt yuv422p {_AAC}", options=KEEP, pix_fmt="yuv422p"),
    Video(
        "kept-444-odd.mp4",
        "H.264, 4:4:4, odd width and height",
        f"-vf format=yuv444p,crop=319:239:0:0:exact=1 {_B} -pix_fmt yuv444p {_AAC}",
        options=KEEP,
        pix_fmt="yuv444p",
        note="the same size",
    ),
    Video(
        "kept-hdr10.mp4",
        "HEVC, 10 bit HDR10",
        f"{_X265} {_PQ} {_AAC}",
        kept={"color_primaries": "bt2020", "color_transfer": "smpte2084", "color_space": "bt2020nc"},
        options=KEEP,
        pix_fmt="yuv420p10le",
    ),
    Video(
        "kept-hlg.mp4",
        "BT.2020, HLG, 10 bit",
        f"-colorspace bt2020nc -color_primaries bt2020 -color_trc arib-std-b67 {_B} -pix_fmt yuv420p10le {_AAC}",
        kept={"color_space": "bt2020nc", "color_primaries": "bt2020", "color_transfer": "arib-std-b67"},
        options=KEEP,
        pix_fmt="yuv420p10le",
    ),
    Video(
        "kept-prores.mov",
        "ProRes 4:2:2 10 bit, interlaced, PCM",
        "-vf setfield=tff -c:v prores_ks -profile:v 0 -pix_fmt yuv422p10le -flags +ildct -c:a pcm_s16le",
        sound=("AAC",),
        kept={"field_order": "tt"},
        options=KEEP,
        pix_fmt="yuv422p10le",
        note=FIELDS,
    ),
    Video(
        "kept-12bit.mkv",
        "FFV1, 4:4:4 12 bit",
        "-c:v ffv1 -pix_fmt yuv444p12le -g 1 -c:a flac",
        warns="yuv444p12le in the source: x264 codes no more",
        options=KEEP,
        pix_fmt="yuv444p10le",
        note="becomes 10 bit: x264 codes no more",
    ),
    Video(
        "kept-rgb.mkv",
        "FFV1, RGB",
        "-c:v ffv1 -pix_fmt bgr0 -g 1 -c:a flac",
        options=KEEP,
        pix_fmt="yuv444p",
        note="becomes YUV",
    ),
    Video(
        "bitrate.mp4",
        "H.264, B frames",
        _PLAIN,
        options={"matchBitrate": True},
        note="the picture takes as many bits as in the source, within a tenth or so",
    ),
    # Tracks
    Video("silent.mp4", "no sound", f"{_B} -an", sound=()),
    Video(
        "languages.mkv",
        "three audio tracks: AAC, Vorbis, E-AC-3",
        f"{_B} -map 0:v {3 * ' -map 1:a'} -c:a:0 aac -c:a:1 libvorbis -c:a:2 eac3 -metadata:s:a:0 language=deu",
        sound=("copied", "AAC", "copied"),
    ),
    Video("mp3.mp4", "MP3 in MP4", f"{_B} -c:a libmp3lame"),
    Video(
        "subtitles.mkv",
        "subtitles, chapters",
        f"!input -i words.srt -i chapters.txt\n{_PLAIN} -map 0:v -map 1:a -map 2:s -c:s srt -map_metadata 3",
        note="dropped",
    ),
    Video("timecode.mov", "timecode track", f"{_PLAIN} -timecode 01:00:00:00", note="dropped"),
    Video(
        "gps.mp4",
        "GPS position, device, title",
        f"{_PLAIN} -metadata location=+48.1+011.5/ -metadata make=Phone -movflags use_metadata_tags",
        note="dropped",
    ),
    Video(
        "cover.mp4",
        "cover art",
        f"!input -i cover.png\n{_PLAIN} -map 0:v -map 1:a -map 2:v -c:v:1 png -disposition:v:1 attached_pic",
        note="dropped",
    ),
    Video("second-video.mp4", "a second video track", f"{_PLAIN} -map 0:v -map 0:v -map 1:a", note="dropped"),
    Video(
        "attachment.mkv",
        "an attached file",
        f"{_PLAIN} -attach words.srt -metadata:s:t mimetype=text/plain",
        note="dropped",
    ),
    Video(
        "damaged.mkv",
        "Matroska, a cluster is broken: frames are gone without a trace",
        f"{_PLAIN} -cluster_time_limit 400 whole.mkv\n!break-cluster whole.mkv 2",
        frames=(*range(17), *range(20, FRAMES)),
        warns="frames may be missing in 1 places",
        note="the report says where frames may be missing",
    ),
    # Refused
    Video(
        "size-changes.ts",
        "the picture's size changes",
        f"{_PLAIN} a.ts\n{_PLAIN} -s 160x120 b.ts\n!cat a.ts b.ts",
        refused=DamagedVideo,
        why="picture changes",
    ),
    Video(
        "cut-off.mp4",
        "the end of the file is missing",
        f"{_PLAIN} -movflags faststart whole.mp4\n!head whole.mp4 60000",
        refused=TruncatedVideo,
        why="cut off",
    ),
    Video("animated.gif", "a GIF", "-c:v gif -frames:v 5 -an", refused=UnreadableVideo, why="GIF"),
    Video("sound.m4a", "sound alone", f"-map 1:a {_AAC}", refused=UnreadableVideo, why="audio only"),
)

BY_NAME = {video.file: video for video in VIDEOS}
