"""Norte's own words. Another company's app: it shares no catalogue with Resguardo."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

LANGUAGES: Final = ("es", "pt-BR", "en")
_HOME: Final = ZoneInfo("America/Argentina/Buenos_Aires")

WORDS: Final[Mapping[str, tuple[str, str, str]]] = {
    # es, pt-BR, en
    "title": ("Norte, la billetera", "Norte, a carteira", "Norte, the wallet"),
    "stage": (
        "Los dispositivos de Olga",
        "Os aparelhos da Olga",
        "Olga’s devices",
    ),
    "stage-note": (
        "Cada pantalla pregunta cada segundo si su sesión sigue viva.",
        "Cada tela pergunta a cada segundo se a sessão continua viva.",
        "Every second each screen asks whether its session is still alive.",
    ),
    "phone": ("El teléfono de Olga", "O telefone da Olga", "Olga’s phone"),
    "laptop": ("La computadora de Olga", "O computador da Olga", "Olga’s laptop"),
    "new-phone": ("Su teléfono nuevo", "O telefone novo dela", "Her new phone"),
    "get-phone": ("Sumar un teléfono nuevo", "Adicionar um telefone novo", "Add a new phone"),
    "hello": ("Hola, Olga", "Olá, Olga", "Hello, Olga"),
    "balance": ("Dinero disponible", "Dinheiro disponível", "Available money"),
    "pay": ("Pagar $ 1.850 en el kiosco", "Pagar $ 1.850 na banca", "Pay $1,850 at the kiosk"),
    "people": (
        "Mis personas de confianza",
        "Minhas pessoas de confiança",
        "My trusted people",
    ),
    "people-note": (
        "Pueden avisar si pierdo el teléfono",
        "Podem avisar se eu perder o telefone",
        "They can speak up if I lose my phone",
    ),
    "people-one": ("1 persona puede avisar", "1 pessoa pode avisar", "1 person can speak up"),
    "people-many": ("personas pueden avisar", "pessoas podem avisar", "people can speak up"),
    "confirm": ("Confirmar que es Olga", "Confirmar que é a Olga", "Confirm it is Olga"),
    "confirm-note": (
        "Para cambiar personas de confianza hace falta la llave de acceso.",
        "Para mudar pessoas de confiança é preciso a chave de acesso.",
        "Changing trusted people needs the passkey.",
    ),
    "use-key": ("Usar la llave de acceso", "Usar a chave de acesso", "Use the passkey"),
    "sign-out": ("Cerrar sesión", "Sair", "Sign out"),
    "sign-in": ("Entrar como Olga", "Entrar como Olga", "Sign in as Olga"),
    "sign-in-again": ("Volver a entrar", "Entrar de novo", "Sign in again"),
    "movements": ("Movimientos", "Movimentações", "Activity"),
    "bus": ("Colectivo, línea 152", "Ônibus, linha 152", "Bus, line 152"),
    "sister": ("De Irene Ortiz", "De Irene Ortiz", "From Irene Ortiz"),
    "market": ("Almacén Don Luis", "Mercearia Don Luis", "Don Luis grocery"),
    "salary": ("Sueldo", "Salário", "Salary"),
    "kiosk": ("Kiosco Belgrano", "Banca Belgrano", "Belgrano kiosk"),
    "signed-out": ("Sesión cerrada", "Sessão encerrada", "Signed out"),
    "signed-out-note": (
        "Por seguridad, aquí ya no se puede ver ni mover nada.",
        "Por segurança, aqui já não se pode ver nem mover nada.",
        "For safety, nothing can be seen or moved here any more.",
    ),
    "call": ("Llamar a Norte", "Ligar para o Norte", "Call Norte"),
    "welcome": ("Te damos la bienvenida", "Boas-vindas ao Norte", "Welcome to Norte"),
    "welcome-note": (
        "Nadie entró todavía en este dispositivo.",
        "Ninguém entrou ainda neste aparelho.",
        "Nobody has signed in on this device yet.",
    ),
    "unsure": ("Sin conexión", "Sem conexão", "No connection"),
    "unsure-note": (
        "No hay respuesta sobre esta sesión. Mientras tanto no se puede hacer nada.",
        "Não há resposta sobre esta sessão. Enquanto isso nada pode ser feito.",
        "There is no answer about this session. Until there is, nothing can be done.",
    ),
    "account-frozen": (
        "La cuenta está protegida: por ahora nadie puede entrar. Para recuperarla, llamar a Norte.",
        "A conta está protegida: por ora ninguém pode entrar. Para recuperá-la, ligar ao Norte.",
        "The account is protected: nobody can sign in for now. To get it back, call Norte.",
    ),
    "device-reported": (
        "Este dispositivo figura en un aviso. Entrar desde otro, o llamar a Norte.",
        "Este aparelho consta de um aviso. Entrar por outro, ou ligar para o Norte.",
        "This device was reported. Sign in on another one, or call Norte.",
    ),
    "nothing-lost": ("No se perdió nada", "Nada foi perdido", "Nothing is lost"),
    "nothing-lost-note": (
        "Para decirlo hace falta la llave de acceso. La cuenta sigue protegida mientras tanto.",
        "Para dizer isso é preciso a chave de acesso. A conta continua protegida enquanto isso.",
        "Saying so needs the passkey. The account stays protected meanwhile.",
    ),
    "refused": (
        "No se pudo entrar. Probar otra vez en un momento.",
        "Não foi possível entrar. Tentar de novo em instantes.",
        "Signing in did not work. Try again in a moment.",
    ),
    "counter": (
        "Mostrador: Olga muestra su documento",
        "Balcão: a Olga mostra o documento",
        "Counter: Olga shows her document",
    ),
    "counter-note": (
        "Con la cuenta bloqueada, Norte vuelve a comprobar quién es.",
        "Com a conta bloqueada, o Norte comprova de novo quem é.",
        "With the account blocked, Norte proves again who she is.",
    ),
    "counter-recorded": (
        "Comprobado y avisado. Deciden dos personas.",
        "Comprovado e avisado. Duas pessoas decidem.",
        "Proved and told. Two people decide.",
    ),
    "counter-refused": (
        "No hizo falta: la cuenta no está bloqueada.",
        "Não foi preciso: a conta não está bloqueada.",
        "Not needed: the account is not blocked.",
    ),
    "hood": ("Por dentro", "Por dentro", "Under the hood"),
    "hood-note": (
        "Las últimas llamadas del servidor de Norte a Resguardo.",
        "As últimas chamadas do servidor do Norte ao Resguardo.",
        "The last calls from Norte’s backend to Resguardo.",
    ),
    "times": ("veces", "vezes", "times"),
    "starting": (
        "Norte está arrancando. La página vuelve a mirar sola.",
        "O Norte está iniciando. A página olha de novo sozinha.",
        "Norte is starting. The page looks again by itself.",
    ),
}


class Speech:
    """The words in one language."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else LANGUAGES[0]
        self._column = LANGUAGES.index(self.language)

    def __call__(self, key: str) -> str:
        return WORDS[key][self._column]

    def refusal(self, code: str) -> str:
        return self(code if code in {"account-frozen", "device-reported"} else "refused")

    def people(self, count: int) -> str:
        return self("people-one") if count == 1 else f"{count} {self('people-many')}"

    def money(self, cents: int) -> str:
        amount = f"{abs(cents) / 100:,.2f}"
        if self.language != "en":
            amount = amount.translate(str.maketrans(",.", ".,"))
        space = "" if self.language == "en" else "\N{NO-BREAK SPACE}"
        return f"{'−' if cents < 0 else ''}${space}{amount}"

    def moment(self, at: datetime) -> str:
        here = at.astimezone(_HOME)
        is_today = here.date() == datetime.now(_HOME).date()
        written = "%H:%M" if is_today else ("%b %-d" if self.language == "en" else "%d/%m")
        return here.strftime(written)


def wall_clock() -> str:
    return datetime.now(_HOME).strftime("%H:%M")
