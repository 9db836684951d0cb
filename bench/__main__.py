"""`make bench`: measures beside the best that is possible, in the same run."""

from bench import introspection, reports
from bench.ground import ground


def main() -> None:
    with ground() as here:
        introspection.measure(here)
        reports.measure(here)


if __name__ == "__main__":
    main()
