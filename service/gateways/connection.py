"""One client's connection: one question at a time, answers in the order of the requests.

waiting ──▶ a request is taken in ──▶ the database is asked ──▶ answered ──▶ waiting
                    │                                              │
                    └── not HTTP, too long, too slow ──▶ answered, then over
"""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from service.gateways import answers
from service.gateways.answers import Answer
from service.gateways.intake import Intake, Taken
from service.gateways.questions import Question, Request

if TYPE_CHECKING:
    from service.gateways.door import Door

# In the door's seconds. A gateway's own pool lets go of a connection after about a minute; ours
# must not be the one that closes while a question is on its way.
IDLE: Final = 75
# From the first byte of a request to its last, and for taking an answer.
SLOW: Final = 10
# What they still send would otherwise make the system forget what we answered.
LINGERS: Final = 2


class Connection(asyncio.Protocol):
    """Made for each client by the door, which tells it the time."""

    def __init__(self, door: "Door") -> None:
        self._door = door
        self._transport: Any = None
        self._intake = Intake()
        # The request that is being answered, and what is asked of the database for it.
        self._current = Taken(answers.NOT_HTTP)
        self._question: Question | None = None
        # Since when it is as it is: idle, taking in, choked, over.
        self.since = door.seconds
        # They do not read what we write.
        self._is_choked = False
        self._is_paused = False
        self._has_ended = False
        self._is_over = False

    # What the transport tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._door.welcome(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's own name
        self._is_over = True
        self._door.farewell(self)

    def eof_received(self) -> bool:
        """They will ask no more and may still listen: what was asked is answered."""
        self._has_ended = self._intake.is_last = True
        return not self._is_over and (self._question is not None or bool(self._intake.taken))

    def data_received(self, data: bytes) -> None:
        if self._is_over or self._asks_again(data):
            return
        if self._intake.feed(data):
            self.since = self._door.seconds
        if self._question is None:
            self._go_on()
        elif self._intake.taken:
            # Nobody piles up questions here.
            self._pause()

    def _asks_again(self, data: bytes) -> bool:
        """The last question with another token: most are, and there is nothing else to read."""
        if self._question is not None or self._is_choked:
            return False
        intake = self._intake
        head, body = intake.head, intake.body_again(data)
        question = None if head is None or body is None else self._door.again(head, body)
        if question is None:
            return False
        self.since = self._door.seconds
        self._current = intake.again
        self._question = question
        self._door.introspection.put(question.caller, question.token_sha256, self)
        return True

    def pause_writing(self) -> None:
        self._is_choked = True
        self.since = self._door.seconds
        self._pause()

    def resume_writing(self) -> None:
        self._is_choked = False
        self.since = self._door.seconds
        if self._question is None and not self._is_over:
            self._go_on()

    def _pause(self) -> None:
        self._is_paused = True
        self._transport.pause_reading()

    # Answers.

    def _go_on(self) -> None:
        """Answer what can be answered at once, and ask the next question."""
        intake = self._intake
        while intake.taken and not self._is_choked:
            self._current = intake.taken.popleft()
            what = self._current.what
            said = self._door.read(what) if isinstance(what, Request) else what
            if isinstance(said, Question):
                self._question = said
                self._door.introspection.put(said.caller, said.token_sha256, self)
                return
            self._write(said)
            if self._is_over:
                return
        if self._is_choked:
            return
        if intake.is_last:
            self._hang_up()
            return
        if intake.wants_continue:
            intake.wants_continue = False
            self._transport.write(answers.CONTINUE)
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()

    def answered(self, row: Any, place: int | None) -> None:
        """Told by the batch that the question was in."""
        question, self._question = self._question, None
        if question is None or self._is_over:
            return
        self._write(question.answer(row, place))
        intake = self._intake
        if intake.taken or intake.is_last or intake.wants_continue or self._is_paused:
            self._after_an_answer()

    def unanswered(self, fault: Exception) -> None:
        self._question = None
        if not self._is_over:
            self._write(self._door.excuse(fault))
            self._after_an_answer()

    def _after_an_answer(self) -> None:
        if not self._is_over:
            self._go_on()

    def _write(self, answer: Answer) -> None:
        current = self._current
        stays = current.keeps and not self._door.is_closing
        if not stays:
            end = b"connection: close\r\n\r\n"
        else:
            end = b"connection: keep-alive\r\n\r\n" if current.is_old else b"\r\n"
        self.since = self._door.seconds
        is_head = isinstance(current.what, Request) and current.what.method == b"HEAD"
        body = b"" if is_head else answer.body
        self._transport.write(b"%b%b%b%b" % (answer.head, self._door.date, end, body))
        if not stays:
            self._hang_up()

    def _hang_up(self) -> None:
        self._is_over = True
        self.since = self._door.seconds
        if self._has_ended:
            self._transport.close()
            return
        # What they still send is read and thrown away until they have seen the end.
        self._transport.write_eof()
        if self._is_paused:
            self._transport.resume_reading()

    # What the door tells.

    @property
    def is_idle(self) -> bool:
        busy = self._is_over or self._question is not None or self._intake.is_inside
        return not busy and not self._intake.taken

    def close(self) -> None:
        self._is_over = True
        self._transport.close()

    def abort(self) -> None:
        self._is_over = True
        self._transport.abort()

    def turn_away(self) -> None:
        self._current = Taken(answers.TOO_MANY)
        self._write(answers.TOO_MANY)

    def look_at_the_clock(self) -> None:
        """Once a second: nobody holds a place for longer than it takes."""
        waited = self._door.seconds - self.since
        if self._is_over or self._is_choked:
            if waited > (LINGERS if self._is_over else SLOW):
                self.abort()
        elif self.is_idle:
            if waited > IDLE:
                self.close()
        elif self._question is None and waited > SLOW:
            self._intake.refuse(answers.TOO_SLOW)
            self._go_on()
