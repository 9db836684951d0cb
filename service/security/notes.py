"""Signed notes: a few lines of text and, below an empty one, an Ed25519 signature of them.

The form is that of transparency logs (C2SP, signed-note), so that a stranger's tools can check
what we wrote with nothing but the public key.
"""

import binascii
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from service.security.keys import NamedKey

_ED25519: Final = b"\x01"
_ID_BYTES: Final = 4


def signed(text: str, key: NamedKey) -> str:
    """The note; `text` ends with a line break and has no empty line in it."""
    signature = _private(key).sign(text.encode())
    return f"{text}\n— {key.id} {b64encode(_id_of(key) + signature).decode()}\n"


def opened(note: str, keys: tuple[NamedKey, ...]) -> str | None:
    """The text of a note that one of these keys signed; None for any other."""
    text, empty, signature_line = note.rpartition("\n\n")
    text += "\n"
    mark, _, rest = signature_line.strip("\n").partition(" ")
    name, _, encoded = rest.partition(" ")
    if not empty or mark != "—":
        return None
    try:
        said = b64decode(encoded, validate=True)
    except binascii.Error:
        return None
    for key in keys:
        if key.id == name and said[:_ID_BYTES] == _id_of(key):
            try:
                _private(key).public_key().verify(said[_ID_BYTES:], text.encode())
            except InvalidSignature:
                return None
            return text
    return None


def verifier(key: NamedKey) -> str:
    """The public half, as other tools take it: name, id and key."""
    public = b64encode(_ED25519 + _public_bytes(key)).decode()
    return f"{key.id}+{_id_of(key).hex()}+{public}"


def _private(key: NamedKey) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(key.secret)


def _public_bytes(key: NamedKey) -> bytes:
    public: Ed25519PublicKey = _private(key).public_key()
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _id_of(key: NamedKey) -> bytes:
    return sha256(key.id.encode() + b"\n" + _ED25519 + _public_bytes(key)).digest()[:_ID_BYTES]
