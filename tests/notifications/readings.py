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
from tests.notifications.cast import CODE, NOON, REFERENCE, TEST_REFERENCE, TICKET_PAGE, TOKEN

EMAIL, PHONE = AddressKind.EMAIL, AddressKind.PHONE
INVITATION = f"https://resguardo.norte.example/i#{TOKEN}"
PERSONAL = f"https://resguardo.norte.example/r#{TOKEN}"
DRILL = f"https://resguardo.norte.example/drill#{TOKEN}"
NOT_ME = f"https://resguardo.norte.example/not-me#{cast.NOT_ME}"
NOT_MINE = f"https://resguardo.norte.example/not-mine#{cast.NOT_MINE}"
SUPPORT = "0800 555 0100"
SECRETS = {
    Secret.INVITATION: TOKEN,
    Secret.PERSONAL_LINK: TOKEN,
    Secret.DRILL: TOKEN,
    Secret.CODE: CODE,
}


class Reading(Struct, frozen=True):
    """What must stand in a message (in an e-mail: in its text) and in which words."""

    event: Event
    role: Role
    holds: tuple[str, ...]
    says: dict[str, str]

    def __str__(self) -> str:
        variants = (
            getattr(self.event, one, "") for one in ("purpose", "reply", "had_accepted", "reason")
        )
        variant = next((one for one in variants if one), "")
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
        cast.taken_back(), Role.CONTACT, (NOT_ME,),
        {"en": "back", "es": "retir", "pt-BR": "retir"},
    ),
    Reading(
        cast.taken_back(had_accepted=True), Role.CONTACT, (NOT_ME,),
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
        {"en": "to report", "es": "avis", "pt-BR": "avisar da perda"},
    ),
    Reading(
        cast.owner_code_asked(), Role.OWNER, (CODE,),
        {"en": "never ask", "es": "Nunca", "pt-BR": "Nunca"},
    ),
    Reading(
        cast.frozen(), Role.OWNER, (SUPPORT,),
        {"en": "another device", "es": "otro dispositivo", "pt-BR": "outro aparelho"},
    ),
    Reading(
        cast.reported(), Role.CONTACT, (REFERENCE, NOT_ME),
        {"en": "SIM card", "es": "SIM", "pt-BR": "chip"},
    ),
    Reading(
        cast.code_asked(purpose="withdraw"), Role.CONTACT, (CODE,),
        {"en": "back", "es": "retirar", "pt-BR": "retirar"},
    ),
    Reading(
        cast.code_asked(purpose="follow"), Role.CONTACT, (CODE,),
        {"en": "see your reports", "es": "ver tus avisos", "pt-BR": "ver seus avisos"},
    ),
    Reading(
        cast.withdrawn(), Role.CONTACT, (REFERENCE, NOT_ME),
        {"en": "stays blocked", "es": "sigue bloqueada", "pt-BR": "bloqueada"},
    ),
    Reading(
        cast.released(), Role.OWNER, (SUPPORT,),
        {"en": "used again", "es": "usar de nuevo", "pt-BR": "de novo"},
    ),
    Reading(
        cast.released(), Role.CONTACT, (NOT_ME,),
        {"en": "is closed", "es": "cerrado", "pt-BR": "encerrado"},
    ),
    Reading(
        cast.kept_frozen(), Role.OWNER, (SUPPORT,),
        {"en": "protected for now", "es": "sigue protegida", "pt-BR": "continua protegida"},
    ),
    Reading(
        cast.addresses_changed(), Role.OWNER, (SUPPORT,),
        {"en": "number", "es": "cambi", "pt-BR": "telefone"},
    ),
    Reading(
        cast.closing_begun(), Role.OWNER, (SUPPORT,),
        {"en": "closes on", "es": "e cierra el", "pt-BR": "fecha em"},
    ),
    Reading(
        cast.closing_announced(), Role.CONTACT, (NOT_ME,),
        {"en": "closes on", "es": "se cierra", "pt-BR": "fecha em"},
    ),
    Reading(
        cast.invited_again(), Role.CONTACT, (INVITATION, "Olga"),
        {"en": "nothing happens", "es": "no pasa nada", "pt-BR": "nada acontece"},
    ),
    Reading(
        cast.invitation_ready(), Role.CONTACT, (NOT_ME,),
        {"en": "accepted", "es": "ya se puede aceptar", "pt-BR": "aceito"},
    ),
    Reading(
        cast.removal_begun(), Role.OWNER, (NOT_MINE,),
        {"en": "at the earliest", "es": "antes del", "pt-BR": "a partir de"},
    ),
    Reading(
        cast.removal_begun(), Role.CONTACT, (NOT_ME,),
        {"en": "report it", "es": "avisar", "pt-BR": "avise logo"},
    ),
    Reading(
        cast.removal_resumed(), Role.OWNER, (NOT_MINE,),
        {"en": "goes on", "es": "igue en marcha", "pt-BR": "egue"},
    ),
    Reading(
        cast.removal_resumed(), Role.CONTACT, (NOT_ME,),
        {"en": "report it", "es": "avisar", "pt-BR": "avise logo"},
    ),
    Reading(
        cast.removal_cancelled(), Role.OWNER, (SUPPORT,),
        {"en": "hat person stays", "es": "se queda", "pt-BR": "fica"},
    ),
    Reading(
        cast.removal_cancelled(), Role.CONTACT, (NOT_ME,),
        {"en": "ou stay", "es": "sigue", "pt-BR": "continua"},
    ),
    Reading(
        cast.removal_disowned(), Role.OWNER, (SUPPORT,),
        {"en": "his was not me", "es": "o fui yo", "pt-BR": "parou"},
    ),
    Reading(
        cast.removal_disowned(), Role.CONTACT, (NOT_ME,),
        {"en": "ou stay", "es": "sigue", "pt-BR": "continua"},
    ),
    Reading(
        cast.others_are_removed(), Role.CONTACT, (NOT_ME,),
        {"en": "are being removed", "es": "quita", "pt-BR": "remov"},
    ),
    Reading(
        cast.removed(), Role.OWNER, (SUPPORT,),
        {"en": "removed", "es": "de serlo", "pt-BR": "removida"},
    ),
    Reading(
        cast.removed(), Role.CONTACT, (NOT_ME,),
        {"en": "no longer a trusted person", "es": "ya no", "pt-BR": "Agradecemos"},
    ),
    Reading(
        cast.left(), Role.OWNER, (),
        {"en": "no longer on your list", "es": "ya no lo es", "pt-BR": "livre"},
    ),
    Reading(
        cast.left(), Role.CONTACT, (SUPPORT, NOT_ME),
        {"en": "you asked", "es": "omo pediste", "pt-BR": "ped"},
    ),
    Reading(
        cast.paused(), Role.CONTACT, (SUPPORT, NOT_ME),
        {"en": "a report of yours", "es": "antes lo mira una persona", "pt-BR": "antes algu"},
    ),
    Reading(
        cast.suspended(), Role.CONTACT, (SUPPORT, NOT_ME),
        {"en": "a report of yours", "es": "antes lo mira una persona", "pt-BR": "antes algu"},
    ),
    Reading(
        cast.reinstated(), Role.OWNER, (),
        {"en": "what it is", "es": "se puede ver", "pt-BR": "o que foi"},
    ),
    Reading(
        cast.reinstated(), Role.CONTACT, (NOT_ME,),
        {"en": "at once again", "es": "vuelve a bloquear", "pt-BR": "volta a bloquear"},
    ),
    Reading(
        cast.reminded(), Role.OWNER, (),
        {"en": "have a look", "es": "revisar", "pt-BR": "onfira no aplicativo"},
    ),
    Reading(
        cast.reminded(), Role.CONTACT, (NOT_ME,),
        {"en": "confirm", "es": "confirmar", "pt-BR": "onfirme"},
    ),
    Reading(
        cast.unconfirmed_report(), Role.CONTACT, (REFERENCE, SUPPORT, NOT_ME),
        {"en": "NOT blocked", "es": "SIN bloque", "pt-BR": "Seu aviso"},
    ),
    Reading(
        cast.reporter_asked(), Role.CONTACT, (REFERENCE, SUPPORT, NOT_ME),
        {"en": "hear from you", "es": "queremos", "pt-BR": "queremos ouvir"},
    ),
    Reading(
        cast.owner_written_to("trying-to-reach"), Role.OWNER, (SUPPORT,),
        {"en": "trying to reach you", "es": "lamar al", "pt-BR": "recisamos falar"},
    ),
    Reading(
        cast.owner_written_to("bring-proof"), Role.OWNER, (SUPPORT,),
        {"en": "recovery card", "es": "tener a mano", "pt-BR": "documento com foto"},
    ),
    Reading(
        cast.owner_written_to("still-checking"), Role.OWNER, (SUPPORT,),
        {"en": "still checking", "es": "eguimos revisando", "pt-BR": "verificando"},
    ),
    Reading(
        cast.contact_written_to("please-call"), Role.CONTACT, (SUPPORT, NOT_ME),
        {"en": "a question about", "es": "enemos una pregunta", "pt-BR": "sobre o seu aviso"},
    ),
    Reading(
        cast.contact_written_to("have-what-we-need"), Role.CONTACT, (SUPPORT, NOT_ME),
        {"en": "we have what we need", "es": "racias", "pt-BR": "sobre o seu aviso"},
    ),
    Reading(
        cast.unconfirmed_closed(), Role.CONTACT, (SUPPORT, NOT_ME),
        {"en": "could not be confirmed", "es": "se pudo confirmar", "pt-BR": "encerrado"},
    ),
    Reading(
        cast.drill_begun(), Role.CONTACT, (DRILL, "TEST", "Olga"),
        {"en": "rehearse", "es": "ensayar", "pt-BR": "ensaiar"},
    ),
    Reading(
        cast.drill_begun(), Role.OWNER, ("TEST", SUPPORT),
        {"en": "rehearse", "es": "ensayar", "pt-BR": "nsai"},
    ),
    Reading(
        cast.drill_done(), Role.CONTACT, (TEST_REFERENCE, NOT_ME),
        {"en": "othing was blocked", "es": "bloque", "pt-BR": "ada foi bloqueado"},
    ),
    Reading(
        cast.drill_done(), Role.OWNER, ("TEST",),
        {"en": "othing was blocked", "es": "bloque", "pt-BR": "ada foi bloqueado"},
    ),
    Reading(
        cast.code_asked(purpose="drill"), Role.CONTACT, (CODE, "TEST"),
        {"en": "never ask", "es": "Nunca", "pt-BR": "Nunca"},
    ),
    Reading(
        cast.second_added(), Role.CONTACT, (SUPPORT, NOT_ME),
        {"en": "second address", "es": "persona de confianza", "pt-BR": "egundo"},
    ),
    Reading(
        cast.second_removed(), Role.CONTACT, (SUPPORT, NOT_ME),
        {"en": "econd address", "es": "segund", "pt-BR": "segundo"},
    ),
    Reading(
        cast.contacts_addresses_changed(), Role.OWNER, (SUPPORT,),
        {"en": "how we reach them", "es": "datos de contacto", "pt-BR": "dados de contato"},
    ),
    Reading(
        cast.authenticator_set(), Role.CONTACT, (SUPPORT, NOT_ME),
        {"en": "authenticator app", "es": "app", "pt-BR": "autenticador"},
    ),
    Reading(
        cast.authenticator_removed(), Role.CONTACT, (SUPPORT, NOT_ME),
        {"en": "no longer work", "es": "ya no sirve", "pt-BR": "autenticador"},
    ),
    Reading(
        cast.link_stopped(), Role.CONTACT, (SUPPORT, NOT_ME),
        {"en": "was stopped", "es": "o abre nada", "pt-BR": "suspenso"},
    ),
    Reading(
        cast.link_renewed(), Role.CONTACT, (PERSONAL,),
        {"en": "new personal link", "es": "nuevo enlace personal", "pt-BR": "novo link pessoal"},
    ),
    Reading(
        cast.link_shown(), Role.CONTACT, (SUPPORT, NOT_ME),
        {"en": "a new personal link", "es": "nuevo enlace personal", "pt-BR": "novo link pessoal"},
    ),
    Reading(
        cast.erasure_asked(), Role.CONTACT, (SUPPORT, NOT_ME),
        {"en": "we erase", "es": "borrar", "pt-BR": "apagar"},
    ),
    Reading(
        cast.code_asked(purpose="space"), Role.CONTACT, (CODE,),
        {"en": "your space", "es": "tu espacio", "pt-BR": "abrir seu"},
    ),
    Reading(
        cast.code_asked(purpose="second"), Role.CONTACT, (CODE,),
        {"en": "to add this", "es": "agregar est", "pt-BR": "incluir est"},
    ),
    Reading(
        cast.on_call_rung("no-approver"), Role.ON_CALL, (REFERENCE, TICKET_PAGE),
        {"en": "second person", "es": "segunda persona", "pt-BR": "segunda pessoa"},
    ),
    Reading(
        cast.on_call_rung("level-4"), Role.ON_CALL, (REFERENCE, TICKET_PAGE),
        {"en": "level 4", "es": "nivel 4", "pt-BR": " 4"},
    ),
    Reading(
        cast.on_call_tested(), Role.ON_CALL, (),
        {"en": "is a test", "es": "una prueba", "pt-BR": "um teste"},
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
    objection: str | None = cast.NOT_MINE,
    **recipient: Any,
) -> Message:
    secret = hearer_in(event, role).secret
    someone: Callable[..., Recipient] = {
        Role.OWNER: cast.olga,
        Role.CONTACT: cast.carl,
        Role.ON_CALL: cast.sofia,
    }[role]
    return write(
        Occasion(
            event=event,
            role=role,
            recipient=someone(kind, language, **recipient),
            sender=wallet or cast.the_wallet(),
            secret=SECRETS[secret] if secret else None,
            now=NOON,
            objection=objection,
        )
    )


def text_of(message: Message) -> str:
    return f"{message.subject}\n{message.text}" if isinstance(message, Email) else message.text
