"""What the terminal shows once everything runs."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from service.demo.people import DemoAgent
from service.demo.ports import Ports
from service.security.totp import code_at

_STEP: Final = 30
_NARROWEST: Final = 96
_STORY: Final = """
Sample wallet, Olga’s phone: [bold]Mis personas de confianza[/], then [bold]Usar la llave de
acceso[/], which opens Resguardo’s pages. Invite someone, say Carl at carl@correo.example.

Messages, Carl’s mailbox: open the invitation and accept it with the code that arrives. One more
message brings his personal link.

Olga’s phone is gone: open Carl’s link and report it stolen. Watch phone and laptop die in the
sample wallet, and Norte confirm.

Console, as astrid: open the urgent ticket, record that the owner was reached, and send a code to
Olga’s mailbox. Open the page it names, type the key from the console and the code from Messages.

Sample wallet: at the counter, Olga shows her document. Console, as astrid: go through the
checklist, and propose the release.

Console, as arne, in a private window: approve. Olga signs in on a new phone; the stolen one stays
barred.
"""


def terminal() -> Console:
    """Without a terminal there is no width to keep to, and addresses must stay whole."""
    console = Console(highlight=False, soft_wrap=False)
    return console if console.is_terminal else Console(highlight=False, width=_NARROWEST)


def show(console: Console, ports: Ports, agents: Iterable[DemoAgent]) -> None:
    console.print()
    console.print(Padding(Text("Resguardo is running", style="bold"), (0, 2)))
    console.print()
    console.print(Padding(addresses(ports), (0, 2)))
    console.print()
    console.print(Padding(sign_ins(agents), (0, 2)))
    console.print()
    console.print(Padding(story(), (0, 2)))
    console.print()
    console.print(
        Padding(
            Text.from_markup(
                "Ctrl-C stops it. The next [bold]make run[/] goes on from here; "
                "[bold]make run-clean[/] forgets it all."
            ),
            (0, 2),
        )
    )
    console.print()


def addresses(ports: Ports) -> Table:
    table = Table.grid(padding=(0, 3))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(style="cyan", no_wrap=True, overflow="ignore")
    table.add_column(style="dim")
    table.add_row("Sample wallet", ports.wallet_origin, "Olga’s phone and laptop")
    table.add_row("Messages", ports.messages_origin, "every e-mail and text message")
    table.add_row("Console", ports.console_origin, "for support agents")
    table.add_row("Pages", ports.origin, "opened from wallet and messages")
    return table


def sign_ins(agents: Iterable[DemoAgent]) -> Table:
    """Passwords and authenticator secrets, with the code that each gives just now."""
    left = _STEP - int(time.time()) % _STEP
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("Agent", no_wrap=True, style="bold")
    table.add_column("Password", no_wrap=True)
    table.add_column("Authenticator secret", no_wrap=True)
    table.add_column(f"Code ({left} s)", no_wrap=True, style="bold green")
    now = datetime.now(UTC)
    for agent in agents:
        code = code_at(agent.totp_secret, now)
        table.add_row(agent.login, agent.password, agent.totp_secret, code)
    table.caption = "New codes: .venv/bin/python -m service demo codes"
    table.caption_justify = "left"
    return table


def story() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for number, step in enumerate(_STORY.strip().split("\n\n"), start=1):
        table.add_row(str(number), step.replace("\n", " "))
    return table
