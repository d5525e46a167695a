FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
ARG COMMIT=
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$VERSION -X main.commit=$COMMIT" -o /collector ./cmd/collector

# glibc, not static: the binary can load the ClickHouse engine, which needs it.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 collector && install -d -o collector /var/lib/collector
COPY --from=build /collector /usr/local/bin/collector
USER collector
VOLUME /var/lib/collector
EXPOSE 9187
ENTRYPOINT ["collector"]
CMD ["run"]
