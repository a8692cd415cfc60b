# What docker-compose.yml needs of apache/kafka, from Debian's Java and the locked jars: same
# environment variables, same paths, same user, same volumes. Not its Alpine base, not its tools.
FROM newsloom-standin/debian:bookworm
RUN apt-get update -q \
 && apt-get install -q -y --no-install-recommends openjdk-17-jre-headless \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 1000 --create-home appuser \
 && install -d -o appuser -g appuser /opt/kafka/config /var/lib/kafka/data /etc/kafka/secrets /mnt/shared/config
COPY libs /opt/kafka/libs
COPY run /etc/kafka/docker/run
LABEL newsloom.standin=1
USER appuser
VOLUME ["/etc/kafka/secrets", "/var/lib/kafka/data", "/mnt/shared/config"]
EXPOSE 9092
CMD ["/etc/kafka/docker/run"]
