"""What the invented company sells, whom it serves, and what lies on its shelves."""

PARTS = (
    # manufacturer, part number, description, category, price in fen, minimum level, serial-tracked
    ("Northstar", "NS-5720-48T", "48 口千兆接入交换机 48-port gigabit access switch", "switch", 1_280_000, 3, True),
    ("Northstar", "NS-5720-24T", "24 口千兆接入交换机 24-port gigabit access switch", "switch", 860_000, 2, True),
    ("Northstar", "NS-5735-48P", "48 口 PoE 交换机 48-port PoE switch", "switch", 1_690_000, 2, True),
    ("Northstar", "NS-9306-MPU", "核心交换机主控板 core switch main processing unit", "module", 4_860_000, 1, True),
    ("Northstar", "NS-9306-LPU48", "48 口线卡 48-port line card", "module", 3_250_000, 1, True),
    ("Northstar", "NS-PAC-600", "600 W 交流电源 600 W AC power supply", "power", 198_000, 4, True),
    ("Northstar", "NS-FAN-2U", "2U 风扇框 2U fan tray", "fan", 86_000, 3, True),
    ("Ridgeline", "RL-2220-R", "分支路由器 branch router", "router", 1_150_000, 2, True),
    ("Ridgeline", "RL-6508-FW", "下一代防火墙 next-generation firewall", "security", 3_980_000, 1, True),
    ("Ridgeline", "RL-AP-3050", "室内无线接入点 indoor access point", "wireless", 178_000, 5, True),
    ("Opticor", "OC-SFP-10G-LR", "10G 单模光模块 10G single-mode transceiver", "optic", 62_000, 10, True),
    ("Opticor", "OC-LC-3M", "LC-LC 光纤跳线 3 m LC-LC patch cord", "cable", 3_500, 40, False),
)

WEIGHTS = {
    "switch": 6_200,
    "module": 3_400,
    "power": 1_800,
    "fan": 1_100,
    "router": 4_300,
    "security": 8_600,
    "wireless": 900,
    "optic": 120,
    "cable": 60,
}
"""What a packed piece of a category weighs, in grams."""

SUBSTITUTES = (
    # part, substitute, rank, why
    ("NS-5720-48T", "NS-5735-48P", 1, "端口相同，另有 PoE same ports, PoE added"),
    ("NS-5720-24T", "NS-5720-48T", 1, "端口更多 more ports"),
    ("NS-5720-24T", "NS-5735-48P", 2, "端口更多，另有 PoE more ports, PoE added"),
)

SHELVES: tuple[tuple[str, str, tuple[str, ...] | int], ...] = (
    # bin, part number, serials (or a number of pieces)
    ("A-01-01", "NS-5720-48T", ("NS48T2300117", "NS48T2300118", "NS48T2300124", "NS48T2300131")),
    ("A-01-02", "NS-5720-24T", ("NS24T2211040",)),
    ("A-01-03", "NS-5735-48P", ("NS48P2402201", "NS48P2402202", "NS48P2402209")),
    ("A-02-01", "NS-9306-MPU", ("MPU22090031", "MPU22090035")),
    ("A-02-02", "NS-9306-LPU48", ("LPU22110412",)),
    ("B-01-01", "NS-PAC-600", ("PAC230718", "PAC230719", "PAC230722", "PAC230725", "PAC230731", "PAC230733")),
    ("B-01-02", "NS-FAN-2U", ("FAN220501", "FAN220502", "FAN220507")),
    ("C-01-01", "RL-2220-R", ("RL2220A0812", "RL2220A0815", "RL2220A0822")),
    ("C-01-02", "RL-6508-FW", ("RLFW650044",)),
    (
        "C-02-01",
        "RL-AP-3050",
        ("AP305001120", "AP305001121", "AP305001127", "AP305001128", "AP305001133", "AP305001139"),
    ),
    ("D-01-01", "OC-SFP-10G-LR", tuple(f"OCLR{n}" for n in range(240601, 240613))),
    ("D-02-01", "OC-LC-3M", 120),
)

CUSTOMERS = (
    # code, name, sites (name, address, contact, phone), contract, accepted on (years back, month, day)
    (
        "K1001",
        "中原示范银行",
        (
            ("总行数据中心", "河南省郑州市郑东新区示范路 18 号数据中心 3 楼网络机房", "陈立", "0371-5550-0118"),
            ("洛阳分行", "河南省洛阳市涧西区样例大道 66 号 5 楼机房", "郭敏", "0379-5550-0166"),
        ),
        ("HT-2024-0117", 2),
    ),
    (
        "K1002",
        "豫北样例大学",
        (
            ("主校区网络中心", "河南省新乡市红旗区学府路 1 号图书馆负一层", "马建国", "0373-5550-0101"),
            ("东校区", "河南省新乡市牧野区东校路 9 号实验楼 204", "田喆", "0373-5550-0109"),
        ),
        ("HT-2023-0356", 3),
    ),
    (
        "K1003",
        "嵩山示例医院",
        (("门诊楼", "河南省郑州市登封市健康路 27 号门诊楼 B1 弱电间", "黄堃", "0371-5550-0127"),),
        ("HT-2025-0042", 1),
    ),
    (
        "K1004",
        "黄河样板制造有限公司",
        (("焦作工厂", "河南省焦作市山阳区工业路 188 号二号车间机柜间", "宋镕", "0391-5550-0188"),),
        ("HT-2022-0219", 4),
    ),
)

EQUIPMENT = (
    # customer code, site index, part number, serial, name
    ("K1001", 0, "NS-9306-MPU", "MPU19040007", "核心交换机 CORE-1"),
    ("K1001", 0, "NS-5720-48T", "NS48T1902233", "接入交换机 ACC-3F-07"),
    ("K1001", 1, "RL-2220-R", "RL2220A0107", "分行出口路由器"),
    ("K1001", 1, "NS-5720-24T", "NS24T1908090", "接入交换机 LY-2F-01"),
    ("K1002", 0, "RL-6508-FW", "RLFW650003", "校园网出口防火墙"),
    ("K1002", 0, "RL-6508-FW", "RLFW650004", "校园网出口防火墙（备机）"),
    ("K1002", 0, "NS-5735-48P", "NS48P2010044", "图书馆 PoE 交换机"),
    ("K1002", 1, "RL-AP-3050", "AP305000204", "实验楼 AP-2F-12"),
    ("K1003", 0, "NS-5720-48T", "NS48T2104410", "门诊楼接入交换机"),
    ("K1003", 0, "NS-PAC-600", "PAC200144", "汇聚交换机电源 1"),
    ("K1003", 0, "NS-PAC-600", "PAC200145", "汇聚交换机电源 2"),
    ("K1003", 0, "RL-2220-R", "RL2220A0113", "门诊楼出口路由器"),
    ("K1004", 0, "NS-5720-24T", "NS24T1706021", "车间交换机 WS-2"),
    ("K1004", 0, "OC-SFP-10G-LR", "OCLR190077", "上联光模块"),
    ("K1004", 0, "RL-AP-3050", "AP305000219", "二号车间 AP-05"),
    ("K1001", 1, "NS-FAN-2U", "FAN190127", "洛阳分行核心交换机风扇框"),
    ("K1002", 1, "NS-PAC-600", "PAC200163", "实验楼汇聚交换机电源"),
)
