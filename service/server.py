"""What the server loads in each web process."""

import gc
import os

from service import logs, processes, settings
from service.app import create_entrance


def settle() -> None:
    """What was loaded at the start stays: sorting it again and again costs the slowest answers."""
    gc.collect()
    gc.freeze()


processes.die_with_parent()
logs.configure()
entrance = create_entrance(settings.load(os.environ), settle=settle)
