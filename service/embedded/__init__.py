"""PostgreSQL of our own for demo, tests and benchmarks: `start(folder)` and nothing installed.

Where the wheel does not exist, `RESGUARDO_DATABASE_URL` names a PostgreSQL run by others.
"""

from service.embedded.cluster import Cluster, remove, start
from service.embedded.creation import ADMIN, DATABASE, OWNER, SERVICE
from service.embedded.faults import ClusterFault, FolderInUse, NoBinaries, NotStarted

__all__ = [
    "ADMIN",
    "DATABASE",
    "OWNER",
    "SERVICE",
    "Cluster",
    "ClusterFault",
    "FolderInUse",
    "NoBinaries",
    "NotStarted",
    "remove",
    "start",
]
