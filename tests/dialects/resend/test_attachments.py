"""Attachments in every form of the SDKs, within bounds."""

import base64
import tracemalloc
from collections.abc import Callable
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.errors import Invalid, TooLarge
from dialects.endpoint import MIB
from dialects.resend.attachments import LIMIT_BYTES, File, attachments

_FORMS: dict[str, Callable[[bytes], object]] = {
    "base64": lambda data: base64.b64encode(data).decode(),
    "lines": lambda data: base64.encodebytes(data).decode(),
    "array": list,
    "buffer": lambda data: {"type": "Buffer", "data": list(data)},
}
_DECODER = msgspec.json.Decoder(File)


def _file(**held: object) -> File:
    return _DECODER.decode(msgspec.json.encode(held))


@pytest.mark.parametrize("form", _FORMS)
@given(data=some.binary(min_size=1, max_size=300))
def test_every_form_gives_the_bytes(form: str, data: bytes) -> None:
    """Base64 in one line or several, an array and a Buffer all say the same."""
    (made,) = attachments([_file(filename="a.txt", content=_FORMS[form](data))])
    assert data == made.data


@pytest.mark.parametrize(
    ("given_", "filename", "content_type"),
    [
        ({"path": "https://files.example/a/invoice%20one.pdf?x=1"}, "invoice one.pdf", "application/pdf"),
        ({"path": "https://files.example/"}, "attachment", "application/octet-stream"),
        ({"path": "http://files.example/a.bin", "filename": "b.csv"}, "b.csv", "text/csv"),
        ({"path": "https://files.example/x", "filename": False}, "x", "application/octet-stream"),
        ({"path": "https://files.example/x", "content_type": "image/gif"}, "x", "image/gif"),
    ],
)
def test_by_address(given_: dict[str, object], filename: str, content_type: str) -> None:
    """A file to fetch is named after its address where it has no name."""
    (made,) = attachments([_file(**given_)])
    assert (filename, content_type, None) == (made.filename, made.content_type, made.data)
    assert given_["path"] == made.url


def test_content_wins_over_path() -> None:
    """With both, nothing is fetched."""
    (made,) = attachments([_file(filename="a.txt", content="YQ==", path="https://files.example/x")])
    assert (b"a", "") == (made.data, made.url)


def test_content_id_wins_over_its_older_name() -> None:
    """The Go SDK knows both."""
    (made,) = attachments(
        [_file(filename="a.png", content="YQ==", content_id="new", inline_content_id="old")]
    )
    assert "new" == made.content_id


@pytest.mark.parametrize("content_id", ["x" * 128, "\U0001f600" * 127])
def test_a_content_id_fits_on_its_line(content_id: str) -> None:
    """In the letters that are written, of which one of the caller's may need twelve."""
    with pytest.raises(Invalid):
        attachments([_file(filename="a.png", content="YQ==", content_id=content_id)])


@pytest.mark.parametrize("filename", ["a.exe", "a.EXE", ".exe", "a.exe.", "a.exe ", "a.b.exe. ."])
def test_a_blocked_type_is_seen(filename: str) -> None:
    """Whatever its case, and behind what Windows leaves away."""
    with pytest.raises(Invalid):
        attachments([_file(filename=filename, content="YQ==")])


@given(some.binary(max_size=40))
def test_any_content(raw: bytes) -> None:
    """Whatever stands for the content, it is bytes or refused."""
    text = msgspec.json.encode({"filename": "a.txt", "content": raw.decode("utf-8", "replace")})
    with suppress(Invalid):
        attachments([_DECODER.decode(text)])


def test_all_together_are_bounded() -> None:
    """Forty megabytes are counted after base64."""
    quarter = "A" * (LIMIT_BYTES // 4)
    assert 4 == len(attachments([_file(filename="a", content=quarter) for _ in range(4)]))
    with pytest.raises(TooLarge):
        attachments(
            [_file(filename="a", content=quarter) for _ in range(4)] + [_file(filename="a", content="YWFh")]
        )


@pytest.mark.parametrize(("form", "bodies"), [("base64", 2), ("lines", 4), ("array", 4)])
def test_memory(form: str, bodies: int) -> None:
    """Decoding a large file takes less than so many times its body, that body included, and lets the body go."""
    raw = msgspec.json.encode({"filename": "a.bin", "content": _FORMS[form](bytes(range(256)) * 4096 * 4)})
    size = len(raw)
    tracemalloc.start()
    try:
        file = _DECODER.decode(memoryview(raw).tobytes())
        made = attachments([file])
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 4 * MIB == made[0].size_bytes
    assert peak < bodies * size
    assert now < 4 * MIB + size // 10
