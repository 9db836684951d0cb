"""Finding an address without storing it: HMAC-SHA-256, own key per wallet and field.

What is indexed is the one written form: E.164 for phones; for e-mail the lower-cased address
with its domain in IDNA.
"""

import hmac
from hashlib import sha256

from domain.accounts import AddressKind
from domain.ids import WalletId
from service.security.keys import KeyRing


def index_of(keys: KeyRing, wallet_id: WalletId, kind: AddressKind, address: str) -> bytes:
    """The look-up value of an address that `addresses.normal` has written."""
    field_key = hmac.digest(
        keys.index.secret, b"address|" + wallet_id.bytes + kind.value.encode(), sha256
    )
    return hmac.digest(field_key, address.encode(), sha256)
