# One image for every role: SERVER_TYPE says which. It only comes of a tree whose unit tests pass.
#
#   build → test → the image: the binary, its libraries, the models; nothing that builds
#
#   docker build -t mamparo [--build-arg DEBIAN=docker.io/library/debian@sha256:…] \
#       [--label org.opencontainers.image.revision=$(git rev-parse HEAD)] .
ARG DEBIAN=docker.io/library/debian:bookworm-slim

FROM ${DEBIAN} AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /src
COPY startup/packages.sh startup/
RUN source startup/packages.sh && ensure_packages "${build_packages[@]}" libcmocka-dev
COPY CMakeLists.txt ./
COPY src src
COPY models models
COPY tests/CMakeLists.txt tests/
COPY tests/fake tests/fake
COPY tests/unit tests/unit
RUN cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release && cmake --build build --target mamparo

FROM build AS test
RUN cmake --build build && ctest --test-dir build --output-on-failure --parallel "$(nproc)" \
    && build/mamparo check models && cmake --install build --strip --prefix /out

FROM ${DEBIAN}
# A volume at /var/lib/mamparo, for STATE_DIR, takes over whose folder it is.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libh2o-evloop0.13 libpq5 libhiredis0.14 libavro23 libjansson4 libssl3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/* /var/log/* \
        /var/lib/dpkg/*-old \
    && install -d -o 65532 -g 65532 -m 0700 /var/lib/mamparo
COPY --from=test /out/bin/mamparo /usr/bin/mamparo
COPY models /models
ARG VERSION=0.1.0
ARG DEBIAN
LABEL org.opencontainers.image.title="Mamparo" \
      org.opencontainers.image.description="A CQRS data service in one binary" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.base.name="${DEBIAN}"
ENV LISTEN=0.0.0.0 MODELS=/models
EXPOSE 8000 8100
USER 65532:65532
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s CMD ["/usr/bin/mamparo", "ping"]
ENTRYPOINT ["/usr/bin/mamparo"]
