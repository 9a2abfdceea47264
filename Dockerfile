# docker build -t vaecore .                       runs on any processor
# docker build -t vaecore --build-arg TORCH=gpu . needs the NVIDIA container toolkit: docker run --gpus all ...
# docker run -p 8501:8501 -v vaecore-data:/data vaecore
# Behind a proxy that visitors ask for by a name: docker run -e VAECORE_HOSTS=explorer.a.edu ...
FROM python:3.12-slim

ARG TORCH=cpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1

WORKDIR /home/explorer

# Torch first: it is the largest layer and changes least. The default wheels bring CUDA along, the others do not.
COPY constraints.txt ./
RUN case "$TORCH" in \
        cpu) pip install --no-deps -c constraints.txt --index-url https://download.pytorch.org/whl/cpu torch torchvision ;; \
        gpu) pip install -c constraints.txt torch torchvision ;; \
        *) echo "TORCH is '$TORCH'; expected cpu or gpu" >&2; exit 1 ;; \
    esac

# The other dependencies, which change with pyproject.toml only.
COPY pyproject.toml ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
        > requirements.txt \
    && pip install -c constraints.txt -r requirements.txt \
    && rm requirements.txt pyproject.toml constraints.txt

RUN --mount=type=bind,target=/src pip install --no-deps /src

RUN useradd --uid 1000 --home-dir /home/explorer explorer \
    && mkdir /data \
    && chown explorer:explorer /data /home/explorer
# By number, so that an orchestrator can see that it is not root.
USER 1000
ENV VAECORE_DATA=/data
VOLUME /data

EXPOSE 8501
HEALTHCHECK --start-period=60s --interval=30s --timeout=5s \
    CMD ["python", "-c", "import os, urllib.request as web; base = os.environ.get('STREAMLIT_SERVER_BASE_URL_PATH', '').strip('/'); web.urlopen(f'http://127.0.0.1:8501/{base}/_stcore/health'.replace('1//', '1/'), timeout=4)"]
CMD ["python", "-m", "app", "--public", "--no-browser"]
