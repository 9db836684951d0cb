"""What a process and its children hold in memory."""

import psutil


def memory_of(pid: int) -> float:
    """Unique memory in MB of the largest process below `pid`: one web process."""
    parent = psutil.Process(pid)
    family = [parent, *parent.children(recursive=True)]
    return max(process.memory_full_info().uss for process in family) / 1e6
