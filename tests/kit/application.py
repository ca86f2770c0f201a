"""The kit's application: the product's templates and static files with invented records and no database.

`python -m tests.kit.application PORT` serves it on the loopback address, to look at a change in a browser."""

import datetime as dt
import sys
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, make_response, render_template, request
from flask_babel import Babel
from flask_wtf import CSRFProtect, FlaskForm
from flask_wtf.file import FileField
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined, Undefined
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.form import Form
from wtforms.validators import InputRequired, Length, NumberRange

ROOT = Path(__file__).resolve().parent.parent.parent
CATALOGUE = ROOT / "spares" / "translations" / "zh_Hans_CN" / "base.po"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'"
)


LEVELS = [SelectChoice("C-1", "C-1 全网中断"), SelectChoice("C-2", "C-2 局部严重"), SelectChoice("C-3", "C-3 性能下降")]
SITES = [SelectChoice("", "请选择"), SelectChoice("1", "洛阳分局机房"), SelectChoice("2", "开封汇聚机房")]


class LineForm(Form):
    part = StringField("备件型号", validators=[InputRequired("请填写备件型号")])
    quantity = IntegerField("数量", validators=[NumberRange(1, 99, "数量应为 1 到 99")])


class KitForm(FlaskForm):
    case_number = StringField(
        "服务单号", validators=[InputRequired("请填写服务单号"), Length(max=40)], description="例如 CS-2026-00123"
    )
    serial = StringField("故障件序列号", validators=[InputRequired("请填写故障件序列号")])
    level = RadioField("故障等级", choices=LEVELS, validators=[InputRequired("请选择故障等级")])
    confirmed_at = DateTimeLocalField("确认时间", validators=[InputRequired("请填写确认时间")])
    quantity = IntegerField("数量", validators=[NumberRange(1, 99, "数量应为 1 到 99")])
    ship_to = SelectField("收货地点", choices=SITES)
    symptom = TextAreaField("故障现象", validators=[InputRequired("请填写故障现象")])
    photo = FileField("附件")
    urgent = BooleanField("现场已停机", description="勾选后通知区域用户服务主管")
    lines = FieldList(FormField(LineForm), min_entries=1)
    draft = HiddenField(default="kept")


@dataclass
class Person:
    id: int
    name: str
    role: str


@dataclass
class NavItem:
    endpoint: str
    label: str
    active: bool = False
    icon: str = ""
    count: int = 0


@dataclass
class Entry:
    when: dt.datetime | str
    who: str
    title: str
    kind: str = "neutral"
    details: list[str] = field(default_factory=list)
    url: str = ""


NAV = [
    NavItem("home", "今日看板", True, "truck", 6),
    NavItem("page", "备件申请与 RMA", icon="return"),
    NavItem("page", "服务单", icon="case"),
    NavItem("page", "库存", icon="box"),
    NavItem("page", "报表", icon="chart"),
    NavItem("page", "设置", icon="settings"),
]

TIMELINE = [
    Entry(
        dt.datetime(2026, 11, 20, 6, 10, tzinfo=dt.UTC),
        "李工",
        "已发货",
        "good",
        ["承运 顺丰 · 运单 SF1000000001", "承诺 11-20 17:00 前发出,已兑现"],
        "/page",
    ),
    Entry(
        dt.datetime(2026, 11, 20, 5, 55, tzinfo=dt.UTC),
        "王库管",
        "拣货:序列号与预留不同,已登记更换",
        "warn",
        ["预留 SN-A-001 → 实拣 SN-A-002"],
    ),
    Entry("2026-11-20 13:42", "张工", "故障确认", "info", []),
    Entry("2026-11-20 13:30", "", "建立服务单"),
    Entry("2026-11-20 13:20", "系统", "返还逾期", "bad", []),
]


def compiled_catalogues(folder: Path) -> Path:
    """Compile the base catalogue below `folder`, as Flask-Babel wants it, and give back the folder."""
    target = folder / "zh_Hans_CN" / "LC_MESSAGES"
    target.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("rb") as source, (target / "messages.mo").open("wb") as out:
        write_mo(out, read_po(source, locale="zh_Hans_CN"))
    return folder


def create_kit(catalogues: Path, *, strict: bool = False) -> Flask:
    """The kit's application. `?lang=en` shows it in English, `?signed=out` as a visitor sees it."""
    app = Flask("kit", static_folder=str(ROOT / "spares" / "static"))
    app.config.update(
        SECRET_KEY="for the kit alone", BABEL_TRANSLATION_DIRECTORIES=str(catalogues), WTF_I18N_ENABLED=False
    )
    app.jinja_loader = ChoiceLoader(
        [FileSystemLoader(ROOT / "templates"), FileSystemLoader(Path(__file__).parent / "templates")]
    )
    app.jinja_env.undefined = StrictUndefined if strict else Undefined
    app.jinja_env.filters["instant"] = lambda at: (at + dt.timedelta(hours=8)).strftime("%Y-%m-%d %H:%M")
    CSRFProtect(app)
    Babel(app, locale_selector=lambda: "en" if request.args.get("lang") == "en" else "zh_Hans_CN")

    @app.context_processor
    def _context() -> dict[str, object]:
        return {
            "actor": None if request.args.get("signed") == "out" else Person(1, "王库管", "warehouse"),
            "nav_items": NAV,
            "page_language": "en" if request.args.get("lang") == "en" else "zh-CN",
            "demo_mode": True,
            "product_name": "备件库",
        }

    @app.after_request
    def _headers(response):  # type: ignore[no-untyped-def]
        response.headers["Content-Security-Policy"] = POLICY
        return response

    _add_pages(app)
    return app


def _add_pages(app: Flask) -> None:
    for rule, endpoint, methods in (
        ("/", "home", ["GET"]),
        ("/page", "page", ["GET", "POST"]),
        ("/go", "scan_go", ["GET"]),
        ("/language", "language_set", ["POST"]),
        ("/account", "account_show", ["GET"]),
        ("/sign-in", "session_begin", ["GET", "POST"]),
        ("/sign-out", "session_end", ["POST"]),
    ):
        app.add_url_rule(
            rule, endpoint, lambda: render_template("kit.html", form=KitForm(), timeline=TIMELINE), methods=methods
        )

    @app.route("/form", methods=["GET", "POST"])
    def form_page():  # type: ignore[no-untyped-def]
        form = KitForm()
        refused = request.method == "POST" and not form.validate()
        return make_response(render_template("kit_form.html", form=form), 422 if refused else 200)

    @app.route("/scan", methods=["GET", "POST"])
    def scan_page():  # type: ignore[no-untyped-def]
        return render_template(
            "kit_answer.html" if request.method == "POST" else "kit_scan.html", scanned=request.form.get("q", "")
        )

    @app.post("/hint")
    def hint():  # type: ignore[no-untyped-def]
        return render_template("kit_hint.html", serial=request.form.get("serial", ""))

    @app.get("/error/<int:status>")
    def error(status: int):  # type: ignore[no-untyped-def]
        return render_template("errors/error.html", status=status, reference="7f3a-91c2")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        create_kit(compiled_catalogues(Path(scratch))).run(port=int(sys.argv[1]))
