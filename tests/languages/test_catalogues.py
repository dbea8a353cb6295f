"""Catalogues hold every message, nothing else, and are read as babel reads them."""

import importlib.util
import os
from pathlib import Path

import pytest

from processes import run_command
from steelyard import languages
from steelyard.errors import InputError
from steelyard.words import join, say, written

ROOT = Path(__file__).parent.parent.parent
spec = importlib.util.spec_from_file_location("words_tool", ROOT / "tools" / "words.py")
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)

CODES = [code for code in languages.available() if code != "en"]


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_is_read_as_babel_reads_it(code):
    path = languages.FOLDER / f"{code}.po"
    ours = languages.Catalogue(path.read_bytes())
    assert dict(ours) == {k: v for k, v in tool.catalogue(path).items() if v}
    assert ours.get("no such message") is None


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_stands_as_the_tool_writes_it(code, tmp_path, monkeypatch):
    """Sorted, so that two people who add messages seldom meet."""
    path = languages.FOLDER / f"{code}.po"
    before = path.read_text(encoding="utf-8")
    (tmp_path / path.name).write_text(before, encoding="utf-8")
    monkeypatch.setattr(tool, "FOLDER", tmp_path)
    tool.write(code, tool.catalogue(path))
    assert (tmp_path / path.name).read_text(encoding="utf-8") == before


def test_escapes_come_back_as_they_were():
    text = 'a "quoted" \\n back\\\\slash\nand a line\twith a tab'
    written = f"msgid {tool.normalize(text, width=0)}\nmsgstr {tool.normalize(text + '!', width=0)}\n"
    read = languages.Catalogue(b'msgid ""\nmsgstr ""\n"Language: ko\\n"\n\n' + written.encode())
    assert dict(read) == {text: text + "!"}
    assert read[text] == text + "!"
    assert read.header == "Language: ko\n"


def test_a_message_without_a_translation_is_left_out():
    read = languages.Catalogue(b'msgid ""\nmsgstr ""\n\nmsgid "one"\nmsgstr "x"\n\nmsgid "two"\nmsgstr ""\n')
    assert dict(read) == {"one": "x"}
    assert "two" not in read


def test_an_empty_message_is_empty_in_every_language():
    """It was said as the header of the catalogue, in `tax --json`."""
    assert [languages.translate(written(""), code) for code in CODES] == [""] * len(CODES)


def test_words_between_parts_are_said_in_the_language_of_the_parts():
    assert languages.translate(join(say(" and "), ["A", "B"]), "ko") == "A, B"


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "ko"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "ko_KR.UTF-8", "STEELYARD_LANG": "en"}, "en"),
        ({"STEELYARD_LANG": "ko"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "STEELYARD_LANG": ""}, "ko"),
    ],
)
def test_the_environment_chooses(environ, code):
    """LC_ALL over LC_MESSAGES over LANG, as POSIX says (8.2); ours over all of them."""
    assert languages.of_environment(environ) == code


def test_a_language_that_we_do_not_have_is_refused_when_asked_for():
    with pytest.raises(InputError, match="there is no language 'xx'"):
        languages.of_environment({"STEELYARD_LANG": "xx"})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('language = "ko"\n', "ko"),
        ('﻿base_currency = "KRW"\nlanguage = "ko"\n[targets]\n', "ko"),
        ('[targets]\nlanguage = "ko"\n', None),
        ('language = "xx"\n', None),
        ("language = 1\n", None),
        ('language = "ko\n', None),
        ("\n", None),
    ],
)
def test_a_file_says_its_language_at_its_top(tmp_path, text, code):
    (tmp_path / "portfolio.toml").write_text(text, encoding="utf-8")
    assert languages.of_file(tmp_path / "portfolio.toml") == code


def test_a_file_that_is_none_says_no_language(tmp_path):
    assert languages.of_file(tmp_path) is None
    assert languages.of_file(tmp_path / "none") is None
    assert languages.of_file(Path(os.devnull)) is None


@pytest.mark.parametrize(
    "words",
    [
        ["doctor"],
        ["tax"],
        ["plan"],
        ["nosuch"],
        ["cancel", "sy-1", "--portfolio", "a.toml"],
        ["import", "none.csv", "--map", "map.toml"],
    ],
)
def test_every_command_speaks_the_language_of_the_file_it_is_about(tmp_path, words):
    """Also those that fail, and where the file cannot be read as a whole: here it has no accounts."""
    name = "a.toml" if "a.toml" in words else "portfolio.toml"
    (tmp_path / name).write_text('language = "ko"\n', encoding="utf-8")
    environ = {
        k: v for k, v in os.environ.items() if k not in ("LANG", "LC_ALL", "LC_MESSAGES", "STEELYARD_LANG")
    }
    asked = run_command(tmp_path, *words, env=environ)
    assert any("가" <= letter <= "힣" for letter in asked.stdout + asked.stderr)
    english = run_command(tmp_path, *words, env={**environ, "STEELYARD_LANG": "en"})
    assert not any("가" <= letter <= "힣" for letter in english.stdout + english.stderr)
