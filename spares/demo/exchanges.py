"""The exchanges of the story. Days are working days before now, so that the board is never empty and something is always
overdue, whenever the demo is started."""

from dataclasses import dataclass
from datetime import time

from spares.dispatch.models import DeliveryMethod


@dataclass(frozen=True)
class Step:
    """A verb, when it happened, and its one value (a waybill, a result, a reason)."""

    verb: str
    days_ago: int
    clock: time = time(15, 30)
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One case from its fault on. `wanted` empty asks for one unit of the faulty device's own part."""

    serial: str
    title: str
    finding: str
    level: str
    days_ago: int
    clock: time
    steps: tuple[Step, ...] = ()
    wanted: tuple[tuple[str, int, str], ...] = ()
    minutes_to_confirm: int = 25
    external_number: str = ""
    method: DeliveryMethod = DeliveryMethod.COURIER


EXCHANGES = (
    Exchange(
        serial="NS48T1902233",
        title="三楼接入交换机无法启动",
        level="C-2",
        days_ago=38,
        clock=time(10, 12),
        finding="更换电源后仍不启动，主板供电故障",
        steps=(
            Step("pick", 38, time(10, 50)),
            Step("pack", 38, time(11, 5)),
            Step("dispatch", 38, time(14, 20), "SF1500230001"),
            Step("receipt", 36),
            Step("send", 31, value="SF1500230902"),
            Step("receive", 29, time(10, 0)),
            Step("inspect", 29, time(11, 0), "fault_found"),
            Step("settle", 28, value="repair"),
            Step("close", 27, value="已更换整机，业务恢复正常，用户确认"),
        ),
    ),
    Exchange(
        serial="RLFW650003",
        title="出口防火墙反复重启",
        level="C-1",
        days_ago=30,
        clock=time(15, 40),
        finding="看门狗复位，闪存坏块",
        minutes_to_confirm=48,
        external_number="INC-20260931",
        steps=(
            Step("pick", 29, time(9, 20)),
            Step("pack", 29, time(9, 35)),
            Step("dispatch", 29, time(10, 45), "SF1500230044"),
            Step("receipt", 28, time(11, 0)),
        ),
    ),
    Exchange(
        serial="PAC200144",
        title="汇聚交换机电源告警",
        level="C-3",
        days_ago=24,
        clock=time(9, 30),
        finding="电源模块无输出",
        steps=(
            Step("pick", 24, time(10, 0)),
            Step("pack", 24, time(10, 10)),
            Step("dispatch", 24, time(16, 10), "SF1500230057"),
            Step("receipt", 22),
            Step("charge", 5, value="多次催还未果，按合同收费"),
        ),
    ),
    Exchange(
        serial="MPU19040007",
        title="核心交换机主控板离线",
        level="C-1",
        days_ago=17,
        clock=time(11, 5),
        finding="主控板心跳丢失，拔插无效",
        method=DeliveryMethod.ENGINEER,
        steps=(
            Step("pick", 17, time(11, 30)),
            Step("pack", 17, time(11, 40)),
            Step("dispatch", 17, time(12, 15)),
            Step("receipt", 17, time(16, 0)),
        ),
    ),
    Exchange(
        serial="RL2220A0107",
        title="分行路由器广域网口故障",
        level="C-2",
        days_ago=16,
        clock=time(13, 50),
        finding="WAN 口光电转换失效",
        steps=(
            Step("pick", 16, time(14, 30)),
            Step("pack", 16, time(14, 40)),
            Step("dispatch", 15, time(10, 30), "SF1500230071"),
            Step("receipt", 14),
            Step("send", 2, value="SF1500231188"),
        ),
    ),
    Exchange(
        serial="NS48P2010044",
        title="PoE 供电不足",
        level="C-3",
        days_ago=12,
        clock=time(14, 0),
        finding="PoE 控制芯片故障，16 口无供电",
        steps=(
            Step("pick", 11, time(9, 15)),
            Step("pack", 11, time(9, 30)),
            Step("dispatch", 11, time(11, 40), "SF1500230083"),
            Step("receipt", 9),
            Step("extend", 3, value="客户机房封闭施工，申请延期"),
        ),
    ),
    Exchange(
        serial="OCLR190077",
        title="上联光模块收光异常",
        level="C-3",
        days_ago=9,
        clock=time(10, 30),
        finding="接收灵敏度劣化",
        steps=(
            Step("pick", 9, time(10, 45)),
            Step("pack", 9, time(10, 50)),
            Step("dispatch", 9, time(15, 0), "SF1500230095"),
            Step("receipt", 8),
            Step("send", 4, value="SF1500231207"),
            Step("receive", 1, time(9, 40), "OCLR190070"),
        ),
    ),
    Exchange(
        serial="NS48T2104410",
        title="门诊楼接入交换机端口失效",
        level="C-2",
        days_ago=8,
        clock=time(9, 5),
        finding="25–48 口无法协商",
        steps=(
            Step("pick", 8, time(9, 40)),
            Step("pack", 8, time(9, 50)),
            Step("dispatch", 8, time(14, 30), "SF1500230102"),
            Step("receipt", 6),
            Step("send", 2, value="SF1500231215"),
            Step("receive", 0, time(9, 20)),
        ),
    ),
    Exchange(
        serial="AP305000204",
        title="无线接入点频繁掉线",
        level="C-3",
        days_ago=6,
        clock=time(16, 20),
        finding="射频模块异常",
        steps=(
            Step("pick", 5, time(9, 30)),
            Step("pack", 5, time(9, 40)),
            Step("dispatch", 5, time(11, 10), "SF1500230110"),
        ),
    ),
    Exchange(
        serial="NS24T1908090",
        title="分行接入交换机整机掉电",
        level="C-2",
        days_ago=1,
        clock=time(10, 40),
        finding="主板电源转换失效",
        external_number="INC-20261120",
        steps=(
            Step("pick", 1, time(11, 10)),
            Step("pack", 1, time(11, 20)),
            Step("dispatch", 1, time(15, 30), "SF1500230123"),
        ),
    ),
    Exchange(
        serial="NS24T1706021",
        title="车间交换机无法启动",
        level="C-2",
        days_ago=0,
        clock=time(9, 20),
        finding="上电后风扇转、指示灯不亮",
    ),
    Exchange(
        serial="RLFW650004",
        title="出口防火墙备机自检失败",
        level="C-1",
        days_ago=0,
        clock=time(9, 45),
        finding="上电自检停在加密芯片，主机无法切换到备机",
    ),
    Exchange(
        serial="PAC200145",
        title="汇聚交换机电源与风扇一并更换",
        level="C-3",
        days_ago=0,
        clock=time(8, 50),
        finding="电源 2 与风扇框同时告警，光纤跳线接头磨损",
        wanted=(("NS-PAC-600", 1, "PAC200145"), ("NS-FAN-2U", 1, "FAN190233"), ("OC-LC-3M", 4, "")),
        steps=(Step("pick", 0, time(9, 30)),),
    ),
    Exchange(
        serial="AP305000219",
        title="车间无线接入点无法注册",
        level="C-3",
        days_ago=0,
        clock=time(9, 10),
        finding="启动后反复重启，射频自检失败",
        steps=(Step("pick", 0, time(9, 50)), Step("pack", 0, time(10, 5))),
    ),
    Exchange(
        serial="RL2220A0113",
        title="门诊楼路由器主控口无响应",
        level="C-2",
        days_ago=14,
        clock=time(10, 20),
        finding="控制口与管理口均无输出",
        steps=(
            Step("pick", 14, time(10, 50)),
            Step("pack", 14, time(11, 0)),
            Step("dispatch", 14, time(14, 40), "SF1500230066"),
            Step("receipt", 13),
            Step("send", 7, value="SF1500231102"),
            Step("receive", 5, time(9, 50)),
            Step("inspect", 4, time(10, 30), "no_fault_found"),
        ),
    ),
    Exchange(
        serial="FAN190127",
        title="核心交换机风扇异响",
        level="C-3",
        days_ago=7,
        clock=time(11, 30),
        finding="风扇轴承磨损，转速告警",
        steps=(
            Step("pick", 7, time(13, 10)),
            Step("pack", 7, time(13, 20)),
            Step("dispatch", 7, time(15, 30), "SF1500230107"),
            Step("receipt", 5),
            Step("send", 1, value="SF1500231223"),
        ),
    ),
    Exchange(
        serial="PAC200163",
        title="机房进水后电源更换",
        level="C-2",
        days_ago=26,
        clock=time(13, 20),
        finding="电源进水短路，无法上电",
        steps=(
            Step("pick", 26, time(14, 0)),
            Step("pack", 26, time(14, 10)),
            Step("dispatch", 26, time(16, 20), "SF1500230051"),
            Step("receipt", 25),
            Step("waive", 11, value="故障件随进水设备一并报废，客户已提供报废证明"),
            Step("close", 11, value="电源已更换，设备运行正常"),
        ),
    ),
)
