#!/usr/bin/env bash
# Renders real chat templates with Jinja2 and with ours, over a matrix of conversations, and demands the same bytes. The
# templates are those that llama.cpp's sources held in a Python package; other folders of *.jinja may be given.
set -euo pipefail
cd "$(dirname "$0")/.."

package=llama-cpp-python==0.3.16
folder=.cache/templates
sources=.cache/template-sources/$package
if [ ! -d "$sources" ]; then
    echo "templates: fetching the sources in $package (51 MB)"
    part=.cache/template-sources/part
    rm -rf "$part"
    mkdir -p "$part"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary llama-cpp-python --dest "$part" "$package"
    python3 - "$part" <<'PYTHON'
import pathlib, sys, tarfile
part = pathlib.Path(sys.argv[1])
[source] = part.glob("*.tar.gz")
with tarfile.open(source) as archive:
    for member in archive:
        path = pathlib.PurePath(member.name)
        if path.suffix == ".jinja" and member.isfile():
            (part / path.name).write_bytes(archive.extractfile(member).read())
source.unlink()
PYTHON
    mv "$part" "$sources"
fi
rm -rf "$folder"
mkdir -p "$folder"
for from in "$sources" "$@"; do find "$from" -name '*.jinja' -exec cp {} "$folder/" \;; done

python=.cache/template-python
[ -x "$python/bin/python" ] || python3 -m venv "$python"
"$python/bin/pip" install --quiet --disable-pip-version-check jinja2==3.1.6
"$python/bin/python" Scripts/render_templates.py "$folder"
swift build -c release --build-tests
swift test -c release --disable-testable-imports --skip-build --filter TemplateFamilyTests
