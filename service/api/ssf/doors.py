"""Who may come in where: `ssf.manage` everywhere, `ssf.read` where nothing is changed."""

from typing import Final

from litestar.openapi.spec import SecurityRequirement

from service import openapi
from service.api.callers import needs
from service.storage.values import Scope

MANAGES: Final[list[SecurityRequirement]] = [{openapi.TOKEN: [Scope.SSF_MANAGE.value]}]
READS: Final[list[SecurityRequirement]] = [{openapi.TOKEN: [Scope.SSF_READ.value]}, *MANAGES]
managing: Final = needs(Scope.SSF_MANAGE)
reading: Final = needs(Scope.SSF_READ, Scope.SSF_MANAGE)
