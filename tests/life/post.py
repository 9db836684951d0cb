"""Where messages of a life arrive: the world outside takes everything at once, or nothing."""

from typing import Final
from uuid import UUID

from notifications.channels import Channels, Email, Later, Outcome, Sent, Sms


class Post:
    """Every e-mail and text message that left."""

    def __init__(self) -> None:
        # Whether nothing is taken just now.
        self.strikes = False
        self.arrived: list[Email | Sms] = []
        self.keys: set[UUID] = set()
        self.channels: Final = Channels(email=self, sms=self)

    async def send(self, message: Email | Sms, *, key: UUID) -> Outcome:
        if self.strikes:
            return Later(error="down")
        # Nobody is killed in these lives, so what was taken is not sent again.
        assert key not in self.keys
        self.keys.add(key)
        self.arrived.append(message)
        return Sent()
