# The gate as a container image:
#
#   docker run --rm -e HSSGATE_TOKEN -e HSSGATE_REGION -v "$PWD:/work" -w /work IMAGE check team/app:1.4.2
#
# BASE has Python 3.11 or newer as python3, with its venv module. The first stage installs the locked libraries, each
# checked by its hash; the last one takes over the result, and removes the base's own pip. A secret `pip.conf` says
# where packages come from, if not from PyPI; it stays in no layer.
ARG BASE=docker.io/library/python:3.13-slim

# hadolint ignore=DL3006 # the tag is part of BASE
FROM ${BASE} AS build
WORKDIR /build
COPY requirements/runtime.txt requirements/build.txt requirements/
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    python3 -m venv tools \
    && python3 -m venv --without-pip /opt/hssgate \
    && tools/bin/python -m pip install --no-cache-dir --no-compile --require-hashes -r requirements/build.txt \
    && tools/bin/python -m pip --python /opt/hssgate/bin/python install --no-cache-dir --no-compile --require-hashes \
        -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY hssgate hssgate
RUN PATH="/build/tools/bin:$PATH" tools/bin/python -m pip wheel --no-cache-dir --no-index --no-deps \
        --no-build-isolation --wheel-dir wheel . \
    && tools/bin/python -m pip --python /opt/hssgate/bin/python install --no-cache-dir --no-compile --no-index --no-deps \
        wheel/hssgate-*.whl

# hadolint ignore=DL3006 # the same
FROM ${BASE}
# Only what hssgate needs can be run: no installer of the base is left either.
RUN python3 -c 'import ensurepip, shutil; shutil.rmtree(ensurepip.__path__[0])' \
    && find / -xdev -depth \( -name pip -o -name 'pip-*' -o -name 'pip[0-9]*' -o -name setuptools -o -name python-wheels \) \
        -not -path '/proc/*' -exec rm -rf {} +
COPY --from=build /opt/hssgate /opt/hssgate
# A layer changes times of files, by which Python would take some of the bytecode for stale at every start.
RUN /opt/hssgate/bin/python -m compileall -q -f --invalidation-mode unchecked-hash /opt/hssgate/lib
ENV PATH=/opt/hssgate/bin:$PATH LANG=C.UTF-8
ARG VERSION=0.1.0
ARG REVISION
ARG CREATED
LABEL org.opencontainers.image.title="hssgate" \
    org.opencontainers.image.description="Lets a pipeline go on only if the Huawei Cloud HSS scan of its images meets the policy." \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.created="${CREATED}"
ENTRYPOINT ["hssgate"]
CMD ["--help"]
