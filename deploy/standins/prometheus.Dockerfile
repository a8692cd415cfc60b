# What docker-compose.yml needs of prom/prometheus, from Debian's package: same programs, same paths, same user,
# same volume. Debian 12 has version 2.42, not the one that the tag says.
FROM newsloom-standin/debian:bookworm
RUN apt-get update -q \
 && apt-get install -q -y --no-install-recommends prometheus \
 && rm -rf /var/lib/apt/lists/* /etc/prometheus/* \
 && install -d -o nobody -g nogroup /prometheus
LABEL newsloom.standin=1
USER nobody
VOLUME ["/prometheus"]
EXPOSE 9090
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
