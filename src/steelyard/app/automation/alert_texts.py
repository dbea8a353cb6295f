"""What alerts say, in English and Korean. A template may use the placeholders of its built-in text.

Placeholders are `$name` or `${name}`; one that does not exist stays as it was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from string import Template
from typing import TYPE_CHECKING

from steelyard.domain.automation.settings import AlertSettings
from steelyard.domain.money import EXACT, minor_digits

if TYPE_CHECKING:
    from steelyard.app.check import CheckReport
    from steelyard.app.harvest.value import Proposal
    from steelyard.domain.policy.drift import Drift
    from steelyard.domain.trades import Plan

_TITLES = {
    "en": {
        "rebalance_due": "Rebalance due: $portfolio",
        "new_cash": "Cash to invest: $portfolio",
        "harvest": "Worth realising by $deadline: $portfolio",
        "irp_cap": "IRP cap exceeded: $account",
        "price_failure": "No good price: $symbols",
        "job_failure": "Steelyard could not finish: $code",
        "digest": "$state: $portfolio",
        "test": "Steelyard test",
    },
    "ko": {
        "rebalance_due": "리밸런싱 필요: $portfolio",
        "new_cash": "투자할 현금: $portfolio",
        "harvest": "$deadline까지 손익 실현 권장: $portfolio",
        "irp_cap": "IRP 위험자산 한도 초과: $account",
        "price_failure": "가격 없음: $symbols",
        "job_failure": "Steelyard 작업 실패: $code",
        "digest": "$state: $portfolio",
        "test": "Steelyard 시험",
    },
}
_BODIES = {
    "en": {
        "rebalance_due": "$reasons\n\nSince $since. Total $total.$prices\n\n$plan",
        "new_cash": "$cash lies idle of $total. Run: steelyard invest $amount",
        "harvest": "$proposals\n\nIt counts for $year when traded by $deadline, $days days from now."
        " Run: steelyard harvest",
        "irp_cap": "Risky assets are $share % of account $account; the cap for new purchases is $cap %.",
        "price_failure": "$findings\n\n$consequence",
        "job_failure": "$text\n\nhint: $hint",
        "digest": "Total $total on $day. Largest drift $drift points. Next look: $next.",
        "test": "This is a test message. If you can read it, $service works.",
    },
    "ko": {
        "rebalance_due": "$reasons\n\n$since부터. 평가액 $total.$prices\n\n$plan",
        "new_cash": "평가액 $total 중 현금 $cash 이(가) 남아 있습니다. 실행: steelyard invest $amount",
        "harvest": "$proposals\n\n$deadline까지 체결해야 $year년 귀속입니다(남은 일수 $days일)."
        " 실행: steelyard harvest",
        "irp_cap": "계좌 $account 의 위험자산 비중이 $share % 입니다. 신규 매수 한도는 $cap % 입니다.",
        "price_failure": "$findings\n\n$consequence",
        "job_failure": "$text\n\n조치: $hint",
        "digest": "$day 평가액 $total. 최대 이탈 $drift %p. 다음 점검일: $next.",
        "test": "시험 메시지입니다. 이 글이 보이면 $service 알림이 작동합니다.",
    },
}
_WORDS = {
    "en": {
        "buy": "buy", "sell": "sell", "cost": "costs", "tax": "tax",
        "loss": "loss", "gain": "gain", "saves": "saves", "costs": "costs", "again": "again from",
        "plan": "Plan (whole shares):",
        "no_plan": "No trades in whole shares would come nearer to target.",
        "stale": " Evaluated on the last good prices, the oldest of $day.",
        "last_good": "The last good prices were used to evaluate.",
        "nothing": "The portfolio could not be evaluated; the next run tries again.",
        "none": "none", "quiet": "All quiet", "due": "Still to be rebalanced",
    },
    "ko": {
        "buy": "매수", "sell": "매도", "cost": "비용", "tax": "세금",
        "loss": "손실", "gain": "이익", "saves": "절세", "costs": "비용", "again": "재매수 가능일",
        "plan": "주문안(정수 주):",
        "no_plan": "정수 주 단위로 목표에 더 가까워지는 주문이 없습니다.",
        "stale": " 마지막 정상 가격으로 평가했습니다(가장 오래된 가격 $day).",
        "last_good": "마지막 정상 가격으로 평가했습니다.",
        "nothing": "평가하지 못했습니다. 다음 실행에서 다시 시도합니다.",
        "none": "없음", "quiet": "이상 없음", "due": "리밸런싱 미완료",
    },
}  # fmt: skip


def compose(kind: str, facts: Mapping[str, str], settings: AlertSettings) -> tuple[str, str]:
    """Return title and body of an alert in the owner's language, by the owner's template if there is one.

    Args:
        kind: One of `automation.ALERT_KINDS`.
        facts: Placeholder to text.
        settings: Language and templates.
    """
    titles, bodies = _TITLES[settings.language], _BODIES[settings.language]
    body = settings.templates.get(kind, bodies.get(kind, "$text"))
    return (
        Template(titles.get(kind, kind)).safe_substitute(facts),
        Template(body).safe_substitute(facts).strip(),
    )


def word(key: str, settings: AlertSettings, **facts: str) -> str:
    """Return a fixed phrase in the owner's language."""
    return Template(_WORDS[settings.language][key]).safe_substitute(facts)


def drift_line(drift: Drift, language: str) -> str:
    """Return one instrument against its target.

    `VOO: 48.0 % (target 40.0 %, 8.0 points over)`, rounded half even to one decimal.
    """
    weight, target = _percent(drift.weight), _percent(drift.target)
    points = _percent(abs(drift.drift))
    if language == "ko":
        side = "초과" if drift.excess > 0 else "부족"
        return f"{drift.symbol}: {weight} % (목표 {target} %, {points}%p {side})"
    side = "over" if drift.excess > 0 else "under"
    return f"{drift.symbol}: {weight} % (target {target} %, {points} points {side})"


def reason_lines(report: CheckReport, language: str) -> str:
    """Return a line for every rule that fired: drifts worst first, then the calendar rules."""
    drifts = {d.symbol: d for d in report.drifts}
    lines = [
        drift_line(drifts[r.symbol], language) if r.symbol in drifts else r.text
        for r in report.decision.reasons
    ]
    return "\n".join(dict.fromkeys(lines))


def plan_lines(plan: Plan, currency: str, settings: AlertSettings) -> str:
    """Return the trades of a plan, what they cost, and their tax where it is known."""
    if not plan.trades:
        return word("no_plan", settings)
    lines = [word("plan", settings)]
    for t in plan.trades:
        what = f"{word(t.side, settings)} {t.shares:f} {t.symbol}"
        lines.append(f"- {t.account}: {what}, {money(t.amount, currency)}")
    lines.append(f"{word('cost', settings)}: {money(plan.costs, currency)}")
    if plan.taxes is not None:
        lines.append(f"{word('tax', settings)}: {money(plan.taxes, currency)}")
    return "\n".join(lines)


def harvest_lines(proposals: Sequence[Proposal], currency: str, settings: AlertSettings) -> str:
    """Return a line for every sale worth making: what it realises, saves and costs."""
    lines = []
    for p in proposals:
        side = word("loss" if p.gain < 0 else "gain", settings)
        parts = [
            f"- {p.account}: {word('sell', settings)} {p.shares:f} {p.symbol}",
            f"{side} {money(abs(p.gain), currency)}",
            f"{word('saves', settings)} {money(p.saves, currency)}",
            f"{word('costs', settings)} {money(p.costs, currency)}",
        ]
        if p.replacement is not None:
            parts.append(f"{word('buy', settings)} {p.replacement[0]}")
        if p.not_before is not None:
            parts.append(f"{p.symbol} {word('again', settings)} {p.not_before}")
        lines.append(", ".join(parts))
    return "\n".join(lines)


def money(amount: Decimal, currency: str) -> str:
    """Return an amount with thousands separated, in the smallest unit its currency is counted in."""
    step = Decimal(1).scaleb(-minor_digits(currency), EXACT)
    return f"{amount.quantize(step, context=EXACT):,f} {currency}"


def _percent(fraction: Decimal) -> str:
    return str(fraction.scaleb(2, EXACT).quantize(Decimal("0.1"), context=EXACT))
