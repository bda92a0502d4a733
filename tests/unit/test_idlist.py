import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.errors import InvalidIdList
from redactor.idlist import MAX_BYTES, NAMED, check_ids, parse_id_list


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b" \r\n\t\r\n", b"\n,\n", "\ufeff\r\n".encode("utf-16-le")])
def test_a_blank_list_means_all_faces(data):
    assert parse_id_list(data) is None


@pytest.mark.parametrize(
    "data",
    [
        b"1\n22\n7\n",
        b"1\r\n22\r\n7",
        b"1\r22\r7\r",
        b"\xef\xbb\xbf1\n22\n7\n",
        b"1, 22,7",
        b"  1 22\t7 \n\n",
        b"7\n1\n22\n7\n1\n",
        b"000001\n000022\n000007",
        "1\r\n22\r\n7\r\n".encode("utf-16"),
        "1\r\n22\r\n7\r\n".encode("utf-16-le"),
    ],
)
def test_ids_are_read_however_the_list_is_typed(data):
    assert parse_id_list(data) == {1, 7, 22}


@given(st.sets(st.integers(1, 999_999), min_size=1), st.sampled_from(["\n", "\r\n", ",", ", ", " ", "\t"]))
def test_every_id_in_the_list_is_found(ids, between):
    assert parse_id_list(between.join(map(str, ids)).encode()) == ids


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"1\n2\n12abc\n", 3),
        (b"1\r\n-2\r\n", 2),
        (b"1;2", 1),
        (b"1\n\n\n1.5", 4),
        (b"# ids\n1", 1),
        ("1\n٣\n".encode(), 2),
        ("1\n\uff12\n".encode(), 2),
        (b"1\n\x00\x00\n2\n3", 2),
        (b"1\n2\n\xff\xfe\n", 3),
        (b"1\n" + b"9" * 6000, 2),
        (b"1 2 +3", 1),
        (b"1_000", 1),
    ],
)
def test_a_bad_line_is_named_by_its_number(data, line):
    with pytest.raises(InvalidIdList) as caught:
        parse_id_list(data)
    assert caught.value.field == f"line {line}"
    assert f"line {line} " in caught.value.message
    assert len(caught.value.message) < 120


def test_ten_megabytes_are_read_quickly():
    data = b"123456\r\n" * 1_250_000
    before = time.process_time()
    assert parse_id_list(data) == {123456}
    assert time.process_time() - before < 5


def test_more_is_refused():
    with pytest.raises(InvalidIdList, match="bytes"):
        parse_id_list(b"1\n" * MAX_BYTES)


def test_known_ids_pass():
    check_ids({1, 3}, [1, 2, 3])
    check_ids(None, [])


def test_every_unknown_id_is_named():
    with pytest.raises(InvalidIdList) as caught:
        check_ids({1, 9, 14}, {1, 2})
    assert caught.value.field == "9, 14"
    assert "9, 14" in caught.value.message
    assert caught.value.allowed == ("1", "2")


def test_a_long_list_of_wrong_ids_still_gives_a_readable_message():
    with pytest.raises(InvalidIdList) as caught:
        check_ids(range(5000), {10_000})
    assert f"and {5000 - NAMED} more" in caught.value.message
    assert len(caught.value.message) < 1000
