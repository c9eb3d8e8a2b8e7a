"""Ed25519 as the format wants it: OpenSSL's check (cofactorless, S below the order), and on top
of it no public key and no R of small order."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


def point(encoded):
    """Affine coordinates, or None where there is no such point (RFC 8032, 5.1.3)."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number % 2**255 % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square:
        return None
    return (P - x if x % 2 != sign else x) % P, y


def doubled(one):
    x, y = one
    bend = D * x * x * y * y % P
    return (
        2 * x * y * pow(1 + bend, -1, P) % P,
        (y * y + x * x) * pow(1 - bend, -1, P) % P,
    )


def is_small(one):
    """Whether eight times the point is the neutral one."""
    for _ in range(3):
        one = doubled(one)
    return one == (0, 1)


def is_key(public):
    one = point(public)
    return one is not None and not is_small(one)


def verifies(public, message, signature):
    if len(public) != 32 or len(signature) != 64 or not is_key(public):
        return False
    r = point(signature[:32])
    if r is None or is_small(r):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
