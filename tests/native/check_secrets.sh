#!/bin/sh
# SPDX-License-Identifier: MIT
# check_secrets.sh PROGRAM: each case under valgrind; a planted leak must be found, others must be clean.
program=$1
failed=0
count=0
command -v valgrind >/dev/null || { echo "FAIL secrets valgrind is not installed"; exit 1; }
for name in $("$program" list); do
    count=$((count + 1))
    log=$(valgrind -q --error-exitcode=99 "$program" "$name" 2>&1)
    status=$?
    case $name in plant_*) want=99 ;; *) want=0 ;; esac
    if [ "$status" -eq "$want" ]; then
        echo "PASS secrets/$name"
    else
        failed=1
        echo "FAIL secrets/$name valgrind's status $status, wanted $want"
        echo "$log" | sed 's/^/# /'
    fi
done
[ "$count" -ge 3 ] || { echo "FAIL secrets no case"; exit 1; }
exit $failed
