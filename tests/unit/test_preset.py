import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.errors import InvalidPreset
from redactor.preset import (
    MAX_BYTES,
    BlurType,
    Detector,
    Experimental,
    Mode,
    Preset,
    Resolution,
    describe,
    parse_preset,
    preset_from,
    with_mode,
)

OLD = "{'version':'1.0', 'options': {'Mode': 'Combined', 'BlurType': 'High'}}"
LATER = """{"@odata.type":"#Microsoft.Media.FaceDetectorPreset","mode":"Combined","blurType":"High",
            "resolution":"StandardDefinition","experimentalOptions":{"thumbnails": "true"}}"""

presets = st.builds(
    Preset,
    mode=st.sampled_from(Mode),
    blur=st.sampled_from(BlurType),
    blur_from=st.just("preset"),
    resolution=st.sampled_from(Resolution),
    detection_rate=st.none() | st.fractions(Fraction(1, 100), 1000, max_denominator=1001),
    experimental=st.builds(
        Experimental,
        thumbnails=st.booleans(),
        redact_again=st.booleans(),
        segment_seconds=st.fractions(Fraction(1, 100), 86400, max_denominator=1001),
        detector=st.sampled_from(Detector),
    ),
)


def refusal(text):
    with pytest.raises(InvalidPreset) as caught:
        parse_preset(text, "foo_preset.json")
    assert "foo_preset.json" in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    "text", ["{}", "{'version':'1.0', 'options': {'mode':'combined'}}", '{"options": null}', '{"version": 1}']
)
def test_without_options_it_is_combined_with_med(text):
    preset = parse_preset(text, "x")
    assert (preset.mode, preset.blur, preset.blur_from) == (Mode.COMBINED, BlurType.MED, "default")
    assert preset.warnings == ()


def test_the_old_shape_is_read():
    assert parse_preset(OLD, "x") == Preset(Mode.COMBINED, BlurType.HIGH, "preset")


def test_the_later_shape_is_read():
    assert parse_preset(LATER, "x") == Preset(
        Mode.COMBINED,
        BlurType.HIGH,
        "preset",
        resolution=Resolution.STANDARD,
        experimental=Experimental(thumbnails=True),
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_byte_order_mark_or_utf_16_does_no_harm(encoding):
    assert parse_preset(OLD.encode(encoding), "x").blur is BlurType.HIGH


@given(presets, st.sampled_from([str.upper, str.lower, str.title, str.swapcase]))
def test_any_case_of_keys_and_values_means_the_same(preset, change):
    assert preset_from(recased(describe(preset), change), "x") == preset


def recased(doc, change):
    if isinstance(doc, dict):
        return {change(key): recased(value, change) for key, value in doc.items()}
    return change(doc) if isinstance(doc, str) else doc


@given(presets)
def test_a_preset_as_understood_is_understood_again(preset):
    assert parse_preset(json.dumps(describe(preset)), "x") == preset
    assert parse_preset(repr({"version": "1.0", "options": describe(preset)}), "x") == preset


@pytest.mark.parametrize("words", [Mode, BlurType, Resolution, Detector])
def test_an_unknown_word_is_refused_with_the_words_that_are_allowed(words):
    key = {Mode: "Mode", BlurType: "BlurType", Resolution: "resolution", Detector: "detector"}[words]
    options = {"experimentalOptions": {key: "Bogus"}} if words is Detector else {key: "Bogus"}
    error = refusal(json.dumps({"version": "1.0", "options": options}))
    assert error.allowed == tuple(words)
    assert error.field.startswith("options.")
    assert error.field.endswith(key)
    assert "'Bogus'" in error.message
    assert all(word in error.message for word in words)


@pytest.mark.parametrize("value", [5, True, ["High"], {"High": 1}, "", "Medium"])
def test_a_blur_type_that_is_no_known_word_is_refused(value):
    assert refusal(json.dumps({"blurType": value})).allowed == tuple(BlurType)


def test_an_unknown_option_is_a_warning_that_names_it():
    preset = parse_preset('{"mode": "analyze", "options": {"Sparkle": 1, "experimentalOptions": {"glitter": 2}}}', "x")
    assert preset.mode is Mode.ANALYZE
    assert len(preset.warnings) == 2
    assert "options.Sparkle" in preset.warnings[0]
    assert "options.experimentalOptions.glitter" in preset.warnings[1]


def test_another_version_is_a_warning():
    assert "'2.0'" in parse_preset('{"version": "2.0"}', "x").warnings[0]


@pytest.mark.parametrize(
    "text",
    [
        '{"mode": "analyze", "Mode": "combined"}',
        '{"mode": "analyze", "options": {"mode": "combined"}}',
        '{"mode": "analyze", "mode": "combined"}',
    ],
)
def test_an_option_given_twice_is_refused(text):
    assert "twice" in refusal(text).message


@pytest.mark.parametrize(
    ("text", "where"),
    [("", "line 1, column 1"), ("combined", "line 1, column 1"), ("{'mode':\n  combined}", "line 2, column 3")],
)
def test_what_is_not_json_is_refused_by_line_and_column(text, where):
    error = refusal(text)
    assert error.field == where
    assert where in error.message


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[]", None),
        ('"combined"', None),
        ('{"options": "combined"}', "options"),
        ('{"experimentalOptions": []}', "experimentalOptions"),
        ('{"@odata.type": "#Microsoft.Media.StandardEncoderPreset"}', "@odata.type"),
        ('{"experimentalOptions": {"thumbnails": "yes"}}', "experimentalOptions.thumbnails"),
    ],
)
def test_another_shape_is_refused_by_field(text, field):
    assert refusal(text).field == field


@pytest.mark.parametrize(
    ("value", "rate"), [(5, 5), (29.97, Fraction(2997, 100)), ("30000/1001", Fraction(30000, 1001)), (None, None)]
)
def test_the_detection_frame_rate_is_exact(value, rate):
    assert parse_preset(json.dumps({"options": {"DetectionFrameRate": value}}), "x").detection_rate == rate


@pytest.mark.parametrize(
    "value", ["0", "-1", "1e999", "1e9", '"5/0"', '"five"', "true", "NaN", "1001", "[]", '"1e999999999"']
)
def test_a_rate_that_is_no_sensible_number_is_refused(value):
    assert refusal(f'{{"DetectionFrameRate": {value}}}').field == "DetectionFrameRate"


def test_an_oversized_preset_is_refused_unread():
    assert str(MAX_BYTES) in refusal(b"[" * (MAX_BYTES + 1)).message


def test_a_redact_started_by_an_id_list_keeps_all_but_the_mode():
    before = parse_preset('{"mode": "analyze", "blurType": "Black", "sparkle": 1}', "x")
    after = with_mode(before, Mode.REDACT)
    assert after.mode is Mode.REDACT
    assert (after.blur, after.blur_from, after.warnings) == (BlurType.BLACK, "preset", before.warnings)
