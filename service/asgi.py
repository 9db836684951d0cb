"""What the server loads in each web process."""

import gc
import os

from service import logs, processes, settings
from service.app import create_app


async def settle() -> None:
    """What was loaded at the start stays: sorting it again and again costs the slowest answers."""
    gc.collect()
    gc.freeze()


processes.die_with_parent()
logs.configure()
app = create_app(settings.load(os.environ))
app.on_startup.append(settle)
