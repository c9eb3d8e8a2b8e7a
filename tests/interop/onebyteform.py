"""Deterministic CBOR: cbor2 reads, the writer here writes again, and the two must agree."""

import io

import cbor2


class Refused(Exception):
    """Not what the format says."""


def head(major, number):
    for size, mark in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if number < 24:
            return bytes([major << 5 | number])
        if number < 256**size:
            return bytes([major << 5 | mark]) + number.to_bytes(size, "big")
    raise Refused("a number beyond 64 bits")


def encode(value, depth=0):
    if depth > 16:
        raise Refused("nested too deeply")
    if value is None:
        return b"\xf6"
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        text = value.encode()
        return head(3, len(text)) + text
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(encode(item, depth + 1) for item in value)
    if isinstance(value, dict):
        pairs = sorted((encode(k, depth + 1), encode(v, depth + 1)) for k, v in value.items())
        return head(5, len(pairs)) + b"".join(k + v for k, v in pairs)
    raise Refused(f"a value of a kind that is never written: {type(value).__name__}")


def decode(data):
    """Exactly one value in its one byte form: a key given twice, too, comes back shorter."""
    try:
        value = cbor2.CBORDecoder(io.BytesIO(data)).decode()
        again = encode(value)
    except Refused:
        raise
    except Exception as error:  # whatever the library says of bytes that are no CBOR
        raise Refused(f"not CBOR: {error}") from error
    if again != data:
        raise Refused("not in the one byte form")
    return value


def number(value, below=2**64):
    if type(value) is not int or not 0 <= value < below:
        raise Refused("an unsigned integer is wanted")
    return value


def text(value):
    if type(value) is not str:
        raise Refused("text is wanted")
    return value


def data(value, length=None):
    if type(value) is not bytes or (length is not None and len(value) != length):
        raise Refused("bytes are wanted")
    return value


def array(value, length=None):
    if type(value) is not list or (length is not None and len(value) != length):
        raise Refused("an array is wanted")
    return value


def fields(value, required, optional=()):
    """A map that has all of the required keys, and no key beside these and the optional ones."""
    if type(value) is not dict:
        raise Refused("a map is wanted")
    keys = set(value)
    if not set(required) <= keys or not keys <= set(required) | set(optional):
        raise Refused("keys missing or unknown")
    return value
