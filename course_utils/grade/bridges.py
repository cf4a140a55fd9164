"""What ``course-grade`` writes for other graders, and what it tells them."""

from __future__ import annotations


def write(options) -> int:
    return 0


def deliver(options, chosen) -> list[str]:
    return []


def status(options, chosen, status: int) -> int:
    return status
