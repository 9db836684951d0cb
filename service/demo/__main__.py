"""`python -m service.demo wallet` and `python -m service.demo messages`: the parent's children.

Here, so that the two themselves need nothing of the service.
"""

import sys

from service.processes import die_with_parent


def main(which: str) -> None:
    die_with_parent(grace=3.0)
    if which == "wallet":
        from service.demo.wallet.app import serve
    else:
        from service.demo.messages.app import serve
    serve()


if __name__ == "__main__":
    main(sys.argv[1])
