"""Envelopes, trust chains, status lists, claims and records, by docs/formats.md alone."""

import hashlib
import re
import unicodedata
import zlib

import strict
from onebyteform import Refused, array, data, decode, encode, fields, number, text

PERMIT, PASS, STATUS, MANIFEST = range(4)
AAD = {
    "permit": b"fugong:permit:1",
    "pass": b"fugong:pass:1",
    "trust": b"fugong:trust:1",
    "status": b"",
}
CONTAINER = -65537
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def key_id(public):
    return hashlib.sha256(public).digest()[:4]


class Envelope:
    """Section 3: read in its one form; nothing verified yet."""

    def __init__(self, token, kind):
        if kind in ("permit", "pass") and len(token) > 512:
            raise Refused("longer than any permit or pass")
        if token[:1] != b"\xd2":
            raise Refused("not COSE_Sign1: tag 18 is this byte and no other")
        protected, unprotected, payload, signature = array(decode(token[1:]), 4)
        if type(unprotected) is not dict or unprotected:
            raise Refused("an unprotected header")
        typed = {16} if kind == "status" else set()
        header = fields(decode(data(protected)), {1, 4} | typed)
        if header[1] != -19 or (typed and header[16] != "application/statuslist+cwt"):
            raise Refused("another algorithm or type")
        self.id, self.kind = data(header[4], 4), kind
        self.protected, self.payload = protected, data(payload)
        self.signature = data(signature, 64)

    def signed_by(self, public, kind=None):
        aad = AAD[kind or self.kind]
        covered = encode(["Signature1", self.protected, aad, self.payload])
        return key_id(public) == self.id and strict.verifies(public, covered, self.signature)


# Section 10.


class Key:
    def __init__(self, value):
        entry = fields(value, {0, 1, 2, 3, 4, 6}, {5, 7})
        self.public = data(entry[0], 32)
        if not strict.is_key(self.public):
            raise Refused("not a public key")
        self.id, self.role = key_id(self.public), number(entry[1], 4)
        self.nbf, self.sign_until, self.exp = (number(entry[n]) for n in (2, 3, 4))
        self.revoked = number(entry[5]) if 5 in entry else None
        self.scope = [tuple(map(number, array(pair, 2))) for pair in array(entry[6])]
        self.uri = text(entry[7]) if 7 in entry else None

    def refuses(self, role, nbf, exp, sites, now):
        """The first rule that is broken, or None."""
        if self.revoked is not None and self.revoked <= now:
            return "withdrawn"
        if self.role != role:
            return "role"
        if not self.nbf <= nbf <= self.sign_until:
            return "window"
        if exp > self.exp:
            return "outlives"
        if not all(any(a <= site <= b for a, b in self.scope) for site in sites):
            return "scope"
        return "ended" if now >= self.exp else None


class TrustList:
    def __init__(self, payload):
        claims = fields(decode(payload), {4, 6, CONTAINER})
        self.exp, self.iat = number(claims[4]), number(claims[6])
        inner = fields(claims[CONTAINER], {0, 1, 2, 3, 4, 5}, {6, 7})
        if inner[0] != 1:
            raise Refused("another form")
        self.version, self.hosts = number(inner[1]), [text(host) for host in array(inner[2])]
        self.keys = [Key(entry) for entry in array(inner[3])]
        ids = [key.id for key in self.keys]
        if ids != sorted(ids):
            raise Refused("keys out of order")
        self.root, self.number = data(inner[4], 32), number(inner[5], 2**32)
        self.previous = data(inner[6], 32) if 6 in inner else None
        if not all(strict.is_key(root) for root in (self.root, self.previous) if root):
            raise Refused("a root that is no key")
        if 7 in inner and inner[7] is not True:
            raise Refused("false is never written")
        self.sample = 7 in inner

    def check(self):
        good = self.exp > self.iat and self.previous != self.root
        good &= all(re.fullmatch(r"[a-z0-9.:\[\]-]+", host) for host in self.hosts)
        good &= len({key.id for key in self.keys}) == len(self.keys)
        uris = [key.uri for key in self.keys if key.uri is not None]
        good &= len(set(uris)) == len(uris) and all(uris)
        for key in self.keys:
            good &= key.public not in (self.root, self.previous)
            good &= key.nbf <= key.sign_until <= key.exp
            good &= bool(key.scope) and all(a <= b for a, b in key.scope)
            good &= (key.role in (PERMIT, PASS)) == (key.uri is not None)
        if not good:
            raise Refused("a faulty list")

    def find(self, identifier):
        return next((key for key in self.keys if key.id == identifier), None)


def follow(root, samples, chain):
    """The newest list under the root with this fingerprint, and that list's root."""
    held = None
    newest = None
    for link in array(decode(chain)):
        envelopes = [Envelope(data(item), "trust") for item in array(link)]
        if not envelopes:
            raise Refused("an empty link")
        first = envelopes[0]
        found = TrustList(first.payload)
        newest = found.version
        if held and found.version < held.version:
            continue
        if held and found.version == held.version:
            if first.payload != encode_list(held):
                raise Refused("two lists of one version")
            continue
        hands_over = found.previous is not None and fingerprint(found.previous) == root
        if fingerprint(found.root) != root and not hands_over:
            if held is None:
                continue
            raise Refused("another root")
        if not first.signed_by(found.root):
            raise Refused("a bad signature")
        if hands_over:
            if len(envelopes) < 2 or not envelopes[1].signed_by(found.previous):
                raise Refused("the root before did not sign")
            if envelopes[1].payload != first.payload:
                raise Refused("the signatures cover different lists")
        if held and found.number != held.number + hands_over:
            raise Refused("a change of root is missing")
        found.check()
        if found.sample and not samples:
            raise Refused("a sample town's list")
        found.payload = first.payload
        held, root = found, fingerprint(found.root)
    if held is None or newest is None or newest < held.version:
        raise Refused("no list under this root, or an older one")
    return held, root


def encode_list(held):
    return held.payload


def fingerprint(public):
    return hashlib.sha256(public).hexdigest()


# Section 9.


class StatusList:
    def __init__(self, token, trust, of, now):
        envelope = Envelope(token, "status")
        key = trust.find(envelope.id)
        if key is None or not envelope.signed_by(key.public):
            raise Refused("not signed by a listed key")
        claims = fields(decode(envelope.payload), {2, 4, 6, 65533, 65534, CONTAINER})
        inner = fields(claims[CONTAINER], {0, 1, 2})
        if inner[0] != 1:
            raise Refused("another version")
        self.seq, self.entries = number(inner[1]), number(inner[2], 2**24 + 1)
        self.exp, self.iat, self.ttl = (number(claims[n]) for n in (4, 6, 65534))
        packed = fields(claims[65533], {"lst", "bits"})
        size = (self.entries + 3) // 4
        if packed["bits"] != 2 or self.exp < self.iat:
            raise Refused("not a list of ours")
        inflater = zlib.decompressobj()
        try:
            self.packed = inflater.decompress(data(packed["lst"]), size + 1)
        except zlib.error as error:
            raise Refused("not compressed") from error
        if len(self.packed) != size or not inflater.eof:
            raise Refused("another size than declared")
        covered = all(any(a <= f and t <= b for a, b in key.scope) for f, t in of.scope)
        if key.refuses(STATUS, self.iat, self.exp, [], now) or not covered:
            raise Refused("the key may not sign this list")
        if text(claims[2]) != of.uri:
            raise Refused("another list")

    def get(self, index):
        if index >= self.entries:
            return None
        return self.packed[index // 4] >> index % 4 * 2 & 3

    def band(self, age, grace):
        life = self.exp - self.iat
        if age <= life:
            return "usable"
        return "grace" if age <= grace else "too old"


# Sections 4, 5 and 11.


def name(value):
    chars = text(value)
    unfit = "\u061c\u200e\u200f\u2028\u2029\u00ad\u200b\ufeff"
    ranges = [(0x202A, 0x202E), (0x2066, 0x2069), (0x2060, 0x2064), (0x206A, 0x206F)]
    ranges += [(0xFFF9, 0xFFFB), (0xE0000, 0xE007F)]
    if not 1 <= len(chars.encode()) <= 120 or chars != chars.strip():
        raise Refused("a name of another length, or with white space at its ends")
    for char in chars:
        hidden = char in unfit or any(a <= ord(char) <= b for a, b in ranges)
        if hidden or unicodedata.category(char) == "Cc":
            raise Refused("a character that hides")
    return chars


def subject(value):
    code = text(value)
    if code.startswith("NOCODE-"):
        good = re.fullmatch(f"NOCODE-[{CROCKFORD}]{{10}}", code)
    else:
        good = re.fullmatch(f"[{USCC}]{{18}}", code)
        total = sum(USCC.index(char) * 3**place for place, char in enumerate(code[:17]) if good)
        good = good and USCC[(31 - total % 31) % 31] == code[17]
    if not good:
        raise Refused("neither a credit code nor its stand-in")


def mode(value):
    kind = number(array(value)[0] if array(value) else None)
    if kind > 2 or len(value) != (2 if kind == 1 else 1):
        raise Refused("an unknown mode")
    if kind == 1:
        number(value[1], 2**32)
    return value


def container(payload):
    claims = decode(payload)
    inner = claims.get(CONTAINER) if type(claims) is dict else None
    if type(inner) is not dict or inner.get(0) != 1 or type(inner[0]) is not int:
        raise Refused("another version")
    claims = fields(claims, {2, 4, 5, 7, CONTAINER})
    nbf, exp = number(claims[5]), number(claims[4])
    if nbf >= exp:
        raise Refused("ends before it begins")
    data(claims[7], 8)
    return claims, nbf, exp


def read_permit(payload):
    claims, nbf, exp = container(payload)
    inner = fields(claims[CONTAINER], set(range(8)))
    subject(claims[2])
    name(inner[1])
    number(inner[3], 4)
    route, posts, version = array(inner[6], 3)
    number(route, 5), number(posts, 16), number(version, 2**32), data(inner[7], 16)
    return {
        "role": PERMIT,
        "span": (nbf, exp),
        "sites": [number(inner[2])],
        "index": number(inner[4], 2**32),
        "mode": mode(inner[5]),
    }


def read_pass(payload):
    claims, nbf, exp = container(payload)
    inner = fields(claims[CONTAINER], set(range(6)))
    if not re.fullmatch(r"[A-Z0-9-]{1,24}", text(claims[2])):
        raise Refused("a worker number of another form")
    name(inner[1]), name(inner[2])
    sites = [number(site) for site in array(inner[5])]
    if any(a >= b for a, b in zip(sites, sites[1:])):
        raise Refused("sites out of order")
    return {
        "role": PASS,
        "span": (nbf, exp),
        "sites": sites,
        "index": number(inner[3], 2**32),
        "mode": [0],
        "lineage": data(inner[4], 8),
    }


def read_register(records):
    """Permits by serial. Keys that only inform are skipped."""
    permits = {}
    for serial, value in decode(records).items():
        entry = decode(value)
        if number(entry[0]) != 1:
            raise Refused("a record of another version")
        permits[data(serial, 8)] = {
            "role": PERMIT,
            "span": (number(entry[6]), number(entry[7])),
            "sites": [number(entry[8])],
            "index": number(entry[4], 2**32),
            "mode": mode(entry[9]),
            "key": data(entry[5], 4),
            "lineage": data(entry[3], 8),
        }
    return permits


def read_roster(records):
    """People by the reference on their pass."""
    people = {}
    for value in decode(records).values():
        entry = decode(value)
        if number(entry[0]) != 1:
            raise Refused("a record of another version")
        if 9 not in entry:
            continue
        link = array(entry[10], 3) if 10 in entry else None
        people[data(entry[9], 8)] = link and {
            "role": PASS,
            "span": None,
            "sites": [number(site) for site in array(entry.get(11, []))],
            "index": number(link[1], 2**32),
            "mode": [0],
            "key": data(link[2], 4),
            "lineage": data(entry[6], 8),
        }
    return people
