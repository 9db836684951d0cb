"""What can go wrong with the embedded database. The text is for the person at the terminal."""


class ClusterFault(Exception):
    """The cluster cannot be used; nothing that it stores was changed."""


class NoBinaries(ClusterFault):
    """This platform has no wheel with PostgreSQL in it, or not the version that is needed."""


class FolderInUse(ClusterFault):
    """Another process runs this very cluster."""


class NotStarted(ClusterFault):
    """PostgreSQL refused; the end of its own log is part of the text."""
