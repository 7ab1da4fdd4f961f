# Runs `lianju serve`:
#
#     docker build --tag lianju .
#     docker run --env DISCORD_TOKEN --volume lianju:/data lianju
#
# With an NVIDIA GPU (and the NVIDIA Container Toolkit on the host):
#
#     docker build --build-arg VARIANT=gpu --tag lianju:gpu .
#     docker run --gpus all --env DISCORD_TOKEN --volume lianju:/data lianju:gpu
#
# With the packages that PostgreSQL, LIANJU_MONITOR and `lianju web` need:
#
#     docker build --build-arg EXTRAS=web,postgres --tag lianju .

ARG PYTHON_VERSION=3.12
# cpu or gpu. Both install the same wheel; gpu adds the CUDA libraries, some 2 GB.
ARG VARIANT=cpu
# Extras of pyproject.toml, separated by commas: web, postgres, cluster.
ARG EXTRAS=

FROM python:${PYTHON_VERSION}-slim AS dependencies
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/lianju
ENV PATH=/opt/lianju/bin:$PATH
WORKDIR /src
ARG EXTRAS
COPY pyproject.toml setup.py ./
# An empty package has the same dependencies, so changes of the sources do not install them again.
RUN mkdir bot export training && touch README.md LICENSE NOTICE \
    && pip install ".${EXTRAS:+[$EXTRAS]}"

FROM dependencies AS dependencies-cpu
# onnxruntime is a tenth the size of onnxruntime-gpu, which the package requires on x86-64.
RUN pip uninstall --yes onnxruntime-gpu && pip install --no-deps 'onnxruntime>=1.24.1'

FROM dependencies AS dependencies-gpu
RUN pip install 'onnxruntime-gpu[cuda,cudnn]>=1.24.1'

# hadolint ignore=DL3006
FROM dependencies-${VARIANT} AS build
WORKDIR /src
COPY README.md LICENSE NOTICE ./
COPY bot bot
COPY export export
COPY training training
RUN pip install --no-cache-dir --no-deps --force-reinstall .

FROM python:${PYTHON_VERSION}-slim
RUN useradd --system --uid 10001 --home-dir /data lianju \
    && install --directory --owner=lianju --mode=0700 /data
COPY --from=build /opt/lianju /opt/lianju
ENV PATH=/opt/lianju/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LIANJU_DATABASE=sqlite+aiosqlite:////data/lianju.sqlite3
USER 10001
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["lianju"]
CMD ["serve"]
