"""Started by `python -m service gateways`: nothing that the other commands need is loaded here."""

import os
import sys

from service import logs, processes, settings
from service.gateways.process import run

if __name__ == "__main__":
    processes.die_with_parent()
    logs.configure()
    try:
        found = settings.load_gateways(os.environ)
    except settings.SettingWrong as wrong:
        sys.stderr.write(f"{wrong}\n")
        sys.exit(2)
    run(found)
