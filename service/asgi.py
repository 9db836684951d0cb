"""What the server loads in each web process."""

import os

from service import logs, processes, settings
from service.app import create_app

processes.die_with_parent()
logs.configure()
app = create_app(settings.load(os.environ))
