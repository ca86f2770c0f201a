"""The demo's accounts, one a role. They exist in demo databases only."""

from spares.accounts.models import Role

DEMO_PASSWORD = "try-the-depot"  # noqa: S105  well known on purpose, and refused anywhere but in a demo database
DEMO_ACCOUNTS = (
    ("warehouse", Role.WAREHOUSE, "孙库管"),
    ("engineer", Role.ENGINEER, "李工程师"),
    ("rma", Role.RMA_ADMIN, "王返修"),
    ("finance", Role.FINANCE, "赵财务"),
    ("manager", Role.MANAGER, "周经理"),
    ("admin", Role.ADMINISTRATOR, "吴管理员"),
)
