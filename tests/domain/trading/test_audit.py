"""The audit chain: whole as written, broken by any change, and free of secrets."""

import hashlib
import random
from dataclasses import replace
from decimal import Decimal

import pytest

from steelyard.domain.trading.audit import START, Link, chain, first_break, masked
from steelyard.domain.trading.fingerprint import canonical


def record(n):
    links, previous = [], START
    for k in range(1, n + 1):
        link = chain(
            k,
            previous,
            at=f"2026-11-24T09:00:{k:02d}Z",
            kind="request",
            plan="p1",
            body={"order": k, "가": "원"},
        )
        links.append(link)
        previous = link.hash
    return links


def broken(links, n, head):
    return first_break(links, count=n, head=head)


def test_a_chain_as_written_is_whole():
    links = record(5)
    assert broken(links, 5, links[-1].hash) is None
    assert first_break([], count=0, head=START) is None


def test_the_hash_is_plain_sha256_of_number_previous_and_text():
    """Computed with hashlib from the definition, so that another program can verify the record."""
    text = '{"at":"t","body":{"amount":"1.5"},"kind":"k","plan":""}'
    link = chain(1, START, at="t", kind="k", plan="", body={"amount": Decimal("1.50")})
    assert link.text == text
    assert link.hash == hashlib.sha256(f"1\n{'0' * 64}\n{text}".encode()).hexdigest()


def test_the_first_broken_link_is_named():
    links = record(6)
    head = links[-1].hash
    changed = [
        *links[:2],
        replace(links[2], text=links[2].text.replace('"order":3', '"order":4')),
        *links[3:],
    ]
    assert broken(changed, 6, head).number == 3
    assert broken([*links[:3], *links[4:]], 6, head).number == 4
    assert broken([*links[:1], links[2], links[1], *links[3:]], 6, head).number == 2
    assert broken(links[:4], 6, head).number == 5
    rewritten = record(5)
    assert broken([*links, chain(7, head, at="t", kind="k", plan="", body={})], 6, head).number == 7
    assert broken(rewritten, 5, head).number == 5


def test_every_one_of_ten_thousand_flipped_bits_is_found():
    links = record(12)
    head = links[-1].hash
    rng = random.Random(20261124)
    for _ in range(10_000):
        k = rng.randrange(12)
        name = rng.choice(["text", "previous", "hash"])
        raw = bytearray(getattr(links[k], name).encode())
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        flipped = replace(links[k], **{name: raw.decode("utf-8", "replace")})
        found = broken([*links[:k], flipped, *links[k + 1 :]], 12, head)
        assert found is not None
        assert found.number in (k + 1, k + 2)


def test_another_spelling_of_the_same_facts_is_a_change():
    links = record(2)
    assert isinstance(links[0], Link)
    spaced = replace(links[0], text=links[0].text.replace(":", ": ", 1))
    assert broken([spaced, links[1]], 2, links[1].hash).number == 1


def test_secrets_are_masked_however_deep_they_stand():
    body = {
        "headers": [{"Authorization": "Bearer canary", "APCA-API-SECRET-KEY": "canary", "appKey": "canary"}],
        "CANO": "canary",
        "access_token": "canary",
        "symbol": "VOO",
    }
    text = chain(1, START, at="t", kind="request", plan="", body=body).text
    assert "canary" not in text
    assert "VOO" in text
    assert masked({"token": ""}) == {"token": ""}


def test_a_float_has_no_canonical_text():
    with pytest.raises(TypeError):
        canonical({"a": 0.1})
