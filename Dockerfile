# One static binary and the certificates that public servers are known by, nothing else:
#   docker build -t podometer:0.1.0 .
# `.ci/run image` checks what it may do at run time, and prints its size.

ARG RUST_IMAGE=docker.io/library/rust:1.95-slim-bookworm
FROM ${RUST_IMAGE} AS build
# Cargo.toml says what it is built for. Or `release`, which is larger.
ARG PROFILE=image
# Reading k6's scripts (`load import`) is for where they are written: it takes a parser of JavaScript along.
ARG FEATURES=--no-default-features
# glibc linked in, so that the binary needs no file beside it. Its relocations are read at the start and stay in memory;
# packed they take a hundredth. What nothing reads is left out.
ARG RUSTFLAGS="-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs,-T,image.ld,--no-eh-frame-hdr"
# Where cargo keeps what it fetched and built: a cache, so that the next build compiles what changed.
ARG CARGO_CACHE=/cache/cargo
ARG TARGET_CACHE=/cache/target
WORKDIR /src
COPY . .
# --target keeps the flags from the compiler's own plugins. Rust's own linker, which it has on this architecture alone,
# makes one of functions that came out alike.
RUN --mount=type=cache,target=/cache \
    target=$(rustc --print host-tuple) && \
    case $target in x86_64-unknown-linux-gnu) RUSTFLAGS="$RUSTFLAGS -C link-arg=-Wl,--icf=all" ;; esac && \
    CARGO_HOME=$CARGO_CACHE CARGO_TARGET_DIR=$TARGET_CACHE RUSTFLAGS=$RUSTFLAGS \
    cargo build --locked --profile "$PROFILE" $FEATURES --target "$target" --bin podometer && \
    mkdir /image && cp "$TARGET_CACHE/$target/$PROFILE/podometer" /image/podometer

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
