"""Passkeys (Web Authentication, level 3): what an authenticator is asked, and whether its answer
is right.

The relying party is the console's own host, and no other origin counts. The user is always
verified by the authenticator, so that one passkey is two factors. Which authenticator it is, is
not asked for: attestation says "none".
"""

from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec import Struct
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

_NAME: Final = "Resguardo"
# Base64 of what authenticators send; keys and signatures are far smaller.
_LONGEST: Final = 16_384
# Whoever looks for the security key in a drawer has this long; the challenge lives longer.
_MILLISECONDS: Final = 120_000


class _Response(Struct, frozen=True):
    clientDataJSON: str  # noqa: N815  # the standard's name
    authenticatorData: str = ""  # noqa: N815  # the standard's name
    signature: str = ""
    userHandle: str | None = None  # noqa: N815  # the standard's name
    attestationObject: str = ""  # noqa: N815  # the standard's name


class _Credential(Struct, frozen=True):
    id: str
    rawId: str  # noqa: N815  # the standard's name
    type: str
    response: _Response


class _ClientData(Struct, frozen=True):
    challenge: str


class Answer(Struct, frozen=True, kw_only=True):
    """What an authenticator answered, read and not yet believed."""

    credential_id: bytes
    challenge: bytes
    # Whose passkey it says it is.
    user_handle: bytes | None
    credential: dict[str, Any]


class NewPasskey(Struct, frozen=True, kw_only=True):
    credential_id: bytes
    public_key: bytes
    sign_count: int


def to_register(
    origin: str, challenge: bytes, *, user_id: UUID, login: str, known: Iterable[bytes]
) -> str:
    """The options for `navigator.credentials.create()`, as JSON."""
    options = generate_registration_options(
        rp_id=host_of(origin),
        rp_name=_NAME,
        user_id=user_id.bytes,
        user_name=login,
        challenge=challenge,
        timeout=_MILLISECONDS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            # Found by the authenticator itself, so that nobody types a login.
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return options_to_json(options)


def to_sign(origin: str, challenge: bytes, *, known: Iterable[bytes] = ()) -> str:
    """The options for `navigator.credentials.get()`, as JSON; `known` if it is known who asks."""
    options = generate_authentication_options(
        rp_id=host_of(origin),
        challenge=challenge,
        timeout=_MILLISECONDS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def read(answer: str) -> Answer | None:
    """None for what no authenticator would say."""
    if len(answer) > _LONGEST:
        return None
    try:
        credential = msgspec.json.decode(answer, type=_Credential)
        client_data = _bytes(credential.response.clientDataJSON)
        said = msgspec.json.decode(client_data, type=_ClientData)
        handle = credential.response.userHandle
        return Answer(
            credential_id=_bytes(credential.rawId),
            challenge=_bytes(said.challenge),
            user_handle=_bytes(handle) if handle else None,
            credential=msgspec.to_builtins(credential),
        )
    except (msgspec.DecodeError, NotBase64, ValueError, RecursionError):
        return None


def registered(answer: Answer, *, origin: str) -> NewPasskey | None:
    """The new passkey, if the answer is to its own challenge, from our page, by a verified user."""
    try:
        made = verify_registration_response(
            credential=answer.credential,
            expected_challenge=answer.challenge,
            expected_rp_id=host_of(origin),
            expected_origin=origin,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001  # whatever the library trips over, a stranger sent it
        return None
    return NewPasskey(
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
    )


def signed(answer: Answer, *, origin: str, public_key: bytes, sign_count: int) -> int | None:
    """How often the passkey has signed by now; None if this signature is not its next one."""
    try:
        checked = verify_authentication_response(
            credential=answer.credential,
            expected_challenge=answer.challenge,
            expected_rp_id=host_of(origin),
            expected_origin=origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001  # whatever the library trips over, a stranger sent it
        return None
    return checked.new_sign_count


def host_of(origin: str) -> str:
    """The relying party's id."""
    return urlsplit(origin).hostname or ""


def _bytes(encoded: str) -> bytes:
    return urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
