# docker build .                     a static binary and nothing else; the rows go to a ClickHouse server
# docker build --target embedded .   with the embedded ClickHouse engine, for x86-64
# Neither writes anywhere but to /var/lib/collector.

ARG GO=golang:1.26.8-bookworm
ARG NODE=node:22.21.1-bookworm-slim
ARG DEBIAN=debian:bookworm-20260824-slim

FROM ${NODE} AS charts
COPY web/fetch.sh /web/
RUN sh /web/fetch.sh

FROM ${NODE} AS engine
COPY sink/engine/fetch.sh /
RUN sh /fetch.sh /usr/local

FROM ${GO} AS source
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=charts /web/assets web/assets
RUN install -d -m 700 /state
ARG VERSION
ARG COMMIT

FROM source AS build-embedded
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X alpemix-collector/internal/version.version=$VERSION -X alpemix-collector/internal/version.commit=$COMMIT" -o /collector ./cmd/collector

FROM source AS build
RUN CGO_ENABLED=0 go build -tags noengine -trimpath -ldflags "-s -w -X alpemix-collector/internal/version.version=$VERSION -X alpemix-collector/internal/version.commit=$COMMIT" -o /collector ./cmd/collector

# The engine needs glibc.
FROM ${DEBIAN} AS embedded
COPY --from=source /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=engine /usr/local/.engine /usr/local/.engine
COPY --from=build-embedded /collector /usr/local/bin/
COPY LICENSE internal/licenses/licenses.txt /usr/local/share/doc/collector/
COPY --from=source --chown=65532:65532 /state /var/lib/collector
ENV COLLECTOR_STATE_DIR=/var/lib/collector COLLECTOR_HTTP_LISTEN=0.0.0.0:9187
USER 65532:65532
VOLUME /var/lib/collector
EXPOSE 9187
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["/usr/local/bin/collector", "healthy"]
ENTRYPOINT ["/usr/local/bin/collector"]
CMD ["run"]
ARG VERSION
ARG COMMIT
LABEL org.opencontainers.image.title="alpemix-collector" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.description="Collects Alpemix connection reports into ClickHouse; with the embedded engine" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$COMMIT"

FROM scratch
COPY --from=source /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /collector /usr/local/bin/
COPY LICENSE internal/licenses/licenses.txt /usr/local/share/doc/collector/
COPY --from=source --chown=65532:65532 /state /var/lib/collector
ENV COLLECTOR_STATE_DIR=/var/lib/collector COLLECTOR_HTTP_LISTEN=0.0.0.0:9187
USER 65532:65532
VOLUME /var/lib/collector
EXPOSE 9187
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["/usr/local/bin/collector", "healthy"]
ENTRYPOINT ["/usr/local/bin/collector"]
CMD ["run"]
ARG VERSION
ARG COMMIT
LABEL org.opencontainers.image.title="alpemix-collector" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.description="Collects Alpemix connection reports into ClickHouse" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$COMMIT"
