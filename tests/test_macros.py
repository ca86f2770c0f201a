"""The shared page parts, rendered in both languages with awkward values."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask, render_template_string
from flask.testing import FlaskClient

from tests.kit.application import CATALOGUE, ROOT, compiled_catalogues, create_kit


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_kit(compiled_catalogues(tmp_path_factory.mktemp("catalogues")))


@pytest.fixture
def client(kit: Flask) -> FlaskClient:
    return kit.test_client()


@pytest.fixture
def page(kit: Flask) -> Iterator[Flask]:
    with kit.test_request_context("/list?q=%3Cb%3E&state=a&state=b&sort=due&page=4&_scheme=javascript&endpoint=x"):
        yield kit


def render(source: str, **values: object) -> str:
    return render_template_string(source, **values)


class _Ids(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.wanted: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            elif name in ("for", "aria-describedby", "aria-labelledby") and value:
                self.wanted.update(value.split())


@pytest.mark.parametrize("path", ["/", "/form", "/scan", "/error/404", "/error/500"])
@pytest.mark.parametrize("query", ["?lang=zh", "?lang=en", "?signed=out"])
def test_every_page_renders_with_ids_that_are_unique_and_exist(client: FlaskClient, path: str, query: str) -> None:
    text = client.get(path + query).get_data(as_text=True)
    seen = _Ids()
    seen.feed(text)
    assert len(seen.ids) == len(set(seen.ids))
    assert seen.wanted <= set(seen.ids)
    assert text.count("<h1>") == 1
    assert text.count("<main") == 1


def test_the_frame_follows_the_language_and_the_person(client: FlaskClient) -> None:
    chinese = client.get("/").get_data(as_text=True)
    assert '<html lang="zh-CN">' in chinese
    assert "<title>今日看板 · 备件库</title>" in chinese
    assert "跳到正文" in chinese
    assert 'name="language" value="en" lang="en"' in chinese
    english = client.get("/form?lang=en").get_data(as_text=True)
    assert '<html lang="en">' in english
    assert "<title>申请备件 · 备件库</title>" in english
    assert "Skip to the content" in english
    assert 'name="next" value="/form?lang=en"' in english
    assert 'name="language" value="zh-CN" lang="zh-CN"' in english
    visitor = client.get("/?signed=out").get_data(as_text=True)
    assert "data-scan-box" not in visitor
    assert "退出登录" not in visitor


def test_a_refused_form_keeps_what_was_typed_and_links_each_error_to_its_field(kit: Flask) -> None:
    kit.config["WTF_CSRF_ENABLED"] = False
    try:
        answer = kit.test_client().post("/form", data={"case_number": "<i>CS-1", "quantity": "999", "lines-0-part": ""})
    finally:
        kit.config["WTF_CSRF_ENABLED"] = True
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="&lt;i&gt;CS-1"' in text
    assert '<a href="#serial">故障件序列号 · 请填写故障件序列号</a>' in text
    assert '<a href="#lines-0-part">备件型号 · 请填写备件型号</a>' in text
    assert '<a href="#level">故障等级 · 请选择故障等级</a>' in text
    assert "库存刚被他人预留" in text
    serial = re.search(r'<input[^>]*id="serial"[^>]*>', text)
    assert serial and 'aria-describedby="serial-hint serial-error"' in serial[0] and 'aria-invalid="true"' in serial[0]
    quantity = re.search(r'<input[^>]*id="quantity"[^>]*>', text)
    assert quantity and 'value="999"' in quantity[0] and 'inputmode="numeric"' in quantity[0]


def test_values_are_escaped_everywhere(page: Flask) -> None:
    bad = "<img src=x onerror=alert(1)>\"'"
    source = """
      {% from "macros/chips.html" import chip, deadline, number_link, facts, stat, timeline, notice, progress, steps %}
      {% from "macros/lists.html" import empty_state, tabs, breadcrumb, export_links, pagination %}
      {% from "macros/scan.html" import scan_result %}{% from "macros/charts.html" import bar_chart %}
      {% from "macros/forms.html" import confirm, plain_field, post_button %}
      {{ chip(x) }}{{ deadline(x, x, x) }}{{ number_link(x, x, "/a?" ~ x) }}{{ facts([(x, x, x)]) }}
      {{ stat(x, x, x, x) }}
      {{ timeline([{"when": x, "who": x, "title": x, "details": [x], "url": x}]) }}{{ notice("info", x, x) }}
      {{ progress(1, 2, x) }}{{ steps([(x, "now")]) }}{{ empty_state(x, x, x, x) }}{{ tabs([(x, x, True, 1)], x) }}
      {{ breadcrumb([(x, x)]) }}{{ export_links([(x, "/x")]) }}
      {{ scan_result("good", x, x, undo_url=x, undo_fields={"a": x}) }}
      {{ bar_chart(x, x, [x], [{"label": x, "values": [1]}]) }}{{ confirm(x, x, x, x, typed=x, error=x) }}
      {{ plain_field("a", x, x) }}{{ post_button(x, x, fields={"a": x}) }}{{ pagination(1, 2, 3) }}
    """
    text = render(source, x=bad)
    assert "<img" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;&#34;&#39;" in text


def test_links_of_a_list_keep_its_filters_and_nothing_in_the_query_acts_as_an_option(page: Flask) -> None:
    source = '{% from "macros/lists.html" import here %}{{ here({"page": 5, "sort": none}) }}'
    assert render(source) == "/list?q=%3Cb%3E&amp;state=a&amp;state=b&amp;_scheme=javascript&amp;endpoint=x&amp;page=5"


def test_a_sorted_column_says_so_and_offers_the_other_way(page: Flask) -> None:
    source = """{% from "macros/lists.html" import data_table %}
      {% set columns = [{"label": "期限", "sort": "due"}, {"label": "数量", "num": True}] %}
      {% call data_table("表", columns, sort="due") %}<tr></tr>{% endcall %}"""
    text = render(source)
    assert '<th scope="col" aria-sort="ascending"><a href="/list?q=%3Cb%3E&amp;state=a&amp;state=b' in text
    assert "sort=-due" in text
    assert '<th scope="col" class="num">数量</th>' in text


@pytest.mark.parametrize(
    ("page_number", "pages", "numbers"),
    [
        (1, 1, []),
        (1, 3, ["1", "2", "3"]),
        (6, 12, ["1", "…", "5", "6", "7", "…", "12"]),
        (12, 12, ["1", "…", "11", "12"]),
    ],
)
def test_pagination_shows_the_ends_and_the_neighbours(
    page: Flask, page_number: int, pages: int, numbers: list[str]
) -> None:
    source = '{% from "macros/lists.html" import pagination %}{{ pagination(p, n, 583) }}'
    text = render(source, p=page_number, n=pages)
    assert re.findall(r">(\d+|…)<", text) == numbers
    assert "共 583 条" in text


def test_a_list_read_by_cursor_goes_on_and_back_to_the_start(kit: Flask) -> None:
    source = '{% from "macros/lists.html" import cursor_pages %}{{ cursor_pages(token) }}'
    with kit.test_request_context("/list?state=a&after=t1"):
        assert re.findall(r'href="([^"]*)"', render(source, token="t2")) == [
            "/list?state=a",
            "/list?state=a&amp;after=t2",
        ]
        assert re.findall(r'href="([^"]*)"', render(source, token=None)) == ["/list?state=a"]
    with kit.test_request_context("/list"):
        assert render(source, token=None).strip() == ""


def test_a_chart_draws_to_scale_and_carries_its_table(page: Flask) -> None:
    source = """{% from "macros/charts.html" import bar_chart %}
      {% set money = {"label": "金额", "values": [10, 40], "words": ["¥10", "¥40"]} %}
      {{ bar_chart("账龄", "天", ["1–5", "6–10"], [money]) }}"""
    text = render(source)
    assert re.findall(r'<rect class="fill-1"[^>]*height="([\d.]+)"', text) == ["45.0", "180.0"]
    assert '<th scope="row">6–10</th><td class="num">¥40</td>' in text


@pytest.mark.parametrize(("most", "top"), [(0, "4"), (4, "4"), (5, "8"), (41, "80"), (1_284_500, "2000000")])
def test_the_scale_ends_at_a_round_number(page: Flask, most: int, top: str) -> None:
    source = """{% from "macros/charts.html" import bar_chart %}
      {{ bar_chart("a", "b", ["c"], [{"label": "d", "values": [m]}]) }}"""
    ticks = re.findall(r'text-anchor="end">\s*(\S+?)\s*</text>', render(source, m=most))
    assert ticks[-1] == top


def test_long_labels_below_a_chart_take_turns_on_two_lines(page: Flask) -> None:
    source = """{% from "macros/charts.html" import bar_chart %}
      {{ bar_chart("a", "b", labels, [{"label": "d", "values": [1] * labels|length}]) }}"""
    with page.test_request_context():
        months = render_template_string(source, labels=[f"2026-{month:02d}" for month in range(6, 12)])
        spans = render_template_string(source, labels=["1–5", "6–10", "11–30", "> 30"])
    assert (months.count("chart-lower"), months.count('viewBox="0 0 648 268"')) == (3, 1)
    assert (spans.count("chart-lower"), spans.count('viewBox="0 0 648 240"')) == (0, 1)


def test_empty_charts_and_lists_still_render(page: Flask) -> None:
    source = """{% from "macros/charts.html" import bar_chart, line_chart, in_bar %}
      {% from "macros/chips.html" import progress, timeline %}
      {{ bar_chart("a", "b", [], []) }}{{ line_chart("a", "b", [], [{"label": "x", "values": []}]) }}
      {{ in_bar(0, 0) }}{{ progress(0, 0, "a") }}{{ timeline([]) }}"""
    assert render(source).count("<svg") == 3


def test_every_string_of_the_shared_parts_has_its_chinese() -> None:
    with CATALOGUE.open("rb") as source:
        known = {
            message.id if isinstance(message.id, str) else message.id[0]
            for message in read_po(source, locale="zh_Hans_CN")
            if message.id and message.string and all(message.string)
        }
    found: set[str] = set()
    templates = ROOT / "templates"
    for folder in (templates / "macros", templates / "errors"):
        rows = extract_from_dir(str(folder), method_map=[("**.html", "jinja2.ext:babel_extract")])
        found.update(_first(row[2]) for row in rows)
    base = extract_from_dir(str(templates), method_map=[("base.html", "jinja2.ext:babel_extract")])
    found.update(_first(row[2]) for row in base)
    assert len(found) > 50
    assert found == known


def _first(message: str | tuple[str, ...]) -> str:
    return message if isinstance(message, str) else message[0]


def test_the_kit_shows_every_macro() -> None:
    shown = "".join(
        path.read_text(encoding="utf-8") for path in (Path(__file__).parent / "kit" / "templates").glob("*.html")
    )
    own = Path(__file__).read_text(encoding="utf-8")
    for source in (ROOT / "templates" / "macros").glob("*.html"):
        for name in re.findall(r"{% macro ([a-z]\w*)\(", source.read_text(encoding="utf-8")):
            used_inside = name in ("csrf", "request_key", "version", "submit", "here")
            assert used_inside or re.search(rf"\b{name}\b", shown + own), f"{source.name}: {name}"
