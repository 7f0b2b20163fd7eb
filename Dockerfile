FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 VIGIE_BOOTSTRAP=off VIGIE_HOME=/var/lib/vigie
WORKDIR /srv/vigie
COPY requirements.lock ./
RUN pip install --no-cache-dir --only-binary :all: --require-hashes -r requirements.lock
COPY . .
RUN useradd --system --home-dir /var/lib/vigie --create-home vigie \
    && python -c "from pathlib import Path; from config.translations import compile_changed; compile_changed(Path('locale'))" \
    && VIGIE_HOME=/tmp/build python manage.py collectstatic --noinput && rm -r /tmp/build \
    && chown -R vigie /srv/vigie/staticfiles
USER vigie
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "8", "config.wsgi:application"]
