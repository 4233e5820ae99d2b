#!/bin/bash
# Sends three lines to a metrics server. Usage: send_lines.sh SOCKET PYTHON
set -euo pipefail
for shard in 1 2 3; do
  printf '{"counter":"from_bash_jobs","value":1,"labels":{"shard":"%d"}}\n' "$shard"
done | "$2" -S "$(dirname "$0")/send_input.py" "$1"
