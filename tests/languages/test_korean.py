"""Particles by the last sound, as a Korean reads the word aloud."""

import itertools

import pytest

from steelyard.languages import korean, language
from steelyard.words import Language, fill, say


@pytest.mark.parametrize(
    ("word", "topic", "toward"),
    [
        ("목표", "는", "로"),
        ("현금", "은", "으로"),
        ("서울", "은", "로"),  # ㄹ: 은, but 로
        ("VOO", "는", "로"),  # 브이오오
        ("SPY", "는", "로"),  # 에스피와이
        ("GLDM", "은", "으로"),  # 지엘디엠
        ("BIL", "은", "로"),  # 비아이엘
        ("VTR", "은", "로"),  # 브이티알
        ("IRP", "는", "로"),  # 아이알피
        ("KODEX 200", "은", "으로"),  # 이백
        ("069500", "은", "으로"),  # 영육구오영영
        ("360751", "은", "로"),  # 일
        ("3,000,000", "은", "으로"),  # 삼백만
        ("12", "는", "로"),  # 십이
        ("7", "은", "로"),  # 칠
        ("1,000,000,000,000", "는", "로"),  # 일조
        ("8.5", "는", "로"),  # 팔 점 오
        ("96.5%", "는", "로"),  # 퍼센트
        ("3.5%p", "는", "로"),  # 퍼센트포인트
        ("₩3,000,000", "은", "으로"),  # 삼백만 원
        ("550000 KRW", "은", "으로"),  # 원
        ("412.35 USD", "는", "로"),  # 달러
        ("$412.35", "는", "로"),
        ("100 JPY", "은", "으로"),  # 엔
        ("portfolio.toml", "은", "로"),  # 토믈
        ("main", "은", "으로"),  # 메인
        ("file", "은", "로"),  # 파일
        ("price", "는", "로"),  # 프라이스
        ("401k", "는", "로"),  # 케이
        ("삼성전자(005930)", "는", "로"),  # the bracket is not read
        ("'VOO'", "는", "로"),
        ("`plan`", "은", "으로"),
        ("", "는", "로"),
    ],
)
def test_a_particle_goes_with_the_last_sound(word, topic, toward):
    """The readings in the comments are how Koreans read them: capitals by letter, small letters as a word."""
    assert korean.inflect(word, "은는") == word + topic
    assert korean.inflect(word, "으로로") == word + toward


def test_every_syllable_with_a_final_takes_the_form_after_a_consonant():
    """Of 11,172 syllables the first of every 28 has no final, and the ninth ends in ㄹ (Unicode 15, 3.12)."""
    for n in range(11172):
        syllable = chr(0xAC00 + n)
        assert korean.inflect(syllable, "이가") == syllable + ("가" if n % 28 == 0 else "이")
        assert korean.inflect(syllable, "으로로") == syllable + ("로" if n % 28 in (0, 8) else "으로")


def test_a_particle_stands_after_the_format_of_its_word():
    words = Language("ko", {}, inflect=korean.inflect)
    assert fill(
        "{amount:,f 을를} {names:과와} {day:이가}",
        {"amount": 1234, "names": ("가", "나"), "day": "금"},
        words,
    ) == ("1,234.000000을 가, 나와 금이")


def test_a_particle_that_may_not_fit_is_found():
    for left, right in itertools.permutations("은는이가을를과와", 2):
        assert korean.unfit_particle(f"현금{left}({right}) 있습니다")
    assert korean.unfit_particle("계좌(으)로")
    for particle in "은는이가을를과와로":
        assert korean.unfit_particle(f"{{symbol}}{particle} 없습니다") == particle
    assert korean.unfit_particle("현금이 (가장 많이) 있습니다") is None
    assert korean.unfit_particle("{symbol:은는} {account}에서 {count}주를 {day}까지") is None
    assert korean.unfit_particle("{code!r:이라라}는 언어는 없습니다") is None


def test_a_language_is_rendered_from_the_facts_not_from_the_english_text():
    error = say("there is no language {code!r}", code="fr")
    assert error == "there is no language 'fr'"
    assert language("ko").messages[error.template] == "{code!r:이라라}는 언어는 없습니다"


@pytest.mark.parametrize("text", ["5²", "½", "٣", "１", "x²"])
def test_a_word_that_ends_in_a_digit_of_another_kind_gets_some_particle(text):
    """Such a text comes from a person who mistyped: a message about it must not fail."""
    assert korean.inflect(text, "은는").startswith(text)
