"""A span that is counted in working time says so, in hours of work, wherever the wall clock shows another."""

from datetime import timedelta

import pytest
from flask import Flask
from flask_babel import force_locale

from spares.calendars.time_left import counted


@pytest.mark.parametrize(
    ("working", "wall", "chinese", "english"),
    [
        (timedelta(hours=8), timedelta(hours=8), "8 小时", "8 h"),
        (timedelta(hours=8), timedelta(hours=9), "8 个工作小时", "8 h of working time"),
        (timedelta(hours=8, minutes=10), timedelta(days=1), "8 个工作小时 10 分", "8 h 10 min of working time"),
        (timedelta(minutes=45, seconds=59), timedelta(days=3), "45 分（工作时间）", "45 min of working time"),
    ],
)
def test_working_time_says_so(context: Flask, working: timedelta, wall: timedelta, chinese: str, english: str) -> None:
    with context.test_request_context():
        with force_locale("zh_Hans_CN"):
            assert counted(working, wall) == chinese
        with force_locale("en"):
            assert counted(working, wall) == english
