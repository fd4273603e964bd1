#!/bin/sh
# What packagers install is sound: units and how far they are closed, profiles,
# scripts, and the completion of every verb.
. "$(dirname "$0")/lib.sh"

need systemd-analyze
need apparmor_parser
need shellcheck

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# The units as they are built, but with a program that exists.
for unit in mailchuted.service mailchuted.socket; do
    sed -e 's|@sbindir@/mailchuted|/bin/true|' -e 's|@sysconfdir@|/etc|' \
        -e 's|@localstatedir@|/var|' -e 's|@runstatedir@|/run|' \
        -e 's|@DEFAULT_USER@|mailchute|' \
        "packaging/systemd/$unit.in" >"$scratch/$unit"
done

cp packaging/systemd/mailchute-listen.socket "$scratch"

judge 'units can be loaded' "$(systemd-analyze verify --man=no \
    "$scratch/mailchuted.service" "$scratch/mailchuted.socket" \
    "$scratch/mailchute-listen.socket" 2>&1)"

# The exit status is what the threshold decides.
judge 'the service has an exposure of at most 1.5' "$(
    systemd-analyze security --offline=true --threshold=15 --no-pager \
        "$scratch/mailchuted.service" >"$scratch/report" 2>&1 ||
        tail -n 3 "$scratch/report")"

# What it leaves open is told to those who wonder, and the figure too.
untold() {
    LC_ALL=C.UTF-8 systemd-analyze security --offline=true --no-pager \
        "$scratch/mailchuted.service" >"$scratch/report" 2>&1
    grep -c '✗' "$scratch/report" >/dev/null || echo 'nothing is open?'
    sed -nE 's/^✗ ([A-Za-z]+)=.*/\1/p' "$scratch/report" | sort -u |
        while read -r setting; do
            grep -q "\`[^\`]*$setting" docs/install.md ||
                echo "docs/install.md does not tell of $setting"
        done
    figure=$(sed -nE 's/.*exposure level .*: ([0-9.]+) .*/\1/p' \
        "$scratch/report")
    tr '\n' ' ' <docs/install.md | grep -qF "gives it $figure " ||
        echo "docs/install.md does not say $figure"
}
judge 'docs/install.md tells what the service leaves open' "$(untold)"

for profile in packaging/apparmor/*; do
    judge "AppArmor takes $(basename "$profile")" "$(
        apparmor_parser --skip-kernel-load --skip-cache "$profile" \
            >"$scratch/said" 2>&1 || cat "$scratch/said")"
done

# What people are told to start is a unit by that name.
strange_units() {
    grep -hoE 'systemctl [a-z]+ [a-z]+' ./*/*.[ch] docs/*.in | sort -u |
        while read -r _ verb unit; do
            [ -e "packaging/systemd/$unit.service.in" ] ||
                echo "there is no unit to $verb by the name of $unit"
        done
}
judge 'units that the programs name exist' "$(strange_units)"

# Each program of ours is one that some profile is of: it may be mapped there.
unconfined() {
    [ "$(ours | wc -l)" -ge 5 ] || echo 'few programs were found'
    ours | while read -r program; do
        grep -qE "/$program mr(ix)?,\$" packaging/apparmor/* ||
            echo "no profile in packaging/apparmor is for $program"
    done
}
ours() {
    sed -nE 's/^(s?bin|pkglibexec)_PROGRAMS \+= .*\/([a-z]+)$/\2/p' ./*/local.mk
}
judge 'each program has a profile' "$(unconfined)"

judge 'shellcheck of what packages run' "$({
    # SC1091: files of the system that it runs on.
    shellcheck --format=gcc --shell=sh --exclude=SC1091,SC1090 \
        packaging/sysvinit/mailchuted.in packaging/debian/mailchute.p*
    shellcheck --format=gcc --shell=bash packaging/completion/mailchute
    # Variables that rc.subr and openrc-run read, and functions that they call.
    shellcheck --format=gcc --shell=sh \
        --exclude=SC1091,SC2034,SC2154,SC2317,SC3043 \
        packaging/openrc/mailchuted.in packaging/bsd/mailchuted.in
} || :)"

# Each verb of the program is offered.
verbs() {
    sed -nE 's/^\t\{ "([a-z-]+)", .*/\1/p' admin/verb.c
}
unknown_to_completion() {
    [ "$(verbs | wc -l)" -ge 10 ] || echo 'few verbs were found'
    verbs | while read -r verb; do
        grep -qw -e "$verb" packaging/completion/mailchute ||
            echo "packaging/completion/mailchute does not know $verb"
    done
}
judge 'completion knows every verb' "$(unknown_to_completion)"
finish
