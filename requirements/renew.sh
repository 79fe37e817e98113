#!/bin/sh
# Renews the pinned requirement files: sh requirements/renew.sh PYTHON
#
# Each file pins what `pip` chooses today for some extras of pyproject.toml, in a fresh environment,
# and includes a smaller file for the rest. bench.txt is kept by hand: which files PyTorch needs
# differs from platform to platform.
set -eu

python=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

freeze() { # NAME EXTRAS [INCLUDED]
    "$python" -m venv "$folder/$1"
    "$folder/$1/bin/python" -m pip --disable-pip-version-check install --quiet \
        "setuptools>=77" ".[$2]" ${3:+-r "requirements/$3.txt"}
    {
        echo "# Made by \`make pins\` from the extras $2 of pyproject.toml."
        [ -z "${3:-}" ] || echo "-r $3.txt"
        "$folder/$1/bin/python" -m pip freeze --all --exclude pip --exclude chainrule >"$folder/all"
        if [ -n "${3:-}" ]; then
            cat "requirements/$3.txt" requirements/demo.txt >"$folder/included"
            grep -vxF -f "$folder/included" "$folder/all"
        else
            cat "$folder/all"
        fi
    } >"$folder/$1.txt"
    mv "$folder/$1.txt" "requirements/$1.txt"
}

freeze demo sklearn,plot
freeze test science,sklearn,plot,test demo
freeze dev dev test
