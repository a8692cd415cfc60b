# What docker-compose.yml needs of prom/prometheus, from Debian's package: same paths, user, port and flags.
FROM newsloom-standin/debian:bookworm
RUN apt-get update -q \
 && apt-get install -q -y --no-install-recommends prometheus \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o nobody -g nogroup /prometheus /etc/prometheus \
 && ln -s /usr/bin/prometheus /bin/prometheus || true
LABEL newsloom.standin=1
USER nobody
VOLUME /prometheus
EXPOSE 9090
ENTRYPOINT ["/usr/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
