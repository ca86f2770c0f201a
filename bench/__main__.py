"""`python -m bench [names…] [--quick] [--database …]`: runs the measurements and prints what each comes to.

Every ratio is of two things measured in one run on one machine; that is what can be compared, not the seconds."""

import argparse
from collections.abc import Callable
from importlib import import_module

NAMES = ("working_time", "slips", "pages", "reservations")


def line(what: str, pair: tuple[str, str], ratio: float, aim: str) -> None:
    """One line of the table."""
    ours, theirs = pair
    print(f"{what:44} {ours:>16} {theirs:>16} {ratio:>10,.2f}  {aim}")


def title(name: str, ours: str, theirs: str) -> None:
    print(f"\n{name:44} {ours:>16} {theirs:>16} {'ratio':>10}  aim")


def working_time(_options: argparse.Namespace) -> None:
    found = import_module("bench.working_time").run()
    title("72 working hours added", "ours", "theirs")
    ours = f"{found['spares_seconds'] * 1e6:.2f} µs"
    for name, aim in (("businesstimedelta", "at least 2500"), ("pandas", "at least 100")):
        theirs = f"{found[f'{name}_seconds'] * 1e6:,.1f} µs"
        line(f"against {name}", (ours, theirs), found[f"{name}_ratio"], aim)


def slips(_options: argparse.Namespace) -> None:
    found = import_module("bench.slips").run()
    title("shipping slips", "ours", "plain platypus")
    speeds = (f"{found['spares_slips_per_second']:.1f} a second", f"{found['platypus_slips_per_second']:.1f} a second")
    line("slips a second", speeds, found["ratio"], "at least 4")
    sizes = (f"{found['spares_bytes']:,.0f} bytes", f"{found['platypus_bytes']:,.0f} bytes")
    line("bytes a slip", sizes, found["spares_bytes"] / found["platypus_bytes"], "ours at most 25,000")


def pages(options: argparse.Namespace) -> None:
    module = import_module("bench.pages")
    found = module.run(quick=options.quick, kind=options.database)
    large = module.QUICK if options.quick else module.LARGE
    title(f"pages, test client, {options.database}", f"{module.SMALL:,} units", f"{large:,} units")
    for name, page in found.items():
        for share in ("p50", "p95"):
            times = (f"{page[f'{share}_small'] * 1000:.1f} ms", f"{page[f'{share}_large'] * 1000:.1f} ms")
            line(f"{name}, {share}", times, page[f"{share}_growth"], "at most 1.3, better 1.15")
    print(f"\n{'SQL statements a page, the sign-in included':44} {'most':>16} {'':>16} {'':>10}  aim")
    for name, page in found.items():
        print(f"{name:44} {page['statements']:>16.0f} {'':>16} {'':>10}  {page['statements_aim']:.0f}")


def reservations(options: argparse.Namespace) -> None:
    found = import_module("bench.reservations").run(quick=options.quick, kind=options.database)
    title(f"reservations, {options.database}", "through HTTP", "raw SQL")
    speeds = (f"{found['http_per_second']:.1f} a second", f"{found['raw_per_second']:.1f} a second")
    line("reservations a second", speeds, found["ratio"], "none; ours over theirs")


MEASUREMENTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "working_time": working_time,
    "slips": slips,
    "pages": pages,
    "reservations": reservations,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"what to measure, of {', '.join(NAMES)}; all without")
    parser.add_argument("--quick", action="store_true", help="50,000 units instead of 1,000,000")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options = parser.parse_args()
    unknown = set(options.names) - set(MEASUREMENTS)
    if unknown:
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    for name in options.names or NAMES:
        MEASUREMENTS[name](options)


if __name__ == "__main__":
    main()
