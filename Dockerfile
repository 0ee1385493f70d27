# One image for all processes: web, worker, relay and migration differ in their command only.
FROM python:3.11-slim AS build
ENV UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
WORKDIR /srv/kontor
COPY requirements.lock ./
RUN sed -n '/^uv==/,/# via/p' requirements.lock > /tmp/uv.lock \
    && pip install --quiet --no-cache-dir --require-hashes --requirement /tmp/uv.lock \
    && uv venv --quiet /opt/kontor
COPY pyproject.toml README.md LICENSE ./
COPY backend backend
# The lock names every version with its hashes; taken as constraints it gives the application what it needs and none
# of the development tools. Installed in place, the code finds migrations and frontend beside itself as in a checkout.
RUN uv pip install --quiet --no-cache --python /opt/kontor/bin/python \
        --constraint requirements.lock --build-constraint requirements.lock --editable ".[s3,optimizer]" \
    && /opt/kontor/bin/python -m compileall -q backend

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home --home-dir /srv/kontor kontor
COPY --from=build /opt/kontor /opt/kontor
COPY --from=build /srv/kontor /srv/kontor
WORKDIR /srv/kontor
COPY migrations migrations
COPY frontend frontend
# The default settings keep documents and mailbox in `var`: the one place the processes may write to.
RUN install --directory --owner=kontor --group=kontor var
ENV PATH=/opt/kontor/bin:$PATH PYTHONUNBUFFERED=1
USER kontor
VOLUME /srv/kontor/var
EXPOSE 8000
CMD ["kontor", "serve", "--host", "0.0.0.0", "--port", "8000"]
