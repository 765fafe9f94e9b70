FROM python:3.11-slim-bookworm

RUN useradd --system --create-home --uid 10001 aicost
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir "$(grep '^uv==' requirements.txt)" \
    && uv pip sync --system --no-cache --compile-bytecode requirements.txt
COPY --chown=aicost manage.py ./
COPY --chown=aicost aicost aicost
COPY --chown=aicost ingest ingest
COPY --chown=aicost attribution attribution
COPY --chown=aicost templates templates
COPY --chown=aicost static static

ENV AICOST_HOME=/data PYTHONUNBUFFERED=1
RUN mkdir /data && chown aicost /data
VOLUME /data
USER aicost
EXPOSE 8000
CMD ["gunicorn", "-c", "python:aicost.runtime.webserver", "aicost.wsgi:application", \
     "--bind", "0.0.0.0:8000"]
