"""What each message must say to the one who reads it."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import Struct

from domain.accounts import AddressKind
from domain.events import Event, name_of
from notifications.audience import Role, Secret, hearer_in
from notifications.channels import Email, Message
from notifications.directory import Recipient, Sender
from notifications.wording import LANGUAGES, Occasion, write
from tests.notifications import cast
from tests.notifications.cast import CODE, NOON, REFERENCE, TOKEN

EMAIL, PHONE = AddressKind.EMAIL, AddressKind.PHONE
INVITATION = f"https://resguardo.norte.example/i#{TOKEN}"
PERSONAL = f"https://resguardo.norte.example/r#{TOKEN}"
SUPPORT = "0800 555 0100"
SECRETS = {Secret.INVITATION: TOKEN, Secret.PERSONAL_LINK: TOKEN, Secret.CODE: CODE}


class Reading(Struct, frozen=True):
    """What must stand in a message (in an e-mail: in its text) and in which words."""

    event: Event
    role: Role
    holds: tuple[str, ...]
    says: dict[str, str]

    def __str__(self) -> str:
        variant = getattr(self.event, "purpose", None) or getattr(self.event, "had_accepted", "")
        return f"{name_of(self.event)}-{self.role.value}-{variant}".strip("-")


READINGS = [
    Reading(
        cast.invited(), Role.CONTACT, (INVITATION, "Olga"),
        {"en": "nothing happens", "es": "no pasa nada", "pt-BR": "nada acontece"},
    ),
    Reading(
        cast.invited(), Role.OWNER, (SUPPORT,),
        {"en": "trusted people", "es": "de confianza", "pt-BR": "convite"},
    ),
    Reading(
        cast.accepted(), Role.CONTACT, (PERSONAL, "Olga", SUPPORT),
        {"en": "personal link", "es": "enlace personal", "pt-BR": "link pessoal"},
    ),
    Reading(
        cast.accepted(), Role.OWNER, (SUPPORT,),
        {"en": "accepted", "es": "de confianza", "pt-BR": "aceitou"},
    ),
    Reading(
        cast.lapsed(), Role.OWNER, (),
        {"en": "not answered in time", "es": "no tuvo respuesta a tiempo", "pt-BR": "convite"},
    ),
    Reading(
        cast.taken_back(), Role.CONTACT, (SUPPORT,),
        {"en": "back", "es": "retir", "pt-BR": "retir"},
    ),
    Reading(
        cast.taken_back(had_accepted=True), Role.CONTACT, (SUPPORT,),
        {"en": "Your personal link", "es": "Tu enlace personal", "pt-BR": "Seu link pessoal"},
    ),
    Reading(
        cast.taken_back(), Role.OWNER, (SUPPORT,),
        {"en": "taken back", "es": "retir", "pt-BR": "retirado"},
    ),
    Reading(
        cast.taken_back(had_accepted=True), Role.OWNER, (SUPPORT,),
        {"en": "undone", "es": "anul", "pt-BR": "desfeit"},
    ),
    Reading(
        cast.code_asked(purpose="accept"), Role.CONTACT, (CODE,),
        {"en": "never ask", "es": "Nunca", "pt-BR": "Nunca"},
    ),
    Reading(
        cast.code_asked(purpose="report"), Role.CONTACT, (CODE,),
        {"en": "to report", "es": "reportar", "pt-BR": "avisar da perda"},
    ),
    Reading(
        cast.frozen(), Role.OWNER, (SUPPORT,),
        {"en": "another device", "es": "otro dispositivo", "pt-BR": "outro aparelho"},
    ),
    Reading(
        cast.reported(), Role.CONTACT, (REFERENCE, SUPPORT),
        {"en": "SIM card", "es": "SIM", "pt-BR": "chip"},
    ),
    Reading(
        cast.code_asked(purpose="withdraw"), Role.CONTACT, (CODE,),
        {"en": "back", "es": "retirar", "pt-BR": "retirar"},
    ),
    Reading(
        cast.code_asked(purpose="follow"), Role.CONTACT, (CODE,),
        {"en": "see your reports", "es": "ver tus reportes", "pt-BR": "ver seus avisos"},
    ),
    Reading(
        cast.withdrawn(), Role.CONTACT, (REFERENCE, SUPPORT),
        {"en": "stays blocked", "es": "sigue bloqueada", "pt-BR": "bloqueada"},
    ),
    Reading(
        cast.released(), Role.OWNER, (SUPPORT,),
        {"en": "used again", "es": "usar de nuevo", "pt-BR": "de novo"},
    ),
    Reading(
        cast.released(), Role.CONTACT, (SUPPORT,),
        {"en": "is closed", "es": "cerrado", "pt-BR": "encerrado"},
    ),
]  # fmt: skip

every_reading = pytest.mark.parametrize("reading", READINGS, ids=str)
every_language = pytest.mark.parametrize("language", LANGUAGES)
every_kind = pytest.mark.parametrize("kind", [EMAIL, PHONE])


def written(
    event: Event,
    role: Role,
    kind: AddressKind,
    language: str = "en",
    *,
    wallet: Sender | None = None,
    **recipient: Any,
) -> Message:
    secret = hearer_in(event, role).secret
    someone: Callable[..., Recipient] = cast.olga if role is Role.OWNER else cast.carl
    return write(
        Occasion(
            event=event,
            role=role,
            recipient=someone(kind, language, **recipient),
            sender=wallet or cast.the_wallet(),
            secret=SECRETS[secret] if secret else None,
            now=NOON,
        )
    )


def text_of(message: Message) -> str:
    return f"{message.subject}\n{message.text}" if isinstance(message, Email) else message.text
