"""Judges the public vectors by an implementation of its own: docs/formats.md in Python, on cbor2
and OpenSSL. Prints what differs, and ends with 1 if anything does.

    check.py FOLDER     the folder that holds credential.json and foreign-texts.json
"""

import json
import pathlib
import sys

import strict
import texts
from objects import (
    MANIFEST,
    PASS,
    PERMIT,
    STATUS,
    Envelope,
    StatusList,
    follow,
    read_pass,
    read_permit,
    read_register,
    read_roster,
)
from onebyteform import Refused

BAD = {1: "revoked", 2: "suspended", 3: "superseded"}
FOR_GOOD = {"unknown_key", "key_withdrawn", "key_not_entitled", *BAD.values()}
# Which of several permits of one lineage speaks for a pass, the best first.
ORDER = [
    "valid",
    "conditional",
    "stale",
    "clock_uncertain",
    "suspended",
    "remote_only",
    "not_yet",
    "revoked",
    "expired",
    "wrong_site",
    "superseded",
]


def rank(verdict):
    return ORDER.index(verdict) if verdict in ORDER else ORDER.index("wrong_site")


def attempt(work, *arguments):
    try:
        return work(*arguments)
    except Refused:
        return None


class Court:
    """What one case knows, and section 16 by it."""

    def __init__(self, vectors, case):
        self.now, self.elapsed = case["now"], case["elapsed_seconds"]
        self.clock, self.gate = case["clock_trusted"], case["gate"]
        self.trust, self.statuses = None, {}
        if case["trust"] is not None:
            told = vectors["trust"][case["trust"]]
            chain = texts.base64url(told["chain"])
            self.trust, _ = follow(told["root"], False, chain)
        for name in case["status_lists"] if self.trust else []:
            held = vectors["status_lists"][name]
            of = self.trust.find(bytes.fromhex(held["of"]))
            token = texts.base64url(held["token"])
            found = of and attempt(StatusList, token, self.trust, of, self.now)
            if found:
                self.statuses[of.id] = found
        self.register = self.roster = None
        if case["register"] is not None:
            self.register = read_register(texts.base64url(vectors["registers"][case["register"]]))
        if case["roster"] is not None:
            self.roster = read_roster(texts.base64url(vectors["rosters"][case["roster"]]))

    def judge(self, text):
        kind, *rest = texts.read(text)
        if kind in ("other", "status"):
            return "not_permit"
        if kind == "damaged":
            return "forged"
        if kind == "damaged link":
            return self.unreadable(rest[0])
        if kind == "serial":
            return self.serial(rest[0])
        if kind == "reference":
            return self.reference(rest[0])
        if kind == "placard":
            return self.token(rest[1], rest[0])
        return self.token(rest[0], None if kind == "token" else "")

    def official(self, host):
        """`None`: no link. An odd link has the empty host, which no list names."""
        return host is None or host in self.trust.hosts

    def unreadable(self, host):
        ours = host != "" and (self.trust is None or self.official(host))
        return "forged" if ours else "not_permit"

    def token(self, token, host):
        envelope = attempt(Envelope, token, "permit")
        if envelope is None:
            return self.unreadable(host)
        key = self.trust and self.trust.find(envelope.id)
        if not key:
            return "unknown_key"
        if key.role in (STATUS, MANIFEST):
            genuine = any(envelope.signed_by(key.public, kind) for kind in ("permit", "pass"))
            return "key_not_entitled" if genuine else "forged"
        kind, read = ("permit", read_permit) if key.role == PERMIT else ("pass", read_pass)
        if not envelope.signed_by(key.public, kind):
            return "forged"
        if not self.official(host):
            return "foreign_link"
        claims = attempt(read, envelope.payload)
        if claims is None:
            return "update_gate"
        return self.facts({**claims, "key": envelope.id})

    def serial(self, serial):
        if self.trust is None:
            return "unknown_key"
        record = (self.register or {}).get(serial)
        if record is None:
            return "not_permit"
        verdict = self.facts(record)
        return "conditional" if verdict == "valid" else verdict

    def reference(self, reference):
        if self.trust is None:
            return "unknown_key"
        if reference not in (self.roster or {}):
            return "not_on_roster"
        person = self.roster[reference]
        return self.facts(person) if person else "pass_lost"

    def facts(self, facts):
        """Steps 6 to 15."""
        key = self.trust.find(facts["key"])
        if key is None:
            return "unknown_key"
        span = facts["span"] or (key.nbf, key.exp)
        refusal = key.refuses(facts["role"], *span, facts["sites"], self.now)
        if refusal == "withdrawn":
            return "key_withdrawn"
        if refusal not in (None, "ended"):
            return "key_not_entitled"
        held = self.statuses.get(facts["key"])
        state = held.get(facts["index"]) if held else None
        if state:
            return "pass_lost" if facts["role"] == PASS else BAD[state]
        behind = self.behind(facts) if facts["role"] == PASS else None
        if behind in FOR_GOOD:
            return behind
        if not self.clock:
            return "clock_uncertain"
        if facts["span"] and self.now < span[0]:
            return "not_yet"
        if self.now >= span[1]:
            return "expired"
        unplaced = facts["role"] == PASS and not facts["sites"]
        if self.gate and not unplaced and not set(facts["sites"]) & set(self.gate["sites"]):
            return "wrong_site"
        if facts["mode"] == [2]:
            return "remote_only"
        own = self.ages(held, state)
        if behind is not None and rank(behind) > rank(own):
            return behind
        return own

    def behind(self, facts):
        """The verdict on a pass's permit, where there is a register to ask."""
        if self.register is None:
            return None
        records = self.register.values()
        permits = [self.facts(r) for r in records if r["lineage"] == facts["lineage"]]
        return min(permits, key=rank, default="wrong_site")

    def ages(self, held, state):
        if held is None or state is None or self.now >= self.trust.exp:
            return "stale"
        age = max(self.now - held.iat, 0, self.elapsed)
        grace = self.gate["offline_grace_seconds"] if self.gate else 0
        bands = {"usable": "valid", "grace": "conditional", "too old": "stale"}
        return bands[held.band(age, grace)]


def differences(folder):
    """Pairs of a name and what differs; every comparison made is counted in the first place."""
    vectors = json.loads((folder / "credential.json").read_text())
    foreign = json.loads((folder / "foreign-texts.json").read_text())["texts"]
    edges = json.loads((folder / "ed25519-edge-cases.json").read_text())["cases"]
    usual = next(case for case in vectors["cases"] if case["gate"])
    for case in vectors["cases"]:
        yield case["name"], case["verdict"], Court(vectors, case).judge(case["text"])
    for specimen in foreign:
        for gate in (usual["gate"], None):
            found = Court(vectors, {**usual, "gate": gate}).judge(specimen["text"])
            yield specimen["what"], "not_permit", found
    for case in vectors["chains"]:
        chain = texts.base64url(case["chain"])
        found = attempt(follow, case["root"], case["samples"], chain)
        found = found and {"version": found[0].version, "root": found[1]}
        yield case["name"], case["accepted"], found
    for case in vectors["lists"]:
        told = vectors["trust"][case["trust"]]
        trust, _ = follow(told["root"], False, texts.base64url(told["chain"]))
        of = trust.find(bytes.fromhex(case["of"]))
        token = texts.base64url(case["token"])
        opened = attempt(StatusList, token, trust, of, case["now"])
        yield case["name"], case["accepted"], opened is not None
    for case in vectors["digits"]:
        found = texts.digits(case["text"])
        yield case["text"], case["bytes"], None if found is None else found.hex()
    for case in edges:
        parts = [bytes.fromhex(case[n]) for n in ("public_key", "message", "signature")]
        found = (strict.is_key(parts[0]), strict.verifies(*parts))
        yield case["about"], (case["key_is_taken"], case["accepted"]), found


def main():
    compared = list(differences(pathlib.Path(sys.argv[1])))
    wrong = [(name, told, found) for name, told, found in compared if told != found]
    for name, told, found in wrong:
        print(f"{name}: the file says {told}, found {found}")
    print(f"{len(compared) - len(wrong)} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
