FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1 UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
WORKDIR /app
RUN pip install --no-cache-dir uv && useradd --create-home app && chown app /app
USER app
COPY --chown=app pyproject.toml README.md ./
RUN uv sync --no-dev
COPY --chown=app . .
ENV PATH="/app/.venv/bin:$PATH" STATIC_ROOT=/app/staticfiles
RUN SECRET_KEY=build-only DATABASE_URL=postgresql:///unused REDIS_URL=redis://unused \
    python manage.py collectstatic --noinput
EXPOSE 8000
CMD ["gunicorn", "loyalty.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "8"]
