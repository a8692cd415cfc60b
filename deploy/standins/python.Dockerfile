# What deploy/Dockerfile needs of python:3.11-slim, from Debian bookworm, whose Python is 3.11.
FROM newsloom-standin/debian:bookworm
RUN apt-get update -q \
 && apt-get install -q -y --no-install-recommends python3 python3-venv python3-pip ca-certificates libexpat1 \
 && rm -rf /var/lib/apt/lists/* \
 && ln -s /usr/bin/python3 /usr/local/bin/python
# A machine behind an inspecting proxy has its authority here; elsewhere the folder is empty.
COPY certificates /usr/local/share/ca-certificates
RUN update-ca-certificates
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt
LABEL newsloom.standin=1
CMD ["python3"]
