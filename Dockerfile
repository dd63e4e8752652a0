# The static binary with CA certificates. docs/operating.md says how to run it: "Run in a container".
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG COMMIT
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
	CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
	go build -trimpath -ldflags "-s -w -X main.commit=$COMMIT" -o /image/usr/local/bin/aitys ./cmd/aitys
RUN mkdir -p /image/etc/ssl/certs /image/data && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs

FROM scratch
COPY --from=build /image/etc /etc
COPY --from=build /image/usr /usr
COPY --from=build --chown=65532:65532 /image/data /data
USER 65532:65532
WORKDIR /data
VOLUME /data
# SQLite writes temporary files into TMPDIR during upgrades.
ENV AITYS_DATA=/data AITYS_LISTEN=:8080 TMPDIR=/data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=2m CMD ["/usr/local/bin/aitys", "health"]
ENTRYPOINT ["/usr/local/bin/aitys"]
CMD ["serve"]
ARG COMMIT
LABEL org.opencontainers.image.title="Aitys" \
	org.opencontainers.image.description="Comment service with moderation" \
	org.opencontainers.image.source="https://github.com/aitys/aitys" \
	org.opencontainers.image.revision="$COMMIT" \
	org.opencontainers.image.licenses="MIT"
