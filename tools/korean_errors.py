"""Writes docs/ko/errors.md: the errors a beginner meets, as the program says them in Korean.

Which mistakes those are, and how each is made, is told by tests/docs/test_errors.py; what a code means is
written below. Run `python tools/korean_errors.py` after a message has changed.
"""

import os
import shlex
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "ko" / "errors.md"
sys.path += [str(ROOT / "tests"), str(ROOT / "tests" / "docs")]
import test_errors as mistakes  # noqa: E402

from processes import run_command  # noqa: E402

HEAD = """\
# 오류

오류는 `error[코드]:`로 시작하고 파일, 줄, 키와 무엇이 틀렸는지를 말합니다. 그 아래 **조치**는 그대로 따라 하면 됩니다. 파일에 틀린 곳이
여럿이면 한꺼번에 나옵니다. 처음 쓰는 사람이 만나는 것을 모았습니다. 나머지 코드는 [영어 문서](../reference/errors.md)에 모두 있습니다.

| 종료 코드 | 뜻 |
|---|---|
| 0 | 다 됨 |
| 1 | 프로그램 결함 |
| 2 | 파일이나 옵션이 틀림 |
| 3 | 가격, 환율 등 필요한 값이 없거나 오래됨 |
| 4 | 조건을 지키는 주문안이 없음 |
| 5 | 증권사, 알림 서비스 등 바깥이 실패함 |
| 10 | `check --exit-code`: 리밸런싱할 때 |
| 11 | `batch`: 일부 계좌가 거절됨 |
"""
MEANING = {
    "class-circle": "자산군이 돌고 돌아 자기 자신을 포함합니다.",
    "counts-twice": "한 종목이 목표와 자산군, 또는 두 자산군에 함께 들어 있어 두 번 셉니다.",
    "currency": "통화 코드는 KRW, USD처럼 대문자 세 글자입니다.",
    "duplicate-account": "계좌 이름이 겹칩니다.",
    "duplicate-position": "한 계좌에 같은 종목이 두 번 있습니다. 수량을 합쳐 한 번만 적으세요.",
    "duplicate-target": "같은 종목에 목표가 두 번 있습니다. 코드와 이름으로 한 번씩 적었는지 보세요.",
    "exposure-sum": "나누어 세는 상품의 비율 합이 100 %가 아닙니다.",
    "exposure-unknown": "나누어 세는 상품이 목표에 없는 것을 가리킵니다.",
    "fx-missing": "외화 가격이나 외화 현금이 있는데 환율이 없습니다.",
    "fx-pair": "환율의 통화 쌍에 기준 통화가 없습니다.",
    "key-missing": "꼭 있어야 할 키가 없습니다.",
    "lot-sum": "매입 단위의 합이 보유 수량과 다릅니다.",
    "negative": "음수일 수 없는 값입니다.",
    "no-accounts": "계좌가 하나도 없습니다.",
    "no-targets": "목표가 하나도 없습니다.",
    "not-a-member": "`buy`에 적은 종목이 그 자산군에 없습니다.",
    "not-a-date": "날짜가 아닙니다. 따옴표 없이 2026-06-01처럼 적습니다.",
    "not-a-flag": "true나 false를 따옴표 없이 적어야 합니다.",
    "not-a-list": "목록이어야 합니다. 대괄호로 묶으세요.",
    "not-a-number": "숫자로 읽을 수 없습니다.",
    "not-a-table": "표여야 하는 자리에 다른 것이 있습니다.",
    "not-text": "글자여야 합니다. 따옴표로 묶으세요.",
    "out-of-range": "쓸 수 있는 범위를 벗어났습니다.",
    "price-missing": "가격이 없어 평가할 수 없습니다. [가격 넣기](prices.md)를 보세요.",
    "target-sum": "목표 비중의 합이 정확히 100 %가 아닙니다.",
    "toml-syntax": "TOML 문법이 틀렸습니다. 그 줄의 따옴표, 괄호, 쉼표를 보세요.",
    "two-prices": "같은 종목에 서로 다른 가격이 있습니다.",
    "unknown-band": "목표에 없는 종목의 밴드입니다.",
    "unknown-key": "그런 키는 없습니다. 철자를 보세요.",
    "unknown-locked": "`locked`에 적은 것이 목표에 없습니다.",
    "unknown-preference": "`prefer`에 적은 것이 목표에 없습니다.",
    "unknown-symbol": "모르는 종목입니다. `steelyard find`로 찾거나 `[instruments]`에 설명하세요.",
    "unknown-word": "쓸 수 있는 말이 아닙니다.",
    "value-mismatch": "수량 × 가격과 평가액이 0.1 %보다 더 차이 납니다.",
    "zero": "0보다 커야 합니다.",
    "amount": "금액이 아닙니다.",
    "file-exists": "이미 파일이 있어 덮어쓰지 않았습니다.",
    "no-file": "포트폴리오 파일이 없습니다.",
    "no-plan": "조건을 모두 지키는 주문안이 없습니다.",
    "not-enough": "팔 수 있는 것을 다 팔아도 그만한 돈이 나오지 않습니다.",
    "not-utf8": "파일이 UTF-8이 아닙니다. 편집기에서 UTF-8로 저장하세요.",
    "targets-set": "`targets set`에 준 비중을 읽을 수 없습니다.",
    "two-files": "포트폴리오 파일을 두 번 다르게 말했습니다.",
    "unknown-account": "그런 이름의 계좌가 없습니다.",
    "unknown-model": "그런 모델 포트폴리오가 없습니다.",
    "unreadable": "파일을 읽을 수 없습니다.",
    "unwritable": "파일을 쓸 수 없습니다.",
    "usage": "명령이나 옵션이 틀렸습니다. `--help`를 보세요.",
}


def said(code: str) -> str:
    """The error with its hint as the program prints it in Korean."""
    command, text = mistakes.COMMANDS.get(code, "steelyard check portfolio.toml"), mistakes.SAMPLE
    if code in mistakes.EDITS:
        text = text.replace(*mistakes.EDITS[code])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "portfolio.toml").write_text(text, encoding="utf-8")
        (folder / "latin.toml").write_bytes(b'base_currency = "KRW" # \xff')
        (folder / "folder").mkdir()
        env = {**os.environ, "NO_COLOR": "1", "STEELYARD_LANG": "ko", "COLUMNS": "110"}
        done = run_command(folder, *shlex.split(command)[1:], env=env)
    blocks = ("\n" + done.stderr.strip()).split("\nerror[")
    return next(f"error[{block.strip()}" for block in blocks if block.startswith(f"{code}]"))


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for code in sorted({*mistakes.EDITS, *mistakes.COMMANDS}):
        parts.append(f"## `{code}`\n\n{MEANING[code]}\n\n```text\n{said(code)}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(MEANING)} errors")
