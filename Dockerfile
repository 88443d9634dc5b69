# One static binary and the certificates that public servers are known by, nothing else:
#   docker build -t podometer:0.1.0 .
# Sizes and what it may do at run time are checked by `.ci/run image`.

ARG RUST_IMAGE=docker.io/library/rust:1.95-slim-bookworm
FROM ${RUST_IMAGE} AS build
# Any profile of Cargo.toml: `dev` builds fastest, `gate` runs nearly as fast as `release`.
ARG PROFILE=release
# Where cargo leaves what it built: a cache, so that the next build compiles what changed.
ARG CARGO_TARGET_DIR=/cache/target
WORKDIR /src
COPY . .
# glibc linked in, so that the binary needs no file beside it; --target keeps the flag from the compiler's own plugins.
# Its relocations are read at the start and stay in memory; packed they take 8 kB instead of 600.
RUN --mount=type=cache,target=/cache \
    --mount=type=cache,target=/usr/local/cargo/registry \
    target=$(rustc --print host-tuple) && \
    RUSTFLAGS='-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs' \
    cargo build --locked --profile "$PROFILE" --target "$target" --bin podometer && \
    case $PROFILE in dev) directory=debug ;; *) directory=$PROFILE ;; esac && \
    mkdir /image && cp "$CARGO_TARGET_DIR/$target/$directory/podometer" /image/podometer

FROM scratch
LABEL org.opencontainers.image.title="podometer" \
      org.opencontainers.image.description="The CPU and memory of every pod: right, live and cheap" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /image/podometer /podometer
# The authorities of public servers, for sinks and load tests over https. Authorities of your own: mount their PEM file and
# name it in the sink's ca_file, or in SSL_CERT_FILE in place of all of these. The API server's and the kubelet's come with
# the service account.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# By number: Kubernetes checks runAsNonRoot by it, and there is no /etc/passwd.
USER 65532:65532
EXPOSE 9758
ENTRYPOINT ["/podometer"]
CMD ["agent", "--set", "server.listen=0.0.0.0:9758"]
