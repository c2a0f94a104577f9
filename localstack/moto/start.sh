#!/usr/bin/env bash
# ECS, EC2 and CloudWatch Logs by moto, whose tasks a test plays (ecs.py). LocalStack has no ECS without a token.
# usage: start.sh PORT   installs on first use into $MOTO_DIR (default ~/.cache/zeroplane/moto), then serves until it is stopped.
# needs: python3.11 or newer (PYTHON names it).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=${MOTO_DIR:-$HOME/.cache/zeroplane/moto}
mkdir -p "$dir"
(
  flock 9
  [ ! -f "$dir/installed" ] || exit 0
  "${PYTHON:-python3}" -m venv "$dir/venv"
  "$dir/venv/bin/pip" install -q 'moto[server,ec2,ecs,logs]==5.1.16'
  touch "$dir/installed"
) 9>"$dir/lock"
exec "$dir/venv/bin/python" "$here/ecs.py" "$1"
