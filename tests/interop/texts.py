"""What a scanned or typed text is: sections 6, 7 and 8 of docs/formats.md."""

import base64
import ipaddress
import re

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
WIDTHS = {3: 1, 5: 2, 8: 3, 10: 4, 13: 5, 15: 6, 17: 7}
START = b"\xd2\x84"


def digits(text):
    """The bytes, or None."""
    if not re.fullmatch("[0-9]*", text):
        return None
    out = b""
    for at in range(0, len(text), 17):
        group = text[at : at + 17]
        size = WIDTHS.get(len(group))
        if size is None or int(group) >= 256**size:
            return None
        out += int(group).to_bytes(size, "little")
    return out


def base64url(text):
    if not re.fullmatch("[A-Za-z0-9_-]*", text) or len(text) % 4 == 1:
        return None
    out = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    stray = base64.urlsafe_b64encode(out).rstrip(b"=").decode() != text
    return None if stray else out


def token(text):
    found = digits(text) if re.fullmatch("[0-9]*", text) else base64url(text)
    return found or None


def typed(text, prefix, offset):
    """The eight bytes of a check number or reference, or None."""
    plain = ""
    for char in text:
        if "\uff01" <= char <= "\uff5e":
            char = chr(ord(char) - 0xFEE0)
        if char.isspace() or char in "-_.\u3002\u2212" or "\u2010" <= char <= "\u2015":
            continue
        plain += char.upper() if char.isascii() else char
    if len(plain) == 15 + len(prefix) and plain.startswith(prefix):
        plain = plain[len(prefix) :]
    plain = plain.replace("I", "1").replace("L", "1").replace("O", "0")
    if len(plain) != 15 or any(char not in CROCKFORD for char in plain):
        return None
    whole = 0
    for char in plain:
        whole = whole * 32 + CROCKFORD.index(char)
    number, check = whole >> 10, whole & 1023
    if number >= 2**64 or check != (number % 1021 + offset) % 1021:
        return None
    return number.to_bytes(8, "big")


def host(scheme, authority):
    """The host as the trust list would name it, or None where it isn't as placards have it."""
    match = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]+))?", authority)
    if not match:
        return None
    name, port = match.groups()
    usual = {"https": "443", "http": "80"}.get(scheme)
    if usual is None or port == usual:
        return None
    if port is not None and not (0 < int(port) < 65536 and str(int(port)) == port):
        return None
    if scheme == "http":
        return authority if name in ("127.0.0.1", "localhost", "[::1]") else None
    if name.startswith("["):
        try:
            return authority if str(ipaddress.IPv6Address(name[1:-1])) == name[1:-1] else None
        except ValueError:
            return None
    label = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
    fits = len(name) <= 253 and re.fullmatch(rf"{label}(\.{label})*", name)
    return authority if fits else None


def read(text):
    """(kind, …): the sorting of section 8."""
    text = text.strip()
    if len(text.encode()) > 8192:
        return ("other",)
    lowered = "".join(c.lower() if c.isascii() else c for c in text)
    lettered = text if re.search("[a-z]", text) else lowered
    if "://" in lettered:
        scheme, rest = lettered.split("://", 1)
        authority, slash, path = rest.partition("/")
        named = host(scheme, authority)
        if slash and named and re.fullmatch("v/[A-Za-z0-9_-]*", path):
            found = token(path[2:])
            return ("placard", named, found) if found else ("damaged link", named)
        for run in re.split("[^A-Za-z0-9_-]", rest):
            found = token(run)
            if found and found.startswith(START):
                return ("odd link", found)
        return ("other",)
    for prefix, kind in (("FG1:", "token"), ("FGS:", "status")):
        if text[:4].upper() == prefix:
            found = token(text[4:])
            return (kind, found) if found else ("damaged",)
    found = token(text)
    if found and found.startswith(START):
        return ("token", found)
    for kind, prefix, offset in (("serial", "FG", 0), ("reference", "P", 511)):
        number = typed(text, prefix, offset)
        if number:
            return (kind, number)
    return ("other",)
